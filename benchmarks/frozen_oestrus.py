"""Oestrus as it was found first: the plain loop's twin, which no change of the live one reaches.

Activity of the last hours by her usual, the herd's restlessness taken off, and rumination not
risen. One signal and one window: what a loop over single numbers can be held against byte by byte.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition
from pipeline.detectors.base import Limit, Measured, Spec, Verdict
from pipeline.detectors.sustained import MEMORY, Hold
from pipeline.herd_hour import HerdHour, Window
from pipeline.tables import Column, Mask

WINDOW_HOURS = 12  # most of an oestrus: 8 hours with a higher limit found no more of them
HOLD = Hold(
    onset_hours=2,
    end_hours=3,
    lasts_hours_max=36,  # the longest are under 30; activity that stays up is something else
    rest_hours=4 * 24,  # after one: cycles shorter than 18 days are not looked for
    not_while=frozenset({Condition.FEVER, Condition.RUMINATION_DROP}),
)
SIGNAL, RUMINATION = "activity", "rumination_minutes"

FACTOR_LIMIT = Limit(
    "activity_factor", 1.6, "1", "+360 ± 170 % at the peak (Silper 2015); ours: docs/detectors.md"
)
OVER_LIMIT = Limit("over_factor", 1.2, "1", "a case must not flicker; ours: docs/detectors.md")
RUMINATION_LIMIT = Limit(
    "rumination_factor",
    1.0,
    "1",
    "-14 to -24 % in herds, -71 to +16 % in animals (Reith & Hoy 2012): not risen",
)


class FrozenOestrus:
    """See the live Oestrus for what it became."""

    spec = Spec("oestrus", 1, Condition.OESTRUS, (FACTOR_LIMIT, OVER_LIMIT, RUMINATION_LIMIT))
    memory: Mapping[str, Column] = MEMORY
    window_hours = WINDOW_HOURS
    medians = ((SIGNAL, WINDOW_HOURS),)
    hold = HOLD

    def judge_hour(self, herd: HerdHour) -> Verdict:
        """Score: activity of the last hours by her usual, held against the herd; see ByHour."""
        active = herd.window(SIGNAL, WINDOW_HOURS)
        score = active.ratio / _restless(herd)
        judged = np.isfinite(score)
        return Verdict(
            score,
            active.why_not,
            over=(score >= FACTOR_LIMIT.value) & _fell(herd.window(RUMINATION, WINDOW_HOURS)),
            under=score < OVER_LIMIT.value,
            partial=judged & herd.medians.partial(self.medians),
        )

    def evidence(self, herd: HerdHour, place: int) -> tuple[Measured, ...]:
        """Activity beside its usual, and what rumination did; see ByHour."""
        active = herd.window(SIGNAL, WINDOW_HOURS)
        chewed = herd.window(RUMINATION, WINDOW_HOURS)
        usual = float(active.usual[place])
        said = [
            Measured(
                SIGNAL,
                "1",
                herd.ends_us,
                round(float(active.value[place]), 1),
                round(usual * _restless(herd) * FACTOR_LIMIT.value, 1),
                round(usual, 1),
            )
        ]
        if chewed.why_not[place] is None:
            value, usually = float(chewed.value[place]), float(chewed.usual[place])
            said.append(
                Measured(RUMINATION, "min", herd.ends_us, round(value, 1), None, round(usually, 1))
            )
        return tuple(said)


def _restless(herd: HerdHour) -> float:
    """By what the herd's median excuses activity: a herd at rest makes nobody restless."""
    return max(herd.herd_ratio(SIGNAL, WINDOW_HOURS), 1.0)


def _fell(chewed: Window) -> Mask:
    """(animals,): rumination has not risen, or nobody knows."""
    risen = chewed.ratio > RUMINATION_LIMIT.value
    fell: Mask = ~risen
    return fell
