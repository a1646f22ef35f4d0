"""Which station heard each reading: names as numbers, in the order in which they first spoke."""

import numpy as np

from contracts.columns import TextColumn
from pipeline.detectors.base import NO_STATION
from pipeline.keys import ID_WORDS, NO_KEY, Ids, KeyIndex
from pipeline.tables import Arrays, Longs

STATIONS_MAX = 10_000  # of a partition; a name beyond is none: whoever makes up names gets no room


class Stations:
    """(farm, station_id) → code; none is ever forgotten."""

    def __init__(self) -> None:
        self._ids = Ids()
        self._index = KeyIndex(1 + ID_WORDS)

    def codes_of(self, farms: Longs, column: TextColumn) -> Longs:
        """(readings,): the code of each one's station, NO_STATION = none. farms: rows of farms.

        In the order of the log: a code must not hang on where batches are cut.
        """
        codes = np.full(len(farms), NO_STATION, np.int64)
        named = np.nonzero(column.end > np.maximum(column.start, 0))[0]
        if not len(named):
            return codes
        words = self._ids.words_of(column.take(named))
        keys = np.column_stack([farms[named].astype(np.int64).view(np.uint64), words])
        codes[named] = self._index.find(keys)
        fresh = named[codes[named] == NO_KEY]
        if len(fresh) and len(self._index) + len(fresh) <= STATIONS_MAX:
            codes[fresh], _ = self._index.take(keys[np.searchsorted(named, fresh)])
        elif len(fresh) and len(self._index) < STATIONS_MAX:
            for place in fresh.tolist():  # up to the last one that has room, wherever it is cut
                key = keys[np.searchsorted(named, [place])]
                has_room = len(self._index) < STATIONS_MAX
                codes[place] = (self._index.take(key)[0] if has_room else self._index.find(key))[0]
        return codes

    def name(self, code: int) -> str:
        """The station_id of a code."""
        return self._ids.texts(self._index.words[[code]][:, 1:])[0].decode()

    def to_arrays(self) -> Arrays:
        """All of it as arrays."""
        return {"odd_ids": self._ids.to_array(), **self._index.to_arrays()}

    def load(self, arrays: Arrays) -> None:
        """Take over what to_arrays gave."""
        self._ids.load(arrays["odd_ids"])
        self._index.load(arrays)
