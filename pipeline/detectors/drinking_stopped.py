"""Drinking stopped: an animal that always drinks in these hours has not drunk.

A trough she cannot reach, or an animal too ill to go there; a cow drinks a dozen times a day, one
beside which no sensor hangs seems to drink less. So it is waited for as long as her own habit
asks: nothing drunk in 12, 18 or 24 hours counts where that lies far outside of what these hours
vary by. A herd that drinks hardly anything has no water: that is one case of the farm, told by
`no_water`, and no single animal's.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition
from pipeline.detectors.base import Limit, Measured, Spec, Verdict
from pipeline.detectors.fusion_case import MOVED_HOURS
from pipeline.detectors.sustained import MEMORY, Hold
from pipeline.herd_hour import Floats, HerdHour
from pipeline.tables import Column

HOURS = (12, 18, 24)  # the shortest in which it is clear
HOLD = Hold(onset_hours=4, end_hours=2)  # two were four times as often wrong
SIGNAL = "drinking_minutes"

SHARE_LIMIT = Limit(
    "missing_pct", 90.0, "%", "under a tenth of usual: a mouthful, or a sensor's error; ours"
)
SPREADS_LIMIT = Limit(
    "spreads",
    2.5,
    "1",
    "12 ± 5 visits a day (159 cows, computed): none in a day is 3.5 SD of a Poisson count, none in "
    "half a day 2.5; ours",
)
HERD_LIMIT = Limit("herd_pct", 40.0, "%", "a pen, or herd, under it has no water; ours")
OVER_LIMIT = Limit("over_pct", 60.0, "%", "she has drunk two fifths of usual since; ours")
SPEC = Spec(
    "drinking_stopped",
    1,
    Condition.DRINKING_STOPPED,
    (SHARE_LIMIT, SPREADS_LIMIT, HERD_LIMIT, OVER_LIMIT),
    signals=(SIGNAL,),
)


class DrinkingStopped:
    """The detector of drinking_stopped."""

    memory: Mapping[str, Column] = MEMORY
    window_hours = HOURS[-1]
    medians = tuple((SIGNAL, hours) for hours in HOURS)
    hold = HOLD

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge_hour(self, herd: HerdHour) -> Verdict:
        """Score: per cent of usual that is missing in the last 12 hours, or in the first longer
        window in which it is clear; see ByHour.
        """
        missing = [self._missing_pct(herd, hours) for hours in HOURS]
        clear = [
            of_hours >= self.spec.value("spreads") * herd.spread(SIGNAL, hours) * 100.0
            for of_hours, hours in zip(missing, HOURS, strict=True)
        ]
        of_longest = missing[-1]
        judged = np.isfinite(of_longest)
        over = np.zeros(len(herd.rows), np.bool_)
        for of_hours, is_clear, hours in zip(missing, clear, HOURS, strict=True):
            dry = herd.pen_ratio(SIGNAL, hours) * 100.0 < self.spec.value("herd_pct")
            over |= is_clear & (of_hours >= self.spec.value("missing_pct")) & ~dry
        over &= ~(herd.life.hours_since_move < MOVED_HOURS)
        score = np.where(over, np.fmax(of_longest, self.spec.value("missing_pct")), of_longest)
        return Verdict(
            np.where(judged, np.round(score, 1), np.nan),
            herd.window(SIGNAL, HOURS[-1]).why_not,
            over=over,
            under=missing[0] < self.spec.value("over_pct"),
            partial=judged & herd.medians.partial(self.medians),
        )

    def evidence(self, herd: HerdHour, place: int) -> tuple[Measured, ...]:
        """Minutes of the last day beside what is usual, and the limit; see ByHour."""
        day = herd.window(SIGNAL, HOURS[-1])
        usual = float(day.usual[place])
        limit = usual * (1.0 - self.spec.value("missing_pct") / 100.0)
        value = round(float(day.value[place]), 1)
        said = Measured(SIGNAL, "min", herd.ends_us, value, round(limit, 1), round(usual, 1))
        return (said,)

    def _missing_pct(self, herd: HerdHour, hours: int) -> Floats:
        """(animals,): NaN = not judged."""
        missing: Floats = (1.0 - herd.window(SIGNAL, hours).ratio) * 100.0
        return missing
