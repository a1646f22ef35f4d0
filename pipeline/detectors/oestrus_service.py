"""When a cow in oestrus is to be inseminated: hours after her restlessness began.

She ovulates about 29 hours after activity rises and semen needs some hours: 12 to 24 hours after
the onset is the usual advice. The onset is where the excess of activity over her usual that
carries the judgement began to add up, hours before the window that showed it was over its limit.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.detectors.base import Limit, Measured
from pipeline.features import SCALE
from pipeline.herd_hour import HerdHour
from pipeline.hours import HOUR_S
from pipeline.tables import HOUR_US

HOURS_BACK = 36  # the longest oestrus is shorter
RESTLESS = 1.3  # times her usual: what lies under it speaks for a quiet hour

FROM_LIMIT = Limit(
    "inseminate_from_h",
    12,
    "h",
    "am-pm rule (Trimberger 1948); ovulation 29 h after activity rises (Roelofs 2005); recalled",
)
UNTIL_LIMIT = Limit(
    "inseminate_until_h", 24, "h", "as inseminate_from_h: later the egg is too old (recalled)"
)


def first_restless_hour(herd: HerdHour, signal: str, place: int, excuse: float) -> int:
    """The hour (since 1970) in which her excess of a counted signal began to add up.

    Of the last HOURS_BACK; a cumulative sum of what lies over RESTLESS times her usual: the onset
    is after its last zero before its peak. excuse: by what the herd's restlessness excuses hers.
    """
    row = herd.rows[place : place + 1]
    hours = np.arange(herd.hour - HOURS_BACK + 1, herd.hour + 1)
    heard = herd.bins.heard(row, hours, signal)
    centi, seconds = heard.centi[0].tolist(), heard.seconds[0].tolist()
    usual = np.nan_to_num(herd.baselines.usual(row, signal, hours)[0]).tolist()
    total, began, peak, onset = 0.0, 0, 0.0, HOURS_BACK - 1
    for number in range(HOURS_BACK):
        level = usual[number] * SCALE * min(seconds[number], HOUR_S) / HOUR_S
        total += centi[number] - RESTLESS * excuse * level
        if total <= 0.0:
            total, began = 0.0, number + 1
        elif total > peak:
            peak, onset = total, began
    return int(hours[min(onset, HOURS_BACK - 1)])


def service_window(onset_hour: int, from_h: float, until_h: float) -> Sequence[Measured]:
    """When to inseminate, as evidence: `at` is the moment, value the hours after the onset."""
    onset_us = onset_hour * HOUR_US
    return [
        Measured(name, "h", onset_us + round(hours * HOUR_US), hours, None)
        for name, hours in (("inseminate_from", from_h), ("inseminate_until", until_h))
    ]
