"""Rumination drop: she ruminates and eats far less than is usual for her, and the herd does not.

Rumination falls days before ketosis and displaced abomasum are diagnosed, and with many other
illnesses. It falls for a whole herd with a new ration or a hot day: so each animal is held against
the herd's median, fixed when the hour is judged. A healthy animal's day varies by an eighth: the
last 24 hours must be low, and the last 48 as well, and she must eat less too, if that is measured.
An animal that is much more active than usual chews less because she is in oestrus, not ill.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition
from pipeline.detectors.base import Limit, Measured, Spec, Verdict
from pipeline.detectors.fusion_case import excuse, excused
from pipeline.detectors.sustained import MEMORY, Hold
from pipeline.herd_hour import Floats, HerdHour
from pipeline.tables import Column

DAY_HOURS = 24  # a whole day: meals, milking and night are in it once
LONG_HOURS = 48  # a day alone was ten times as often wrong, 36 hours more than twice as often
HOLD = Hold(  # three hours were three times as often wrong
    onset_hours=6, end_hours=3, explained_by=frozenset({Condition.OESTRUS, Condition.CALVING})
)
SIGNAL, EATING, ACTIVITY = "rumination_minutes", "eating_minutes", "activity"
HERD = "herd_rumination_pct"

DROP_LIMIT = Limit(
    "drop_pct",
    20.0,
    "%",
    "-15 to -30 % before ketosis (after Stangaferro 2016), the herd's median taken off as real "
    "feeding data ask for (Eckelkamp 2018's 30 % alone: 27.6 a 1000 days); ours: docs/detectors.md",
)
EATING_LIMIT = Limit(
    "eating_drop_pct", 15.0, "%", "-20 to -40 % with illness (signatures.csv); ours"
)
OVER_LIMIT = Limit("over_pct", 10.0, "%", "half of the onset's: a case must not flicker; ours")
ACTIVE_LIMIT = Limit(
    "activity_factor", 1.15, "1", "illness lowers it, oestrus multiplies it (signatures.csv); ours"
)


SPEC = Spec(
    "rumination_drop",
    2,
    Condition.RUMINATION_DROP,
    (DROP_LIMIT, EATING_LIMIT, OVER_LIMIT, ACTIVE_LIMIT),
    signals=(SIGNAL,),
    quiet_while=frozenset({Condition.HERD_OUTBREAK, Condition.HEAT_STRESS}),
)


class RuminationDrop:
    """The detector of rumination_drop."""

    memory: Mapping[str, Column] = MEMORY
    window_hours = LONG_HOURS
    medians = ((SIGNAL, DAY_HOURS), (SIGNAL, LONG_HOURS), (EATING, LONG_HOURS))
    hold = HOLD

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge_hour(self, herd: HerdHour) -> Verdict:
        """Score: the least of her drops in per cent, eating by its own limit; see ByHour."""
        value = self.spec.value
        of_day = _drop_pct(herd, SIGNAL, DAY_HOURS)
        a_limit = value("drop_pct") / value("eating_drop_pct")
        eating = _drop_pct(herd, EATING, LONG_HOURS) * a_limit
        score = np.fmin(np.fmin(of_day, _drop_pct(herd, SIGNAL, LONG_HOURS)), eating)
        judged = np.isfinite(of_day)
        calm = ~(herd.window(ACTIVITY, DAY_HOURS).ratio > value("activity_factor"))
        return Verdict(
            np.where(judged, score, np.nan),
            herd.window(SIGNAL, DAY_HOURS).why_not,
            over=(score >= value("drop_pct")) & calm & ~excused(herd),
            under=of_day < value("over_pct"),
            partial=judged & herd.medians.partial(self.medians),
        )

    def evidence(self, herd: HerdHour, place: int) -> tuple[Measured, ...]:
        """Rumination beside its usual, eating, and what the herd does; see ByHour."""
        day, eaten = herd.window(SIGNAL, DAY_HOURS), herd.window(EATING, LONG_HOURS)
        at_us, usual = herd.ends_us, float(day.usual[place])
        ratio = float(excuse(herd, SIGNAL, DAY_HOURS)[place])
        fires_under = usual * ratio * (1.0 - self.spec.value("drop_pct") / 100.0)
        value = round(float(day.value[place]), 1)
        said = [Measured(SIGNAL, "min", at_us, value, round(fires_under, 1), round(usual, 1))]
        if eaten.why_not[place] is None:
            a_day = DAY_HOURS / LONG_HOURS
            value, usually = float(eaten.value[place]) * a_day, float(eaten.usual[place]) * a_day
            said.append(Measured(EATING, "min", at_us, round(value, 1), None, round(usually, 1)))
        if ratio != 1.0:
            said.append(Measured(HERD, "%", at_us, round((ratio - 1.0) * 100.0, 1), None))
        return tuple(said)


def _drop_pct(herd: HerdHour, signal: str, hours: int) -> Floats:
    """(animals,): per cent below usual, her pen's median taken for usual; NaN = not judged."""
    ratio: Floats = herd.window(signal, hours).ratio / excuse(herd, signal, hours)
    return (1.0 - ratio) * 100.0
