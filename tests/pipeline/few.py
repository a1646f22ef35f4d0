"""Five plain detectors, one of each form and two by the hour: what the engine's promises are held
against, so that they do not hang on how the real ones judge today.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from contracts.detection import Condition
from pipeline.detectors.base import Detector, Limit, Measured, Spec, Verdict
from pipeline.detectors.collar_silent import CollarSilent
from pipeline.detectors.fever import Fever
from pipeline.detectors.sustained import MEMORY, Hold
from pipeline.detectors.system_deaf import SystemDeaf
from pipeline.herd_hour import Floats, HerdHour
from pipeline.tables import Column

RUMINATION, EATING, ACTIVITY = "rumination_minutes", "eating_minutes", "activity"
DAY, LONG, HALF = 24, 36, 12
ILL = frozenset({Condition.FEVER, Condition.RUMINATION_DROP})
ACTIVE_MAX = 1.15
DROP_SPEC = Spec(
    "rumination_drop",
    1,
    Condition.RUMINATION_DROP,
    (Limit("drop_pct", 20.0, "%", "a test"), Limit("over_pct", 10.0, "%", "a test")),
)
RESTLESS_SPEC = Spec(
    "oestrus",
    1,
    Condition.OESTRUS,
    (Limit("activity_factor", 1.6, "1", "a test"), Limit("over_factor", 1.2, "1", "a test")),
)


class Drop:
    """She ruminates and eats less than usual for a day and a half, and the herd does not."""

    memory: Mapping[str, Column] = MEMORY
    window_hours = LONG
    medians: ClassVar = ((RUMINATION, DAY), (RUMINATION, LONG), (EATING, LONG))
    hold = Hold(onset_hours=3, end_hours=3)

    def __init__(self, spec: Spec = DROP_SPEC) -> None:
        self.spec = spec

    def judge_hour(self, herd: HerdHour) -> Verdict:
        """Score: the least of her drops in per cent; see ByHour."""
        of_day = _drop_pct(herd, RUMINATION, DAY)
        score = np.fmin(np.fmin(of_day, _drop_pct(herd, RUMINATION, LONG)), _eats_less(herd))
        judged = np.isfinite(of_day)
        calm = ~(herd.window(ACTIVITY, DAY).ratio > ACTIVE_MAX)
        return Verdict(
            np.where(judged, score, np.nan),
            herd.window(RUMINATION, DAY).why_not,
            over=(score >= self.spec.value("drop_pct")) & calm,
            under=of_day < self.spec.value("over_pct"),
            partial=judged & herd.medians.partial(self.medians),
        )

    def evidence(self, herd: HerdHour, place: int) -> tuple[Measured, ...]:
        """Rumination beside its usual; see ByHour."""
        return (_measured(herd, RUMINATION, DAY, place, 1.0 - self.spec.value("drop_pct") / 100),)


class Restless:
    """She is far more active than usual for half a day, ruminates no more, and is not ill."""

    memory: Mapping[str, Column] = MEMORY
    window_hours = HALF
    medians: ClassVar = ((ACTIVITY, HALF),)
    hold = Hold(onset_hours=2, end_hours=3, lasts_hours_max=36, rest_hours=96, not_while=ILL)

    def __init__(self, spec: Spec = RESTLESS_SPEC) -> None:
        self.spec = spec

    def judge_hour(self, herd: HerdHour) -> Verdict:
        """Score: activity by her usual, held against the herd; see ByHour."""
        active = herd.window(ACTIVITY, HALF)
        score = active.ratio / max(herd.herd_ratio(ACTIVITY, HALF), 1.0)
        judged, fell = np.isfinite(score), ~(herd.window(RUMINATION, HALF).ratio > 1.0)
        return Verdict(
            score,
            active.why_not,
            over=(score >= self.spec.value("activity_factor")) & fell,
            under=score < self.spec.value("over_factor"),
            partial=judged & herd.medians.partial(self.medians),
        )

    def evidence(self, herd: HerdHour, place: int) -> tuple[Measured, ...]:
        """Activity beside its usual; see ByHour."""
        return (_measured(herd, ACTIVITY, HALF, place, self.spec.value("activity_factor")),)


def _drop_pct(herd: HerdHour, signal: str, hours: int) -> Floats:
    ratio: Floats = herd.window(signal, hours).ratio / herd.herd_ratio(signal, hours)
    return (1.0 - ratio) * 100.0


def _eats_less(herd: HerdHour) -> Floats:
    """15 % less eaten weighs as much as 20 % less ruminated."""
    return _drop_pct(herd, EATING, LONG) * (20.0 / 15.0)


def _measured(herd: HerdHour, signal: str, hours: int, place: int, factor: float) -> Measured:
    window = herd.window(signal, hours)
    usual = float(window.usual[place])
    value = round(float(window.value[place]), 1)
    return Measured(signal, "1", herd.ends_us, value, round(usual * factor, 1), round(usual, 1))


FEW: tuple[Detector, ...] = (Fever(), Drop(), Restless(), CollarSilent(), SystemDeaf())
