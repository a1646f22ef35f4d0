"""Mastitis: a lactating cow is warm and shows other signs of illness, all of a sudden.

The rumen is 0.8 °C or more over its mean before two thirds of the cases (Adams 2013); a third to
a half, mostly gram-positive ones, have neither fever nor another sign (a health index found 45 to
48 % of them, Stangaferro 2016) and are not to be found without milk. In the two weeks after a
calving a warm cow more often has metritis: that is told then.
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

HOLD = Hold(onset_hours=12, end_hours=6, not_while=frozenset({Condition.METRITIS}))
FEVER_LIMIT = Limit(
    "over_usual_c", 0.5, "Cel", "+0.8 °C at the height (Adams 2013), mean of half a day; ours"
)
FIRST_LIMIT = Limit(
    "days_in_milk_min", 14.0, "d", "349 metritis, 123 mastitis to 80 DIM (Stangaferro 2016); ours"
)
LAST_LIMIT = Limit("days_in_milk_max", 450.0, "d", "longest lactations; ours")
DRY_LIMIT = Limit("days_to_due_min", 50.0, "d", "dried off about 60 days before calving; ours")
SPEC = Spec(
    "mastitis",
    1,
    Condition.MASTITIS,
    (SCORE_LIMIT, OVER_LIMIT, FEVER_LIMIT, FIRST_LIMIT, LAST_LIMIT, DRY_LIMIT, *LIMITS),
    quiet_while=QUIET_WHILE,
)


class Mastitis(FusedCase):
    """The detector of mastitis."""

    hold = HOLD

    def __init__(self, spec: Spec = SPEC) -> None:
        super().__init__(spec)

    def signature(self, herd: HerdHour, fused: Fused) -> Signature:
        """Warm, in milk, and past the weeks in which it would be metritis."""
        warm = warmer_than(fused, self.spec.value("over_usual_c"))
        in_milk = within_days(
            herd,
            self.spec.value("days_in_milk_min"),
            self.spec.value("days_in_milk_max"),
            np.nan_to_num(warm, nan=IMPOSSIBLE),
        )
        dry = herd.life.days_to_due < self.spec.value("days_to_due_min")
        return Signature(np.where(dry, IMPOSSIBLE, in_milk.logit), in_milk.why_not)
