"""The newest sign of life of each animal, in whatever order they come. Pure."""

import numpy as np

from pipeline.detectors.base import Voices
from pipeline.tables import Longs, Table


def newest_of_each(voices: Voices, memory: Table, *, by_station: bool = False) -> Longs:
    """Indices of the voices that are newer than what is known of their animals, one an animal.

    Of several at one time, that with the longest interval, then that of the highest station: so
    no order of the log can be seen in it. memory: has `heard_us` and `interval_us`; by_station:
    `station` too.
    """
    order = np.lexsort((voices.station, voices.interval_us, voices.heard_us, voices.row))
    row = voices.row[order]
    last = order[np.append(row[1:] != row[:-1], [True])] if len(order) else order
    rows = voices.row[last]
    heard_us, known_us = voices.heard_us[last], memory["heard_us"][rows]
    interval_us, known_interval_us = voices.interval_us[last], memory["interval_us"][rows]
    same = heard_us == known_us
    newer = (heard_us > known_us) | (same & (interval_us > known_interval_us))
    if by_station:
        same &= interval_us == known_interval_us
        newer |= same & (voices.station[last] > memory["station"][rows])
    found: Longs = last[newer]
    return found
