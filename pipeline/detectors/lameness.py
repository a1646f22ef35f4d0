"""Lameness: over days and weeks she walks less, lies longer, gets up less often and eats less.

Lame cows lie longer in fewer and longer bouts, make fewer steps and eat for a shorter time (Beer
2016, Tucker 2021; sizes recalled: steps -10 to -25 %, lying +0.5 to +1.5 h, eating -10 to -20 %).
It comes so slowly that what is usual comes along with it: so her last settled days are held to
the weeks before (HerdHour.drift), and the three days that are not settled yet to what is usual,
the herd's change taken off both. Each sign is counted in spreads of her own days, and what is
measured of them is added up. Calving, drying off, another pen and an illness change a cow as well:
while one of them is near, none begins.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.detection import Condition
from pipeline.detectors.base import Limit, Measured, Spec, Verdict
from pipeline.detectors.leanings import SPEAKS, spread_of
from pipeline.detectors.sustained import MEMORY, Hold
from pipeline.herd_hour import NO_BASELINE, NOT_MEASURED, HerdHour
from pipeline.life import Life
from pipeline.tables import Column, Mask

Floats = NDArray[np.float64]

RECENT_HOURS, DAY_HOURS = 72, 24  # what is not settled yet; a day of it


@dataclass(frozen=True, slots=True)
class Slow:
    """A signal that lameness moves: up (1) or down (-1); weight: beside the others."""

    signal: str
    towards: int
    weight: float


SIGNS = (
    Slow("steps", -1, 1.0),
    Slow("activity", -1, 0.8),
    Slow("lying_minutes", 1, 0.8),
    Slow("lying_bouts", -1, 0.8),
    Slow("eating_minutes", -1, 0.8),
    Slow("rumination_minutes", -1, 0.3),
)
# of the days' mean beside a day, both as shares: four days weighed by age vary 0.38 as much
DRIFT_SHARE, DRIFT_SPREAD_MIN = 0.45, 0.03
LEAST, MOST = -2.0, 4.0  # spreads between which one sign counts
RECENT_MAX = 1.0  # the newest three days carry on what the settled ones say, or not: no more

NEW_LIFE = "stage_changed"  # calving, drying off or another pen lies a few days back

SPREADS_LIMIT = Limit("slow_spreads", 3.8, "1", "of one sign; ours: docs/detectors.md")
LIMITS = (
    SPREADS_LIMIT,
    Limit("signs_min", 2, "1", "one that drifts alone is a sensor, or a habit; ours"),
    Limit("over_share", 0.4, "1", "of the limit: a case must not flicker; ours"),
    Limit("fresh_days", 30, "d", "after a calving all of it changes (Soriani 2012; ours)"),
    Limit("close_days", 14, "d", "to the day she is due; ours"),
    Limit("dry_days", 21, "d", "after drying off; ours"),
    Limit("moved_h", 96, "h", "after a move into another pen; ours"),
)
SPEC = Spec("lameness", 1, Condition.LAMENESS, LIMITS, signals=tuple(one.signal for one in SIGNS))
HOLD = Hold(
    onset_hours=12,
    end_hours=48,
    lasts_hours_max=60 * 24,  # by then it is her usual
    rest_hours=7 * 24,
    not_while=frozenset(
        {Condition.ILLNESS, Condition.KETOSIS, Condition.DISPLACED_ABOMASUM, Condition.FEVER}
    ),
)


class Lameness:
    """The detector of lameness that comes slowly."""

    memory: Mapping[str, Column] = MEMORY
    window_hours = RECENT_HOURS
    medians = tuple((one.signal, RECENT_HOURS) for one in SIGNS)
    hold = HOLD

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge_hour(self, herd: HerdHour) -> Verdict:
        """Score: spreads of all signs together; see ByHour."""
        total, weight = np.zeros(len(herd.rows)), np.zeros(len(herd.rows))
        speaking = np.zeros(len(herd.rows), np.int64)
        for sign in SIGNS:
            said = sign.towards * _slow_lean(herd, sign.signal)
            judged = np.isfinite(said)
            total += np.where(judged, sign.weight * np.clip(said, LEAST, MOST), 0.0)
            weight += np.where(judged, sign.weight**2, 0.0)
            speaking += judged & (said >= SPEAKS)
        judged = weight > 0.0
        score = np.where(judged, total / np.sqrt(np.where(judged, weight, 1.0)), np.nan)
        changed = self._changed(herd.life)
        first = self.spec.value(SPREADS_LIMIT.name)
        return Verdict(
            score,
            _why_not(herd, judged, changed),
            over=(score >= first) & (speaking >= self.spec.value("signs_min")) & ~changed,
            under=score < first * self.spec.value("over_share"),
            partial=judged & herd.medians.partial(self.medians),
        )

    def evidence(self, herd: HerdHour, place: int) -> tuple[Measured, ...]:
        """Each signal's last days in percent of the weeks before (100 = as they were)."""
        found = []
        for sign in SIGNS:
            share = float(herd.drift(sign.signal)[place])
            if np.isfinite(share):
                value = round(100 * share, 1)
                found.append(Measured(sign.signal, "%", herd.ends_us, value, None, 100.0))
        return tuple(found)

    def _changed(self, life: Life) -> Mask:
        """(animals,): whose days are other ones anyway, by what the register knows."""
        value = self.spec.value
        changed: Mask = (
            (life.days_in_milk < value("fresh_days"))
            | (life.days_to_due < value("close_days"))
            | (life.days_dry < value("dry_days"))
            | (life.hours_since_move < value("moved_h"))
        )
        return changed


def _slow_lean(herd: HerdHour, signal: str) -> Floats:
    """(animals,): spreads by which her days drifted; the newest may carry it on a little."""
    spread = np.maximum(DRIFT_SHARE * spread_of(herd, signal, DAY_HOURS), DRIFT_SPREAD_MIN)
    drifted = (herd.drift(signal) - 1.0) / spread
    recent = herd.window(signal, RECENT_HOURS).ratio / herd.pen_ratio(signal, RECENT_HOURS) - 1.0
    carried = np.clip(np.nan_to_num(recent / spread), -RECENT_MAX, RECENT_MAX)
    found: Floats = drifted + carried
    return found


def _why_not(herd: HerdHour, judged: Mask, changed: Mask) -> list[str | None]:
    """Why each has no score, or why hers raises nothing."""
    windows = [herd.window(sign.signal, RECENT_HOURS).why_not for sign in SIGNS]
    reasons: list[str | None] = []
    for place, is_judged in enumerate(judged.tolist()):
        if is_judged:
            reasons.append(NEW_LIFE if changed[place] else None)
            continue
        said = [of_signal[place] for of_signal in windows]
        measured = any(reason != NOT_MEASURED for reason in said)
        reasons.append(NO_BASELINE if measured else NOT_MEASURED)
    return reasons
