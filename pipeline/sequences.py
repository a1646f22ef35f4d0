"""Counting each reading once: per collar and boot the highest seq, and what is missing below it.

The log holds every reading at least once. A collar counts its readings by one, so nearly always
the next seq follows the highest: that path is vectorised. What lies below is a repeat, unless it
is in a hole: a letter that was repaired and sent again days later still counts, once.
"""

import numpy as np

from pipeline.tables import Arrays, Column, Longs, Mask, Rows, Table

# a collar with more gaps than this in one boot forgets the oldest: those count as repeats then
HOLES_MAX = 64
SEQ_UNSEEN = -(2**62)  # below every seq: a boot met for the first time


class Sequences:
    """What has been counted, of each (farm, collar, boot)."""

    def __init__(self) -> None:
        self.boots = Rows()
        self._tops = Table({"top": Column("int64", fill=SEQ_UNSEEN)})
        self._holes: dict[int, list[tuple[int, int]]] = {}  # row → missing, both ends included
        self.holes_forgotten = 0

    def first_seen(self, keys: list[tuple[bytes, bytes, int]], seqs: Longs) -> Mask:
        """(readings,): whether it counts; keys: (farm, collar, boot_id) of each, in log order."""
        rows = self.boots.of(keys)
        self._tops.reach(len(self.boots))
        tops = self._tops["top"]
        order = np.argsort(rows, kind="stable")
        row, seq = rows[order], seqs[order]
        starts = np.nonzero(np.concatenate([[True], row[1:] != row[:-1]]))[0] if len(row) else order
        sizes = np.diff(np.append(starts, len(row)))
        rank = np.arange(len(row)) - np.repeat(starts, sizes)
        follows = seq == tops[row] + 1 + rank
        smooth = np.logical_and.reduceat(follows, starts) if len(starts) else follows
        tops[row[starts[smooth]]] += sizes[smooth]
        counts = np.ones(len(row), np.bool_)
        for start, size in zip(starts[~smooth].tolist(), sizes[~smooth].tolist(), strict=True):
            for place in range(start, start + size):
                counts[place] = self._take(int(row[place]), int(seq[place]))
        unsorted = np.empty_like(counts)
        unsorted[order] = counts
        return unsorted

    def _take(self, row: int, seq: int) -> bool:
        top = int(self._tops["top"][row])
        if seq > top:
            if seq > top + 1:
                self._dig(row, top + 1, seq - 1)
            self._tops["top"][row] = seq
            return True
        for index, (low, high) in enumerate(self._holes.get(row, ())):
            if low <= seq <= high:
                left = [(a, b) for a, b in ((low, seq - 1), (seq + 1, high)) if a <= b]
                self._holes[row][index : index + 1] = left
                self._forget_beyond_limit(row)
                return True
        return False

    def _dig(self, row: int, low: int, high: int) -> None:
        self._holes.setdefault(row, []).append((low, high))
        self._forget_beyond_limit(row)

    def _forget_beyond_limit(self, row: int) -> None:
        holes = self._holes[row]
        if len(holes) > HOLES_MAX:
            self.holes_forgotten += 1
            del holes[0]
        elif not holes:
            del self._holes[row]

    def to_arrays(self) -> Arrays:
        """All of it as arrays."""
        holes = [(row, low, high) for row, some in self._holes.items() for low, high in some]
        return {
            "boots": self.boots.to_array(),
            **self._tops.to_arrays(len(self.boots)),
            "holes": np.array(sorted(holes), np.int64).reshape(-1, 3),
            "holes_forgotten": np.array([self.holes_forgotten], np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> "Sequences":
        """What to_arrays gave."""
        found = cls()
        found.boots = Rows.from_array(arrays["boots"])
        found._tops.load({"top": arrays["top"]})
        for row, low, high in arrays["holes"].tolist():
            found._holes.setdefault(row, []).append((low, high))
        found.holes_forgotten = int(arrays["holes_forgotten"][0])
        return found
