"""Rumination drop: the last 24 hours lie far below her own usual, and the herd's do not.

Rumination falls days before ketosis and displaced abomasum are diagnosed, and with many other
illnesses. It falls for a whole herd with a new ration or a hot day: so each animal is held against
the herd's median, fixed when the hour is judged.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition, Phase
from pipeline.detectors.base import NO_READING, Change, Limit, Measured, Spec, Verdict
from pipeline.detectors.sustained import MEMORY, Hold, turns
from pipeline.herd_hour import HerdHour, Window, herd_median
from pipeline.hours import HOUR_US
from pipeline.tables import Column, Table

WINDOW_HOURS = 24  # a whole day: meals, milking and night are in it once
HOLD = Hold(
    onset_hours=3, end_hours=3
)  # the window moves slowly; fewer would fire on one late hour
SIGNAL, EATING, HERD = "rumination_minutes", "eating_minutes", "herd_rumination_pct"

DROP_LIMIT = Limit(
    "drop_pct",
    30.0,
    "%",
    "30 % below the own mean is the common rule (Eckelkamp 2018), which the herd's median made "
    "a third less often wrong; ours: docs/detectors.md",
)
OVER_LIMIT = Limit(
    "over_pct", 15.0, "%", "half of the onset's: a case must not flicker; ours: docs/detectors.md"
)


class RuminationDrop:
    """The detector of rumination_drop."""

    spec = Spec("rumination_drop", 1, Condition.RUMINATION_DROP, (DROP_LIMIT, OVER_LIMIT))
    memory: Mapping[str, Column] = MEMORY
    window_hours = WINDOW_HOURS

    def judge_hour(self, herd: HerdHour, memory: Table) -> Verdict:
        """Score: per cent by which the last day lies below usual; see ByHour."""
        chewed = herd.window(SIGNAL, WINDOW_HOURS)
        median = herd_median(chewed.ratio)
        herd_ratio = 1.0 if median is None else max(median, 0.1)  # a herd that all but stopped
        score = (1.0 - chewed.ratio / herd_ratio) * 100.0
        judged = np.nonzero(np.isfinite(score))[0]
        rows = herd.rows[judged]
        turned = turns(
            memory,
            rows,
            herd.hour,
            score[judged] >= DROP_LIMIT.value,
            score[judged] < OVER_LIMIT.value,
            HOLD,
        )
        told = memory["open"][rows]
        told[turned.end] = True
        eaten = herd.window(EATING, WINDOW_HOURS) if told.any() else None
        evidence = {
            int(herd.rows[place]): _evidence(herd, int(place), chewed, eaten, median)
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
        return Verdict(score, chewed.why_not, changes, evidence)


def _evidence(
    herd: HerdHour, place: int, chewed: Window, eaten: Window | None, median: float | None
) -> tuple[Measured, ...]:
    at_us = herd.ends_us
    usual = float(chewed.usual[place])
    fires_under = usual * (1.0 if median is None else median) * (1.0 - DROP_LIMIT.value / 100.0)
    said = [
        Measured(
            SIGNAL,
            "min",
            at_us,
            round(float(chewed.value[place]), 1),
            round(fires_under, 1),
            round(usual, 1),
        )
    ]
    if eaten is not None and eaten.why_not[place] is None:
        value, usually = float(eaten.value[place]), float(eaten.usual[place])
        said.append(Measured(EATING, "min", at_us, round(value, 1), None, round(usually, 1)))
    if median is not None:
        said.append(Measured(HERD, "%", at_us, round((median - 1.0) * 100.0, 1), None))
    return tuple(said)
