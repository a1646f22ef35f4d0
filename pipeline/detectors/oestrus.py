"""Oestrus: for some hours she is far more active than is usual for her at these hours.

Activity rises to a multiple of its usual for about 15 hours (Silper 2015: +360 ± 170 %) while
rumination falls by a sixth (Reith & Hoy 2012). A pen that is moved is restless as a whole: so each
animal is held against the herd's median. Who is ill is not said to be in oestrus, and who was in
oestrus a few days ago is not again: the next one is due after 18 to 24 days.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition
from pipeline.detectors.base import Limit, Measured, Spec, Verdict
from pipeline.detectors.sustained import MEMORY, Hold, changes_of, forget, turns
from pipeline.herd_hour import HerdHour, Window, herd_ratio
from pipeline.hours import NO_HOUR
from pipeline.tables import Column, Mask, Table

WINDOW_HOURS = 12  # most of an oestrus: 8 hours with a higher limit found no more of them
HOLD = Hold(onset_hours=2, end_hours=3)
LASTS_HOURS_MAX = 36  # the longest are under 30; activity that stays up is something else
REST_HOURS = 4 * 24  # after one: cycles shorter than 18 days are not looked for
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


class Oestrus:
    """The detector of oestrus."""

    spec = Spec("oestrus", 1, Condition.OESTRUS, (FACTOR_LIMIT, OVER_LIMIT, RUMINATION_LIMIT))
    memory: Mapping[str, Column] = {**MEMORY, "ended_hour": Column("int32", fill=NO_HOUR)}
    window_hours = WINDOW_HOURS

    def judge_hour(self, herd: HerdHour, memory: Table) -> Verdict:
        """Score: activity of the last hours by her usual, held against the herd; see ByHour."""
        active = herd.window(SIGNAL, WINDOW_HOURS)
        chewed = herd.window(RUMINATION, WINDOW_HOURS)
        score = active.ratio / _restless(active)
        judged = np.nonzero(np.isfinite(score))[0]
        rows = herd.rows[judged]
        rested = herd.hour - memory["ended_hour"][rows].astype(np.int64) >= REST_HOURS
        may_begin = ~herd.ill[judged] & rested & _fell(chewed)[judged]
        first = memory["first_hour"][rows].astype(np.int64)
        lasted = memory["open"][rows] & (herd.hour - first >= LASTS_HOURS_MAX)
        turned = turns(
            memory,
            rows,
            herd.hour,
            (score[judged] >= FACTOR_LIMIT.value) & may_begin,
            (score[judged] < OVER_LIMIT.value) | lasted,
            HOLD,
        )
        memory["ended_hour"][rows[turned.end]] = herd.hour
        told = memory["open"][rows]
        told[turned.end] = True
        newest = {
            int(herd.rows[place]): _evidence(herd, place, active, chewed)
            for place in judged[told].tolist()
        }
        return Verdict(score, active.why_not, changes_of(turned, rows, memory, newest), newest)

    def forget(self, row: int, memory: Table) -> None:
        """See ByHour."""
        forget(row, memory)


def _restless(active: Window) -> float:
    """By what the herd's median excuses activity: a herd at rest makes nobody restless."""
    return max(herd_ratio(active.ratio), 1.0)


def _fell(chewed: Window) -> Mask:
    """(animals,): rumination has not risen, or nobody knows."""
    risen = chewed.ratio > RUMINATION_LIMIT.value
    fell: Mask = ~risen
    return fell


def _evidence(herd: HerdHour, place: int, active: Window, chewed: Window) -> tuple[Measured, ...]:
    usual = float(active.usual[place])
    said = [
        Measured(
            SIGNAL,
            "1",
            herd.ends_us,
            round(float(active.value[place]), 1),
            round(usual * _restless(active) * FACTOR_LIMIT.value, 1),
            round(usual, 1),
        )
    ]
    if chewed.why_not[place] is None:
        value, usually = float(chewed.value[place]), float(chewed.usual[place])
        said.append(
            Measured(RUMINATION, "min", herd.ends_us, round(value, 1), None, round(usually, 1))
        )
    return tuple(said)
