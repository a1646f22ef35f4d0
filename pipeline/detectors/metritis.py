"""Metritis: warm and with other signs of illness, in the two weeks after a calving.

A fifth of all calvings is followed by it (Bar & Ezra 2005), most between the third and the tenth
day; half of them have neither fever nor another sign that a sensor sees (health index: 55 %,
Stangaferro 2016).
"""

import numpy as np

from contracts.detection import Condition
from pipeline.detectors.base import Limit, Spec
from pipeline.detectors.fusion import LIMITS, Fused
from pipeline.detectors.fusion_case import (
    IMPOSSIBLE,
    OVER_LIMIT,
    QUIET_WHILE,
    SCORE_LIMIT,
    FusedCase,
    Signature,
    warmer_than,
    within_days,
)
from pipeline.detectors.sustained import Hold
from pipeline.herd_hour import HerdHour

HOLD = Hold(onset_hours=12, end_hours=6, not_while=frozenset({Condition.MASTITIS}))
FEVER_LIMIT = Limit("over_usual_c", 0.4, "Cel", "+0.5 to +1.2 °C in a half (recalled); ours")
FIRST_LIMIT = Limit("days_in_milk_min", 2.0, "d", "most 3 to 10 days after calving (recalled)")
LAST_LIMIT = Limit("days_in_milk_max", 14.0, "d", "most 3 to 10 days after calving; ours")
SPEC = Spec(
    "metritis",
    1,
    Condition.METRITIS,
    (SCORE_LIMIT, OVER_LIMIT, FEVER_LIMIT, FIRST_LIMIT, LAST_LIMIT, *LIMITS),
    quiet_while=QUIET_WHILE,
)


class Metritis(FusedCase):
    """The detector of metritis."""

    hold = HOLD

    def __init__(self, spec: Spec = SPEC) -> None:
        super().__init__(spec)

    def signature(self, herd: HerdHour, fused: Fused) -> Signature:
        """Warm, and calved lately."""
        warm = warmer_than(fused, self.spec.value("over_usual_c"))
        return within_days(
            herd,
            self.spec.value("days_in_milk_min"),
            self.spec.value("days_in_milk_max"),
            np.nan_to_num(warm, nan=IMPOSSIBLE),
        )
