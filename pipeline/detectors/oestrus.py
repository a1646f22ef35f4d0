"""Oestrus: for some hours she is far more active than is usual for her at these hours.

Activity rises to a multiple of its usual for about 15 hours (Silper 2015: +360 ± 170 %) while
rumination falls by a sixth (Reith & Hoy 2012) and she lies less. How far it must rise is counted in
spreads of her own: a calm animal's doubled steps say more than a restless one's, and collars of
different makers count on different scales. Long windows find the long mild ones, short ones the
short. A pen that is moved is restless as a whole: so each animal is held against the herd. Who is
ill, pregnant or was in oestrus a few days ago is not said to be in it; one that is due after 18 to
24 days needs a little less, one that calved lately a little more.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from contracts.detection import Condition
from pipeline.detectors.base import Limit, Measured, Spec, Verdict
from pipeline.detectors.leanings import Leaning, lean, spread_of, sum_of, told
from pipeline.detectors.oestrus_service import (
    FROM_LIMIT,
    UNTIL_LIMIT,
    first_restless_hour,
    service_window,
)
from pipeline.detectors.sustained import MEMORY, Hold
from pipeline.herd_hour import NOT_MEASURED, HerdHour
from pipeline.life import Life
from pipeline.tables import Column, Mask

Floats = NDArray[np.float64]

WINDOWS_HOURS = (8, 12)  # shorter ones are wrong six times as often for a few more found
WINDOW_HOURS = 12
HOLD = Hold(
    onset_hours=2,
    end_hours=3,
    lasts_hours_max=36,  # the longest are under 30; activity that stays up is something else
    rest_hours=4 * 24,  # after one: cycles shorter than 18 days are not looked for
    not_while=frozenset({Condition.FEVER, Condition.RUMINATION_DROP, Condition.ILLNESS}),
)
ACTIVITY, STEPS, RUMINATION = "activity", "steps", "rumination_minutes"
# what comes with it, and stands for it where nothing moves with her: eating -10 … -20 % (recalled)
CALMS = (
    Leaning(RUMINATION, WINDOW_HOURS, -1, 1.0),
    Leaning("lying_minutes", WINDOW_HOURS, -1, 1.0),
    Leaning("eating_minutes", WINDOW_HOURS, -1, 0.5),
)
SUPPORT_MAX = 1.5  # spreads by which they count at most, for or against, …
SUPPORT_SHARE = 0.35  # … and how much of it: single animals differ from -71 to +16 %

PREGNANT = "pregnant"
DUE_DAYS = (17.0, 25.0)  # after the last service: cycles of 18 to 24 days, told to the day

SPREADS_LIMIT = Limit(
    "activity_spreads", 4.1, "1", "peak 7.7 SD over base (Silper 2015); ours: docs/detectors.md"
)
LIMITS = (
    SPREADS_LIMIT,
    Limit("steps_spreads", 5.5, "1", "walks come in bursts; ours: docs/detectors.md"),
    Limit("calm_spreads", 3.6, "1", "without activity and steps; ours: docs/detectors.md"),
    Limit("activity_factor", 1.4, "1", "+360 ± 170 % at the peak (Silper 2015), mild ones; ours"),
    Limit("over_share", 0.5, "1", "of the limit: a case must not flicker; ours"),
    Limit("rumination_factor", 1.1, "1", "-71 to +16 % in animals (Reith & Hoy 2012): not risen"),
    Limit("due_share", 0.85, "1", "of the limit, 18 to 24 days after a service; ours"),
    Limit("fresh_share", 1.3, "1", "of the limit, before fresh_days; ours"),
    Limit("fresh_days", 15, "d", "first ovulation mostly 2 to 3 weeks after calving (recalled)"),
    FROM_LIMIT,
    UNTIL_LIMIT,
)
SPEC = Spec(
    "oestrus",
    2,
    Condition.OESTRUS,
    LIMITS,
    signals=(ACTIVITY, STEPS, *(one.signal for one in CALMS)),
)


class Oestrus:
    """The detector of oestrus."""

    memory: Mapping[str, Column] = MEMORY
    window_hours = WINDOW_HOURS
    medians = (
        *((signal, hours) for signal in (ACTIVITY, STEPS) for hours in WINDOWS_HOURS),
        *((one.signal, one.hours) for one in CALMS),
    )
    hold = HOLD

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge_hour(self, herd: HerdHour) -> Verdict:
        """Score: spreads of activity, its limit where steps or calm speak instead; see ByHour."""
        limit, value = SPREADS_LIMIT.name, self.spec.value
        calm = sum_of(herd, CALMS).spreads
        support = SUPPORT_SHARE * np.clip(np.nan_to_num(calm), -SUPPORT_MAX, SUPPORT_MAX)
        active, active_factor = _restless(herd, ACTIVITY)
        steps, steps_factor = _restless(herd, STEPS)
        by_steps = np.isnan(active) & np.isfinite(steps)
        moved = np.where(by_steps, steps * value(limit) / value("steps_spreads"), active) + support
        factor = np.where(by_steps, steps_factor, active_factor)
        by_calm = np.isnan(moved)
        score = np.where(by_calm, calm * value(limit) / value("calm_spreads"), moved)
        judged = np.isfinite(score)
        needed = value(limit) * self._share(herd.life)
        pregnant = _pregnant(herd.life)
        risen = herd.window(RUMINATION, WINDOW_HOURS).ratio > value("rumination_factor")
        mild = ~by_calm & ~(factor >= value("activity_factor"))
        over = (score >= needed) & ~mild & ~risen & ~pregnant
        return Verdict(
            score,
            _why_not(herd, judged, pregnant),
            over=over,
            under=pregnant | (score < needed * value("over_share")),
            partial=judged & herd.medians.partial(self.medians),
        )

    def evidence(self, herd: HerdHour, place: int) -> tuple[Measured, ...]:
        """Movement beside its usual, what came with it, and when to inseminate; see ByHour."""
        onset, said = herd.hour - WINDOW_HOURS + 1, told(herd, CALMS, place)
        for signal in (ACTIVITY, STEPS):
            if np.isfinite(_restless(herd, signal)[0][place]):
                moved, excuse = self._moved(herd, signal, place)
                said = (moved, *said)
                onset = first_restless_hour(herd, signal, place, excuse)
                break
        from_h, until_h = self.spec.value(FROM_LIMIT.name), self.spec.value(UNTIL_LIMIT.name)
        return (*said, *service_window(onset, from_h, until_h))

    def _moved(self, herd: HerdHour, signal: str, place: int) -> tuple[Measured, float]:
        """How much she moved, beside usual and limit; and by what the herd excuses it."""
        name = SPREADS_LIMIT.name if signal == ACTIVITY else "steps_spreads"
        window = herd.window(signal, WINDOW_HOURS)
        usual = window.usual
        excuse = _excuse(herd, signal, WINDOW_HOURS)
        factor = 1.0 + self.spec.value(name) * spread_of(herd, signal, WINDOW_HOURS)
        limit = usual * np.maximum(factor, self.spec.value("activity_factor")) * excuse
        value, most, usually = (
            round(float(some[place]), 1) for some in (window.value, limit, usual)
        )
        measured = Measured(signal, "1", herd.ends_us, value, most, usually)
        return measured, float(excuse[place])

    def _share(self, life: Life) -> Floats:
        """(animals,): of the limit that is asked of each."""
        since = life.days_since_insemination
        due = (since >= DUE_DAYS[0]) & (since <= DUE_DAYS[1])
        fresh = life.days_in_milk < self.spec.value("fresh_days")
        share = np.where(due, self.spec.value("due_share"), 1.0)
        return np.where(fresh, self.spec.value("fresh_share"), share)


def _restless(herd: HerdHour, signal: str) -> tuple[Floats, Floats]:
    """(animals,): the highest lean of a movement signal over the windows, and the ratio of the
    longest: two hours of a quarrel are no oestrus.
    """
    best, factor = (np.full(len(herd.rows), np.nan) for _ in range(2))
    for hours in WINDOWS_HOURS:
        best = np.fmax(best, lean(herd, signal, hours, rest=1.0))
        factor = herd.window(signal, hours).ratio / _excuse(herd, signal, hours)
    return best, factor


def _excuse(herd: HerdHour, signal: str, hours: int) -> Floats:
    """By what the herd excuses movement: a herd at rest makes nobody restless."""
    excuse: Floats = np.maximum(herd.pen_ratio(signal, hours), 1.0)
    return excuse


def _pregnant(life: Life) -> Mask:
    """(animals,): who is known to carry a calf."""
    pregnant: Mask = (life.open_cow == 0) | np.isfinite(life.days_to_due)
    return pregnant


def _why_not(herd: HerdHour, judged: Mask, pregnant: Mask) -> list[str | None]:
    """Why each has no score, by the signal that says most; or why hers raises nothing."""
    active, steps = (herd.window(signal, WINDOW_HOURS).why_not for signal in (ACTIVITY, STEPS))
    return [
        None
        if is_judged and not is_pregnant
        else PREGNANT
        if is_judged
        else by_steps
        if by_activity == NOT_MEASURED
        else by_activity
        for is_judged, is_pregnant, by_activity, by_steps in zip(
            judged.tolist(), pregnant.tolist(), active, steps, strict=True
        )
    ]
