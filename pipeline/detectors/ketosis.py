"""Ketosis: in the weeks after a calving she ruminates, eats and moves less, and is not warm.

Rumination and activity fall 1.6 days and more before the diagnosis (Stangaferro 2016); a slow fall,
so two days are looked at beside the last one. A fall that is much deeper is a displaced abomasum.
Without a temperature nobody can tell it from metritis: it waits until that time is over, and
`illness` speaks before.
"""

import numpy as np

from contracts.detection import Condition
from pipeline.detectors.base import Limit, Spec
from pipeline.detectors.fusion import LIMITS, Fused
from pipeline.detectors.fusion_case import (
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

HOLD = Hold(
    onset_hours=12,
    end_hours=6,
    not_while=frozenset({Condition.METRITIS, Condition.MASTITIS}),
    explained_by=frozenset({Condition.DISPLACED_ABOMASUM}),
)
FEVER_LIMIT = Limit("over_usual_c", 0.4, "Cel", "no fever (Stangaferro 2016); metritis's limit")
FIRST_LIMIT = Limit("days_in_milk_min", 3.0, "d", "5 to 25 days after calving (Stangaferro); ours")
LAST_LIMIT = Limit("days_in_milk_max", 40.0, "d", "5 to 25 days after calving (Stangaferro); ours")
BLIND_LIMIT = Limit(
    "days_in_milk_blind_min", 14.0, "d", "without a temperature: when metritis is past; ours"
)
DEEP_LIMIT = Limit(
    "deep_fall_pct", 40.0, "%", "-15 to -30 %, displaced abomasum -40 to -70 % (after Stangaferro)"
)
SPEC = Spec(
    "ketosis",
    1,
    Condition.KETOSIS,
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


class Ketosis(FusedCase):
    """The detector of ketosis."""

    hold = HOLD

    def __init__(self, spec: Spec = SPEC) -> None:
        super().__init__(spec)

    def signature(self, herd: HerdHour, fused: Fused) -> Signature:
        """Fresh, not warm, and not fallen as deep as with a displaced abomasum."""
        value = self.spec.value
        cool = not_warm(herd, fused, value("over_usual_c"), value("days_in_milk_blind_min"))
        shallow = (value("deep_fall_pct") / 100.0 - fused.fall) * ODDS_PER_SHARE
        inside = np.fmin(cool, shallow)
        return within_days(herd, value("days_in_milk_min"), value("days_in_milk_max"), inside)
