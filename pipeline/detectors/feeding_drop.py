"""Feeding drop: she eats far less than is usual for her, and the herd does not.

Many farms measure eating and nothing else. What looks like a drop there is mostly a partial day, a
move into another pen, or a late feed for all (real feeding data: a plain 30 % rule fires 27.6 times
per 1000 animal-days, 44 % of its deepest drops in an animal's last two days in a pen): so hours
that were not heard are not judged, a move is waited out, and the herd's median is taken off. A
healthy animal's day of eating varies by 18 %, some animals' by much more: the drop has to be far
off for her as well, in the last day and in the last two, and rumination must not have risen.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition
from pipeline.detectors.base import Limit, Measured, Spec, Verdict
from pipeline.detectors.fusion import SPREAD_SHARE
from pipeline.detectors.fusion_case import excuse, excused
from pipeline.detectors.sustained import MEMORY, Hold
from pipeline.herd_hour import Floats, HerdHour
from pipeline.tables import Column, Mask

DAY_HOURS, LONG_HOURS = 24, 48  # a day holds all meals once; two vary less
HOLD = Hold(  # three hours were three times as often wrong
    onset_hours=8, end_hours=3, explained_by=frozenset({Condition.CALVING})
)
SIGNAL, RUMINATION, ACTIVITY = "eating_minutes", "rumination_minutes", "activity"
HERD = "herd_eating_pct"

DROP_LIMIT = Limit(
    "drop_pct",
    35.0,
    "%",
    "30 % alone fires 27.6 a 1000 days, 18.1 beside the herd's median (Eckelkamp 2018's rule, "
    "computed); ours: docs/detectors.md",
)
LONG_LIMIT = Limit("long_drop_pct", 25.0, "%", "-20 to -40 % with illness (signatures.csv); ours")
SPREADS_LIMIT = Limit("spreads", 2.0, "1", "of her own days: not a habit of hers; ours")
OVER_LIMIT = Limit("over_pct", 15.0, "%", "half of the onset's: a case must not flicker; ours")
RUMINATION_LIMIT = Limit(
    "rumination_factor", 1.0, "1", "who eats less because she is ill chews less too; ours"
)
ACTIVE_LIMIT = Limit(
    "activity_factor", 1.15, "1", "illness lowers it, oestrus multiplies it (signatures.csv); ours"
)
SPEC = Spec(
    "feeding_drop",
    1,
    Condition.FEEDING_DROP,
    (DROP_LIMIT, LONG_LIMIT, SPREADS_LIMIT, OVER_LIMIT, RUMINATION_LIMIT, ACTIVE_LIMIT),
    signals=(SIGNAL,),
    quiet_while=frozenset({Condition.HERD_OUTBREAK, Condition.HEAT_STRESS}),
)


class FeedingDrop:
    """The detector of feeding_drop."""

    memory: Mapping[str, Column] = MEMORY
    window_hours = LONG_HOURS
    medians = ((SIGNAL, DAY_HOURS), (SIGNAL, LONG_HOURS), (RUMINATION, DAY_HOURS))
    hold = HOLD

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge_hour(self, herd: HerdHour) -> Verdict:
        """Score: the lesser of her drops in per cent, that of two days by its own limit."""
        value = self.spec.value
        of_day = _drop_pct(herd, DAY_HOURS)
        of_two = _drop_pct(herd, LONG_HOURS) * (value("drop_pct") / value("long_drop_pct"))
        score = np.fmin(of_day, of_two)
        judged = np.isfinite(of_day)
        return Verdict(
            np.where(judged, score, np.nan),
            herd.window(SIGNAL, DAY_HOURS).why_not,
            over=(score >= value("drop_pct")) & self._hers(herd, of_day) & ~self._explained(herd),
            under=of_day < value("over_pct"),
            partial=judged & herd.medians.partial(self.medians),
        )

    def evidence(self, herd: HerdHour, place: int) -> tuple[Measured, ...]:
        """Eating beside its usual, and what the herd does; see ByHour."""
        day = herd.window(SIGNAL, DAY_HOURS)
        ratio = float(excuse(herd, SIGNAL, DAY_HOURS)[place])
        usual = float(day.usual[place])
        fires_under = usual * ratio * (1.0 - self.spec.value("drop_pct") / 100.0)
        value = round(float(day.value[place]), 1)
        at_us = herd.ends_us
        said = [Measured(SIGNAL, "min", at_us, value, round(fires_under, 1), round(usual, 1))]
        if ratio != 1.0:
            said.append(Measured(HERD, "%", at_us, round((ratio - 1.0) * 100.0, 1), None))
        return tuple(said)

    def _hers(self, herd: HerdHour, drop_pct: Floats) -> Mask:
        """(animals,): a drop that her own days do not show by themselves."""
        spread_pct = np.nan_to_num(herd.spread(SIGNAL, DAY_HOURS)) * SPREAD_SHARE * 100.0
        hers: Mask = drop_pct >= self.spec.value("spreads") * spread_pct
        return hers

    def _explained(self, herd: HerdHour) -> Mask:
        """(animals,): who eats less for another reason, or whose rumination says otherwise."""
        value = self.spec.value
        chewed = herd.window(RUMINATION, DAY_HOURS).ratio / herd.pen_ratio(RUMINATION, DAY_HOURS)
        active = herd.window(ACTIVITY, DAY_HOURS).ratio > value("activity_factor")
        risen = chewed > value("rumination_factor")
        explained: Mask = active | risen | excused(herd)
        return explained


def _drop_pct(herd: HerdHour, hours: int) -> Floats:
    """(animals,): per cent below usual, her pen's median taken for usual; NaN = not judged."""
    ratio: Floats = herd.window(SIGNAL, hours).ratio / excuse(herd, SIGNAL, hours)
    return (1.0 - ratio) * 100.0
