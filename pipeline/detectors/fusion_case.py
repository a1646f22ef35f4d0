"""What detectors over fused signs have in common: illness, and those that know a likely cause.

A cause is told where the signs together say *ill* and a signature says *of this*: context that only
it fits (days in milk), and whether she is warm. Both are log odds; the smaller one counts.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contracts.detection import Condition
from pipeline.detectors.base import Limit, Measured, Spec, Verdict
from pipeline.detectors.fusion import (
    HERD_UP_MAX,
    LONG_HOURS,
    MEDIANS,
    Fused,
    evidence_of,
    fuse,
    score_of,
)
from pipeline.detectors.sustained import MEMORY, Hold
from pipeline.herd_hour import Floats, HerdHour
from pipeline.tables import Column, Mask

SCORE = "illness_score"
DAYS_IN_MILK = "days_in_milk"
NO_CALVING_KNOWN = "no_calving_known"
SCORE_LIMIT = Limit("score", 60.0, "1", "log odds with the prior; ours: docs/detectors.md")
OVER_LIMIT = Limit("over_score", 20.0, "1", "a case must not flicker; ours: docs/detectors.md")
NAMED = frozenset(
    {
        Condition.MASTITIS,
        Condition.METRITIS,
        Condition.KETOSIS,
        Condition.DISPLACED_ABOMASUM,
    }
)
QUIET_WHILE = frozenset({Condition.HERD_OUTBREAK})  # one case of the farm, not twenty of cows
CALVED_DAYS = 3.0  # two days after a calving all signals move, and a window holds them a third
MOVED_HOURS = 36.0  # a new pen unsettles her for 2 to 24 h (ours), a window holds it for a day
IMPOSSIBLE, CERTAIN = -30.0, 30.0  # log odds
ODDS_PER_C = 20.0  # a tenth of a degree over the limit: 7 to 1
ODDS_PER_SHARE = 40.0  # a twentieth of her rumination beyond the limit: 7 to 1


@dataclass(frozen=True, slots=True)
class Signature:
    """Whether it is this cause, (animals,): log odds; NaN where the register says too little."""

    logit: Floats
    why_not: str


class FusedCase(ABC):
    """A detector over fused signs; see ByHour."""

    memory: Mapping[str, Column] = MEMORY
    window_hours = LONG_HOURS
    medians = MEDIANS
    hold: Hold

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

    @abstractmethod
    def signature(self, herd: HerdHour, fused: Fused) -> Signature:
        """Whether it is this cause, given that she is ill."""

    def judge_hour(self, herd: HerdHour) -> Verdict:
        """Score: how likely she is ill of this, 0 to 100; it is over once she is not ill at all."""
        fused = fuse(herd, self.spec)
        signature = self.signature(herd, fused)
        known = np.isfinite(signature.logit)
        score = score_of(np.where(known, np.minimum(fused.logit, signature.logit), np.nan))
        judged = np.isfinite(score)
        why_not = [
            None if fine else reason if of_cause else signature.why_not
            for fine, of_cause, reason in zip(
                judged.tolist(), known.tolist(), fused.why_not, strict=True
            )
        ]
        return Verdict(
            score,
            why_not,
            over=(score >= self.spec.value("score")) & ~excused(herd),
            under=score_of(fused.logit) < self.spec.value("over_score"),
            partial=judged & herd.medians.partial(self.medians),
        )

    def evidence(self, herd: HerdHour, place: int) -> tuple[Measured, ...]:
        """The signals that make the score, the strongest first; days in milk; the score itself."""
        fused = fuse(herd, self.spec)
        days = float(herd.life.days_in_milk[place])
        known = (Measured(DAYS_IN_MILK, "d", herd.ends_us, round(days, 1), None),)
        score = float(score_of(fused.logit)[place])
        said = Measured(SCORE, "1", herd.ends_us, score, self.spec.value("score"))
        spoken = evidence_of(fused, place, herd.ends_us)
        return (*spoken, *(known if np.isfinite(days) else ()), said)


def excused(herd: HerdHour) -> Mask:
    """(animals,): whose signs have a cause that is no illness: she has calved, or was moved."""
    life = herd.life
    found: Mask = (life.days_in_milk < CALVED_DAYS) | (life.hours_since_move < MOVED_HOURS)
    return found


def excuse(herd: HerdHour, signal: str, hours: int) -> Floats:
    """(animals,): what of usual her pen or herd does, HERD_UP_MAX at most.

    A herd that ruminates far more than it used to, as growing calves do, makes nobody ill.
    """
    found: Floats = np.minimum(herd.pen_ratio(signal, hours), HERD_UP_MAX)
    return found


def warmer_than(fused: Fused, limit_c: float) -> Floats:
    """(animals,): log odds that she is warmer than the limit over usual; NaN = not measured."""
    found: Floats = (fused.warm_c - limit_c) * ODDS_PER_C
    return found


def within_days(herd: HerdHour, first: float, last: float, inside: Floats) -> Signature:
    """The log odds `inside` a span of days in milk, none outside, NaN where they are not known."""
    days = herd.life.days_in_milk
    within = (days >= first) & (days <= last)
    logit = np.where(within, inside, IMPOSSIBLE)
    return Signature(np.where(np.isfinite(days), logit, np.nan), NO_CALVING_KNOWN)


def not_warm(herd: HerdHour, fused: Fused, limit_c: float, blind_from_days: float) -> Floats:
    """(animals,): log odds that she is not warmer than the limit over usual.

    Where it is not measured: as if she were not, from so many days in milk on.
    """
    past = herd.life.days_in_milk >= blind_from_days
    blind = np.where(past, CERTAIN, IMPOSSIBLE)
    found: Floats = np.where(np.isfinite(fused.warm_c), -warmer_than(fused, limit_c), blind)
    return found
