"""Illness: what is measured of her says together that she is ill, of whatever.

A score of 0 to 100, as commercial health indices have it (Stangaferro 2016: rumination and activity
beside her own usual), from all signals that there are: see `fusion`. Sensors know signs and no
names: where days in milk and fever leave one likely cause, `ketosis`, `displaced_abomasum`,
`metritis` or `mastitis` tell it an hour earlier, and this one is silent then: one case an animal.
"""

import numpy as np

from contracts.detection import Condition
from pipeline.detectors.base import Spec
from pipeline.detectors.fusion import LIMITS, Fused
from pipeline.detectors.fusion_case import CERTAIN, OVER_LIMIT, SCORE_LIMIT, FusedCase, Signature
from pipeline.detectors.sustained import Hold
from pipeline.herd_hour import HerdHour

HOLD = Hold(
    onset_hours=8, end_hours=6
)  # an hour after those that know a name; four were false as often again
SPEC = Spec("illness", 1, Condition.ILLNESS, (SCORE_LIMIT, OVER_LIMIT, *LIMITS))


class Illness(FusedCase):
    """The detector of illness."""

    hold = HOLD

    def __init__(self, spec: Spec = SPEC) -> None:
        super().__init__(spec)

    def signature(self, herd: HerdHour, fused: Fused) -> Signature:  # noqa: ARG002  any illness
        """None of its own: whatever makes her ill."""
        return Signature(np.full(len(herd.rows), CERTAIN), "")
