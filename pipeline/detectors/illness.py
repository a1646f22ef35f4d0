"""Illness: what is measured of her says together that she is ill, of whatever.

A score of 0 to 100, as commercial health indices have it (Stangaferro 2016: rumination and activity
beside her own usual), from all signals that there are: see `fusion`. Sensors know signs and no
names: where days in milk and fever leave one likely cause, and go on doing so, `ketosis`,
`displaced_abomasum`, `metritis` or `mastitis` takes over and this case ends: one open case an
animal. A name that is wrong costs a false alert; that she is ill was right and said before.
"""

import numpy as np

from contracts.detection import Condition
from pipeline.detectors.base import Spec
from pipeline.detectors.fusion import LIMITS, Fused
from pipeline.detectors.fusion_case import (
    CERTAIN,
    NAMED,
    OVER_LIMIT,
    QUIET_WHILE,
    SCORE_LIMIT,
    FusedCase,
    Signature,
)
from pipeline.detectors.sustained import Hold
from pipeline.herd_hour import HerdHour

HOLD = Hold(onset_hours=8, end_hours=6, explained_by=NAMED)  # four: three times as often wrong
SPEC = Spec(
    "illness",
    1,
    Condition.ILLNESS,
    (SCORE_LIMIT, OVER_LIMIT, *LIMITS),
    quiet_while=QUIET_WHILE,
)


class Illness(FusedCase):
    """The detector of illness."""

    hold = HOLD

    def __init__(self, spec: Spec = SPEC) -> None:
        super().__init__(spec)

    def signature(self, herd: HerdHour, fused: Fused) -> Signature:  # noqa: ARG002  any illness
        """None of its own: whatever makes her ill."""
        return Signature(np.full(len(herd.rows), CERTAIN), "")
