"""Heat stress: the air has been too warm and damp for hours, and the herd shows it.

One case for the farm, since shade, water and fans are the farm's. The air alone counts where it is
severe; under that the herd has to show that it suffers, in whatever is measured of it: it is warmer
than usual, lies less, drinks more or ruminates less, all in the median. Nights are cooler, so a
heat wave is a case a day: what lasts through the night is told again.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition, Phase
from contracts.ids import SubjectKind
from pipeline.detectors.base import NO_READING, Change, Limit, Measured, Spec
from pipeline.herd_hour import HerdHour
from pipeline.sums import herd_median
from pipeline.tables import HOUR_US, Column, Table

THI, AMBIENT = "thi", "ambient_c"
LYING, DRINKING, RUMINATION = "lying_minutes", "drinking_minutes", "rumination_minutes"
RUN_MAX = 200
COOK = "lying 10.9 to 7.9 h/d, drinking 0.3 to 0.5 h/d from THI 56 to 74 (Cook 2007, J. Dairy Sci. "

SPEC = Spec(
    "heat_stress",
    1,
    Condition.HEAT_STRESS,
    (
        Limit("thi", 72.0, "1", "the classic threshold, formula of NRC 1971; 68 is mild"),
        Limit("severe_thi", 78.0, "1", "78 to 80 severe (recalled)"),
        Limit("over_thi", 70.0, "1", "between mild and classic: a case must not flicker; ours"),
        Limit("hours", 4.0, "h", "body temperature lags by about 3 h (Dikmen & Hansen 2009); ours"),
        Limit("severe_hours", 2.0, "h", "ours"),
        Limit("over_hours", 3.0, "h", "heat leaves a body as slowly; ours"),
        Limit("herd_warmer_c", 0.15, "Cel", "flat under THI 68, rising over it (Tian 2021); ours"),
        Limit("herd_lying", 0.95, "1", COOK + "90:1674); ours"),
        Limit("herd_drinking", 1.1, "1", COOK + "90:1674); ours"),
        Limit("herd_rumination", 0.97, "1", "-2 to -3 min/d for each THI over 72 (recalled); ours"),
    ),
    teaches=True,
    subject_kind=SubjectKind.FARM,
)


class HeatStress:
    """The detector of heat_stress."""

    spec = SPEC
    memory: Mapping[str, Column] = {
        "farm_open": Column("bool"),
        "farm_hot_hours": Column("uint8"),  # in a row at or over `thi`
        "farm_severe_hours": Column("uint8"),
        "farm_cool_hours": Column("uint8"),  # in a row under `over_thi`, or not measured
    }

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge_herd(self, herd: HerdHour, row: int, memory: Table) -> list[Change]:
        """Onset or end of the farm's heat; see ByHerd."""
        thi = herd.weather.thi
        hot = _count(memory, "farm_hot_hours", row, holds=thi >= self.spec.value("thi"))
        severe = _count(
            memory, "farm_severe_hours", row, holds=thi >= self.spec.value("severe_thi")
        )
        warm = thi >= self.spec.value("over_thi")
        cool = _count(memory, "farm_cool_hours", row, holds=not warm)
        if memory["farm_open"][row]:
            if cool < self.spec.value("over_hours"):
                return []
            memory["farm_open"][row] = False
            return [Change(Phase.END, row, NO_READING, 0, self.evidence(herd, row, memory))]
        long_enough = hot >= self.spec.value("hours")
        if severe < self.spec.value("severe_hours") and not (long_enough and self._shows(herd)):
            return []
        memory["farm_open"][row] = True
        onset_us = herd.ends_us - hot * HOUR_US
        return [Change(Phase.ONSET, row, NO_READING, onset_us, self.evidence(herd, row, memory))]

    def evidence(self, herd: HerdHour, row: int, memory: Table) -> tuple[Measured, ...]:  # noqa: ARG002  the port's
        """The air, and what the herd does of its usual; see ByHerd."""
        at_us, air = herd.ends_us, herd.weather
        said = []
        if np.isfinite(air.thi):
            limit = self.spec.value("thi")
            said.append(Measured(THI, "1", at_us, round(air.thi, 1), limit))
            said.append(Measured(AMBIENT, "Cel", at_us, round(air.ambient_c, 1), None))
        said += [
            Measured(f"herd_{signal}_pct", "%", at_us, round((ratio - 1) * 100, 1), None)
            for signal, ratio in self._ratios(herd).items()
            if ratio is not None
        ]
        return tuple(said)

    def _shows(self, herd: HerdHour) -> bool:
        """Whether the herd shows it in anything; True where nothing is measured that could."""
        warmer = herd_median(herd.warmth(self._hours()).over_c)
        ratios = self._ratios(herd)
        if warmer is None and all(ratio is None for ratio in ratios.values()):
            return True
        lying, drinking, chewing = (ratios[name] for name in (LYING, DRINKING, RUMINATION))
        return (
            (warmer is not None and warmer >= self.spec.value("herd_warmer_c"))
            or (lying is not None and lying <= self.spec.value("herd_lying"))
            or (drinking is not None and drinking >= self.spec.value("herd_drinking"))
            or (chewing is not None and chewing <= self.spec.value("herd_rumination"))
        )

    def _ratios(self, herd: HerdHour) -> dict[str, float | None]:
        """What the herd does of its usual in these hours; None: not measured, or a small herd."""
        return {
            signal: herd_median(herd.window(signal, self._hours()).ratio)
            for signal in (LYING, DRINKING, RUMINATION)
        }

    def _hours(self) -> int:
        return max(1, round(self.spec.value("hours")))


def _count(memory: Table, name: str, row: int, *, holds: bool) -> int:
    """Hours in a row in which it holds, this one included."""
    count = min(int(memory[name][row]) + 1, RUN_MAX) if holds else 0
    memory[name][row] = count
    return count
