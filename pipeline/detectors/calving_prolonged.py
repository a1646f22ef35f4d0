"""A calving that lasts too long: she has been in labour for hours, and no calf is told of.

The signs of the last hours before birth (restless, off her feed) stay for longer than they last
where all goes well: the first stage takes 2 to 6 hours, seldom 12, and a calf is out within 2 of
the second (recalled). The temperature says nothing here: it falls a day before, and less where a
birth is hard (-0.23 instead of -0.48 °C: Kovacs in PMC8833683). Only who may be calving by what the
register knows; it ends with the calf.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition
from pipeline.detectors.base import Limit, Measured, Spec, Verdict
from pipeline.detectors.calving import LABOUR, asked_of
from pipeline.detectors.leanings import sum_of, told
from pipeline.detectors.sustained import MEMORY, Hold
from pipeline.herd_hour import HerdHour
from pipeline.tables import Column

WINDOW_HOURS = 12
# in a row: few simulated births that went well were over the limit for so long
LABOUR_HOURS = 13

LABOUR_LIMIT = Limit("labour_spreads", 2.2, "1", "of one sign; ours: docs/detectors.md")
LIMITS = (
    LABOUR_LIMIT,
    Limit("unknown_spreads", 3.6, "1", "where nobody knows when she is due; ours"),
    Limit("over_share", 0.5, "1", "of the limit: a case must not flicker; ours"),
    Limit("due_days", 12, "d", "gestation 281 ± 5 days: 49 of 50 within twelve (recalled)"),
    Limit("open_days_min", 200, "d", "after a calving; a pregnancy is 80 days longer; ours"),
)
SPEC = Spec(
    "calving_prolonged",
    1,
    Condition.CALVING_PROLONGED,
    LIMITS,
    signals=tuple(one.signal for one in LABOUR),
)
HOLD = Hold(onset_hours=LABOUR_HOURS, end_hours=4, lasts_hours_max=48, rest_hours=10 * 24)


class CalvingProlonged:
    """The detector of a calving that lasts too long."""

    memory: Mapping[str, Column] = MEMORY
    window_hours = WINDOW_HOURS
    medians = tuple((one.signal, one.hours) for one in LABOUR)
    hold = HOLD

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge_hour(self, herd: HerdHour) -> Verdict:
        """Score: spreads of the signs of labour together; it must last (HOLD); see ByHour."""
        asked, first = asked_of(herd.life, self.spec), self.spec.value(LABOUR_LIMIT.name)
        unknown = np.where(asked.due, first, self.spec.value("unknown_spreads"))
        score = sum_of(herd, LABOUR).spreads * first / unknown
        judged = np.isfinite(score)
        return Verdict(
            score,
            asked.why_not(judged),
            over=(score >= first) & ~asked.barred,
            under=asked.barred | (score < first * self.spec.value("over_share")),
            partial=judged & herd.medians.partial(self.medians),
        )

    def evidence(self, herd: HerdHour, place: int) -> tuple[Measured, ...]:
        """What was measured of the signs of labour, beside what is usual; see ByHour."""
        return told(herd, LABOUR, place)
