"""Counting each reading once: per collar and boot the highest seq, and what is missing below it.

The log holds every reading at least once. A collar counts its readings by one, so nearly always
the next seq follows the highest: that path is vectorised. What lies below is a repeat, unless it
is in a hole: a letter that was repaired and sent again days later still counts, once.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.keys import FarmKeys, Farms, Words
from pipeline.tables import NO_DAY, Arrays, Column, Longs, Mask, Table, note_day

# a collar with more gaps than this in one boot forgets the oldest: those count as repeats then
HOLES_MAX = 64
SEQ_UNSEEN = -(2**62)  # below every seq: a boot met for the first time
BOOT_DAYS = 60  # twice as long as dead letters may be sent again
COLLAR_DAYS = 400  # as long as the log keeps readings


class Sequences:
    """What has been counted, of each (farm, collar, boot)."""

    def __init__(self, farms: Farms) -> None:
        self.boots = FarmKeys(farms, numbers=1)
        self._tops = Table(
            {
                "top": Column("int64", fill=SEQ_UNSEEN),
                "heard_day": Column("int32", fill=NO_DAY),  # of log time
            }
        )
        self._holes: dict[int, list[tuple[int, int]]] = {}  # row → missing, both ends included
        self.holes_forgotten = 0

    def rows_of(self, farms: Longs, collars: Words, boot_ids: Longs) -> Longs:
        """(readings,): the row of each one's boot; farms: rows of farms."""
        rows, _ = self.boots.index.take(self.boots.words(farms, collars, boot_ids))
        self._tops.reach(len(self.boots))
        return rows

    def first_seen(self, rows: Longs, seqs: Longs) -> Mask:
        """(readings,): whether it counts; rows: of its boot, all in log order."""
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
            **{f"boots.{name}": array for name, array in self.boots.index.to_arrays().items()},
            **self._tops.to_arrays(len(self.boots)),
            "holes": np.array(sorted(holes), np.int64).reshape(-1, 3),
            "holes_forgotten": np.array([self.holes_forgotten], np.int64),
        }

    def load(self, arrays: Arrays) -> None:
        """Take over what to_arrays gave."""
        self.boots.index.load({name: arrays[f"boots.{name}"] for name in ("words", "free")})
        self._tops.load(arrays)
        for row, low, high in arrays["holes"].tolist():
            self._holes.setdefault(row, []).append((low, high))
        self.holes_forgotten = int(arrays["holes_forgotten"][0])

    def heard(self, rows: Longs, days: Longs) -> None:
        """Note on which days of log time these boots were heard."""
        note_day(self._tops["heard_day"], rows, days)

    def free_gone(self, farms: Longs, today: int) -> None:
        """Forget the boots of these farms whose letters nobody may send again.

        A collar that has started anew since sends no more of its former boot; one that is silent
        for longer than the log keeps readings has none left that are in it.
        """
        keys = self.boots.index
        heard = self._tops["heard_day"][: len(keys)]
        silent = keys.in_use() & (heard < today - BOOT_DAYS) & np.isin(keys.words[:, 0], farms)
        rows = np.nonzero(silent)[0]
        if not len(rows):
            return
        lately = np.nonzero(keys.in_use() & (heard >= today - BOOT_DAYS))[0]
        began_anew = np.isin(self._collars(rows), self._collars(lately))
        gone = rows[began_anew | (heard[rows] < today - COLLAR_DAYS)]
        keys.free(gone)
        self._tops.clear(gone)
        for row in gone.tolist():
            self._holes.pop(row, None)

    @property
    def bytes_held(self) -> int:
        """Memory of all boots, holes aside."""
        return self.boots.index.bytes_held + self._tops.bytes_per_row * len(self.boots)

    def _collars(self, rows: Longs) -> NDArray[np.void]:
        """(rows,): farm and collar of each boot, as one value."""
        words = np.delete(self.boots.index.words[rows], 1, axis=1)
        return np.ascontiguousarray(words).view(f"V{words.shape[1] * words.itemsize}")[:, 0]
