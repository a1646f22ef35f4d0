"""Oestrus: for some hours she is far more active than is usual for her at these hours.

Activity rises to a multiple of its usual for about 15 hours (Silper 2015: +360 ± 170 %) while
rumination falls by a sixth (Reith & Hoy 2012). A pen that is moved is restless as a whole: so each
animal is held against the herd's median. Who is ill is not said to be in oestrus, and who was in
oestrus a few days ago is not again: the next one is due after 18 to 24 days.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition, Phase
from pipeline.detectors.base import NO_READING, Change, Limit, Measured, Spec, Verdict
from pipeline.detectors.sustained import MEMORY, Hold, turns
from pipeline.herd_hour import HerdHour, Window, herd_median
from pipeline.hours import HOUR_US, NO_HOUR
from pipeline.tables import Column, Mask, Table

WINDOW_HOURS = 8  # half of an oestrus: the mean of fewer hours follows single quarrels
HOLD = Hold(onset_hours=2, end_hours=3)
LASTS_HOURS_MAX = 36  # the longest are under 30; activity that stays up is something else
REST_HOURS = 4 * 24  # after one: cycles shorter than 18 days are not looked for
SIGNAL, RUMINATION = "activity", "rumination_minutes"

FACTOR_LIMIT = Limit(
    "activity_factor", 1.8, "1", "+360 ± 170 % at the peak (Silper 2015); ours: docs/detectors.md"
)
OVER_LIMIT = Limit("over_factor", 1.3, "1", "a case must not flicker; ours: docs/detectors.md")
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
        median = herd_median(active.ratio)
        # a herd at rest makes nobody restless: the median only ever explains what is too much
        herd_ratio = 1.0 if median is None else max(median, 1.0)
        score = active.ratio / herd_ratio
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
        evidence = {
            int(herd.rows[place]): _evidence(herd, int(place), active, chewed, herd_ratio)
            for place in judged[told].tolist()
        }
        changes = [
            Change(
                Phase.ONSET,
                row,
                NO_READING,
                int(memory["first_hour"][row]) * HOUR_US,
                evidence[row],
            )
            for row in rows[turned.begin].tolist()
        ]
        changes += [
            Change(Phase.END, row, NO_READING, 0, evidence[row])
            for row in rows[turned.end].tolist()
        ]
        return Verdict(score, active.why_not, changes, evidence)


def _fell(chewed: Window) -> Mask:
    """(animals,): rumination has not risen, or nobody knows."""
    risen = chewed.ratio > RUMINATION_LIMIT.value
    fell: Mask = ~risen
    return fell


def _evidence(
    herd: HerdHour, place: int, active: Window, chewed: Window, herd_ratio: float
) -> tuple[Measured, ...]:
    usual = float(active.usual[place])
    said = [
        Measured(
            SIGNAL,
            "1",
            herd.ends_us,
            round(float(active.value[place]), 1),
            round(usual * herd_ratio * FACTOR_LIMIT.value, 1),
            round(usual, 1),
        )
    ]
    if chewed.why_not[place] is None:
        value, usually = float(chewed.value[place]), float(chewed.usual[place])
        said.append(
            Measured(RUMINATION, "min", herd.ends_us, round(value, 1), None, round(usually, 1))
        )
    return tuple(said)
