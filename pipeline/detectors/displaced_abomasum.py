"""Displaced abomasum: in the weeks after a calving she all but stops ruminating, and is not warm.

Rumination falls by 40 to 70 % some three days before the diagnosis (after Stangaferro 2016), often
in a cow that has ketosis already: so it is told beside an open ketosis, being more pressing.
"""

import numpy as np

from contracts.detection import Condition
from pipeline.detectors.base import Limit, Spec
from pipeline.detectors.fusion import LIMITS, Fused
from pipeline.detectors.fusion_case import (
    IMPOSSIBLE,
    ODDS_PER_SHARE,
    OVER_LIMIT,
    QUIET_WHILE,
    SCORE_LIMIT,
    FusedCase,
    Signature,
    not_warm,
    within_days,
)
from pipeline.detectors.sustained import Hold
from pipeline.herd_hour import HerdHour

HOLD = Hold(onset_hours=12, end_hours=6)
FEVER_LIMIT = Limit("over_usual_c", 0.4, "Cel", "no fever (Stangaferro 2016); metritis's limit")
FIRST_LIMIT = Limit("days_in_milk_min", 3.0, "d", "5 to 25 days after calving (Stangaferro); ours")
LAST_LIMIT = Limit("days_in_milk_max", 40.0, "d", "5 to 25 days after calving (Stangaferro); ours")
BLIND_LIMIT = Limit(
    "days_in_milk_blind_min", 14.0, "d", "without a temperature: when metritis is past; ours"
)
DEEP_LIMIT = Limit(
    "deep_fall_pct", 40.0, "%", "-40 to -70 %, ketosis -15 to -30 % (after Stangaferro 2016)"
)
SPEC = Spec(
    "displaced_abomasum",
    1,
    Condition.DISPLACED_ABOMASUM,
    (
        SCORE_LIMIT,
        OVER_LIMIT,
        FEVER_LIMIT,
        FIRST_LIMIT,
        LAST_LIMIT,
        BLIND_LIMIT,
        DEEP_LIMIT,
        *LIMITS,
    ),
    quiet_while=QUIET_WHILE,
)


class DisplacedAbomasum(FusedCase):
    """The detector of displaced_abomasum."""

    hold = HOLD

    def __init__(self, spec: Spec = SPEC) -> None:
        super().__init__(spec)

    def signature(self, herd: HerdHour, fused: Fused) -> Signature:
        """Fresh, not warm, and fallen deep."""
        value = self.spec.value
        cool = not_warm(herd, fused, value("over_usual_c"), value("days_in_milk_blind_min"))
        deep = (fused.fall - value("deep_fall_pct") / 100.0) * ODDS_PER_SHARE
        inside = np.where(np.isfinite(deep), np.minimum(cool, deep), IMPOSSIBLE)
        return within_days(herd, value("days_in_milk_min"), value("days_in_milk_max"), inside)
