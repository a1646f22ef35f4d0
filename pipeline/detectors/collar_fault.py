"""Collar fault: what a collar says cannot be true of any animal, so it says it of itself.

Three kinds. A sensor that says one value for hours. Values that no body has (85 °C, nine minutes in
five), again and again. And signals that contradict one another: a neck that does not move while its
jaw chews, an animal that never lies and ruminates as ever, a jaw that is never heard while she eats
and walks. An ill animal is ill in all of them. A collar that has slipped round (it swings more and
hears less) cannot be told from a cow that is calving or driven: nothing is said of that alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contracts.detection import Condition
from pipeline import stuck
from pipeline.detectors.base import Limit, Measured, Spec, Verdict
from pipeline.detectors.sustained import MEMORY, Hold
from pipeline.herd_hour import Floats, HerdHour
from pipeline.tables import Column, Mask

WINDOW_HOURS = 12
LONG_HOURS = 24  # lying, and a jaw: half a day without either is seen in heat
ACTIVITY, STEPS, TEMPERATURE = "activity", "steps", "temperature_c"
RUMINATION, EATING, LYING = "rumination_minutes", "eating_minutes", "lying_minutes"
WHOLE_HOUR = 59.9  # minutes: who lies all hour says so for hours, and is no sensor that hangs
UNITS = {TEMPERATURE: "Cel", ACTIVITY: "1", STEPS: "1"}
OURS = "variance of zero, or a stuck value (signatures.csv, ours)"

SPEC = Spec(
    "collar_fault",
    1,
    Condition.COLLAR_FAULT,
    (
        Limit("signs", 1.0, "1", "one that cannot be true is enough: " + OURS),
        Limit("odd_share", 0.1, "1", "of 12 h of readings; a collar's slips are 0.02 %; ours"),
        Limit("still_share", 0.02, "1", "of usual: " + OURS),
        Limit("lively_share", 0.6, "1", "of usual: the others are those of a well cow; ours"),
    ),
    teaches=True,
)


@dataclass(frozen=True, slots=True)
class _Signs:
    """By signal, whose speaks of itself, all (animals,); odd: whose readings are no body's."""

    of: dict[str, Mask]
    odd: Mask

    @property
    def count(self) -> Floats:
        """(animals,): how many signs there are."""
        total = self.odd.astype(np.float64)
        for mask in self.of.values():
            total = total + mask
        return total


class CollarFault:
    """The detector of collar_fault."""

    spec = SPEC
    memory: Mapping[str, Column] = MEMORY
    window_hours = LONG_HOURS
    medians: tuple[tuple[str, int], ...] = ()
    hold = Hold(onset_hours=2, end_hours=3)

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge_hour(self, herd: HerdHour) -> Verdict:
        """Score: how many signs speak of the collar; see ByHour."""
        signs = self._signs(herd)
        odd_share = herd.implausible(WINDOW_HOURS)
        windows = [herd.window(name, WINDOW_HOURS) for name in (ACTIVITY, RUMINATION, STEPS)]
        judged = np.isfinite(odd_share) & (signs.count > 0)
        for window in windows:
            judged |= np.isfinite(window.ratio)
        why_not = [
            None if known else reason
            for known, reason in zip(judged.tolist(), windows[0].why_not, strict=True)
        ]
        score = np.where(judged, signs.count, np.nan)
        over = judged & (signs.count >= self.spec.value("signs"))
        nobody = np.zeros(len(herd.rows), np.bool_)
        return Verdict(score, why_not, over, judged & (signs.count == 0), nobody)

    def evidence(self, herd: HerdHour, place: int) -> tuple[Measured, ...]:
        """The signals that speak of the collar, beside what is usual; see ByHour."""
        signs = self._signs(herd)
        at_us, said = herd.ends_us, []
        if signs.odd[place]:
            share = float(herd.implausible(WINDOW_HOURS)[place])
            limit = self.spec.value("odd_share")
            said.append(Measured("odd_share", "1", at_us, round(share, 3), limit))
        for signal, mask in signs.of.items():
            if mask[place]:
                value = float(herd.bins.value(herd.rows[[place]], herd.hour, signal)[0])
                unit = UNITS.get(signal, "min")
                if np.isfinite(value):
                    said.append(Measured(signal, unit, at_us, round(value, 2), None))
        return tuple(said)

    def _signs(self, herd: HerdHour) -> _Signs:
        still, lively = self.spec.value("still_share"), self.spec.value("lively_share")
        ratio = {
            name: herd.window(name, WINDOW_HOURS).ratio
            for name in (ACTIVITY, STEPS, RUMINATION, EATING)
        }
        lies = herd.window(LYING, LONG_HOURS)
        chews = herd.window(RUMINATION, LONG_HOURS).ratio
        well = np.fmax(ratio[RUMINATION], ratio[EATING]) >= lively
        moves = np.fmax(ratio[ACTIVITY], ratio[STEPS]) >= lively
        feeds = herd.window(EATING, LONG_HOURS).ratio >= lively
        always = (lies.value >= LONG_HOURS * WHOLE_HOUR) & moves
        found = {
            ACTIVITY: herd.stuck(ACTIVITY) | ((ratio[ACTIVITY] <= still) & well),
            STEPS: herd.stuck(STEPS),
            TEMPERATURE: herd.stuck(TEMPERATURE),
            RUMINATION: _hangs(herd, RUMINATION) | ((chews <= still) & feeds & moves),
            # minutes of lying alone are too often alike, in barns that are kept by the clock
            LYING: ((lies.ratio <= still) & (chews >= lively)) | always,
        }
        return _Signs(found, herd.implausible(WINDOW_HOURS) >= self.spec.value("odd_share"))


def _hangs(herd: HerdHour, signal: str) -> Mask:
    """(animals,): whose minutes of it are the same hour after hour, and neither none nor all."""
    bins = herd.bins
    found = stuck.now(
        herd.rows, herd.hour, lambda rows, hour: bins.value(rows, hour, signal), bins.readings
    )
    if found.any():
        found &= bins.value(herd.rows, herd.hour, signal) < WHOLE_HOUR
    return found
