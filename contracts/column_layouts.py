"""Records of one layout as a matrix: their columns by slicing, without a cursor. Pure.

Problem: a cursor a record costs a gather for every field, though most records of a herd are built
alike, byte for byte: the same fields measured, the same lengths of ids.
Approach: a layout is learnt from one record, read byte by byte: which of its bytes say how the rest
lies (branches, lengths, the top bits of varints), and where each field is. Other records of the
same length have it if those bytes agree, all of them tested in one masked comparison; then every
field is a slice of the matrix (records, bytes). The mask also asks that texts are ASCII.
Rejected: a layout from the schema alone (2^n of them); signatures of each record to group by (the
cursors again).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.column_walk import NUMBERS, VARINT_BYTES_MAX, Longs, Mask

Octets = NDArray[np.uint8]
ALL_BITS, TOP_BIT = 0xFF, 0x80


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field without fields in it. kind: long | float | double | text.

    null: the number of the branch that is null, None = no union. row: of the sheet's array of its
    kind, None = not wanted. time: microseconds (or fractions of them) that datetime must hold.
    """

    path: str
    kind: str
    null: int | None
    row: int | None
    low: int | None = None
    high: int | None = None


@dataclass(slots=True)
class Sheet:
    """Records as arrays (fields, records): null is NONE_LONG, NaN, NONE_TEXT.

    odd: (records,), not read: a single decoder decides. buffer: the bytes that texts lie in.
    """

    buffer: bytes
    longs: NDArray[np.int64]
    floats: NDArray[np.float64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    odd: Mask


class Layout:
    """Where everything lies in records that are built like one of them."""

    def __init__(self, leaves: Sequence[Leaf], raw: bytes, skip: int) -> None:
        """Learn it; raises IndexError or ValueError if the record is odd. skip: bytes before it."""
        self.hits = 0
        mask = bytearray(len(raw))
        self._longs: list[tuple[Leaf, int, int]] = []
        self._floats: dict[str, list[tuple[Leaf, int]]] = {kind: [] for kind in NUMBERS}
        self._texts: list[tuple[Leaf, int, int]] = []
        at = skip
        for leaf in leaves:
            at = self._over(leaf, raw, at, mask)
        if at != len(raw):
            raise ValueError("bytes left over")
        self._mask = np.frombuffer(bytes(mask), np.uint8)
        self._built = np.frombuffer(raw, np.uint8) & self._mask
        if any(raw[i] & TOP_BIT for _, start, end in self._texts for i in range(start, end)):
            raise ValueError("a text beyond ASCII")
        self._slices()

    def has(self, block: Octets) -> Mask:
        """Which of the records (records, bytes) are built so."""
        return ~_in_any((block & self._mask) != self._built)

    def fill(self, sheet: Sheet, block: Octets, start: Longs, at: Longs | slice) -> None:
        """Write the records into the columns `at` of the sheet. start: of each in its buffer."""
        odd = np.zeros(len(block), np.bool_)
        if len(self._bounds):
            longs = _unzigzagged(block.take(self._octets, axis=1), self._shifts, self._bounds)
            odd |= _in_any((longs < self._low) | (longs > self._high))
            sheet.longs[_rows(self._long_rows, at), at] = longs[:, self._long_wanted].T
        for kind, (octets, rows, wanted) in self._numbers.items():
            values = block.take(octets, axis=1).view(kind)
            odd |= _in_any(~np.isfinite(values))
            sheet.floats[_rows(rows, at), at] = values[:, wanted].T
        if len(self._text_rows):
            rows = _rows(self._text_rows, at)
            sheet.starts[rows, at] = self._text_starts[:, None] + start
            sheet.ends[rows, at] = self._text_ends[:, None] + start
        sheet.odd[at] = odd

    def _over(self, leaf: Leaf, raw: bytes, at: int, mask: bytearray) -> int:
        """The place behind the leaf that begins `at`."""
        if leaf.null is not None:
            if raw[at] not in (0, 2):
                raise ValueError("a branch that is none")
            mask[at] = ALL_BITS
            at += 1
            if raw[at - 1] == 2 * leaf.null:
                return at
        if leaf.kind in NUMBERS:
            self._floats[leaf.kind].append((leaf, at))
            return at + (4 if leaf.kind == "float" else 8)
        behind = at + 1
        while raw[behind - 1] & TOP_BIT:
            behind += 1
        if behind - at > VARINT_BYTES_MAX:
            raise ValueError("a varint too long")
        if leaf.kind == "long":
            mask[at:behind] = bytes([TOP_BIT]) * (behind - at)
            self._longs.append((leaf, at, behind))
            return behind
        mask[at:behind] = bytes([ALL_BITS]) * (behind - at)
        bits = sum((raw[i] & ~TOP_BIT) << 7 * (i - at) for i in range(at, behind))
        end = behind + (bits >> 1)
        if bits & 1 or end > len(raw):
            raise ValueError("a length past the end")
        mask[behind:end] = bytes([TOP_BIT]) * (end - behind)
        self._texts.append((leaf, behind, end))
        return end

    def _slices(self) -> None:
        places = [(leaf, at, end) for leaf, at, end in self._longs]
        self._octets = _array([i for _, at, end in places for i in range(at, end)])
        self._shifts = _array([7 * (i - at) for _, at, end in places for i in range(at, end)])
        sizes = [end - at for _, at, end in places]
        self._bounds = np.cumsum([0, *sizes], dtype=np.intp)[: len(sizes)]
        least, most = np.iinfo(np.int64).min, np.iinfo(np.int64).max
        self._low = _array([least if leaf.low is None else leaf.low for leaf, _, _ in places])
        self._high = _array([most if leaf.high is None else leaf.high for leaf, _, _ in places])
        wanted = [(i, leaf.row) for i, (leaf, _, _) in enumerate(places) if leaf.row is not None]
        self._long_wanted = _array([i for i, _ in wanted])
        self._long_rows = _array([row for _, row in wanted])
        self._numbers: dict[str, tuple[Longs, Longs, Longs]] = {}
        for name, some in self._floats.items():
            size = 4 if name == "float" else 8
            wanted = [(i, leaf.row) for i, (leaf, _) in enumerate(some) if leaf.row is not None]
            if some:
                octets = _array([at + i for _, at in some for i in range(size)])
                rows, among = _array([row for _, row in wanted]), _array([i for i, _ in wanted])
                self._numbers[NUMBERS[name]] = octets, rows, among
        texts = [(leaf.row, at, end) for leaf, at, end in self._texts if leaf.row is not None]
        self._text_rows = _array([row for row, _, _ in texts])
        self._text_starts = _array([at for _, at, _ in texts])
        self._text_ends = _array([end for _, _, end in texts])


def _unzigzagged(octets: Octets, shifts: Longs, bounds: NDArray[np.intp]) -> Longs:
    """(records, fields): the varints whose bytes stand beside each other, from `bounds` on."""
    bits = (octets & 0x7F).astype(np.int64) << shifts
    whole: Longs = np.add.reduceat(bits, bounds, axis=1)
    unzigzagged: Longs = (whole >> 1) ^ -(whole & 1)
    return unzigzagged


def _in_any(wrong: Mask) -> Mask:
    """(records,): in which row something is wrong; nearly always in none, and that is told soon."""
    found: Mask = np.zeros(len(wrong), np.bool_)
    if wrong.any():
        wrong.any(axis=1, out=found)
    return found


def _rows(rows: Longs, at: Longs | slice) -> Longs:
    return rows if isinstance(at, slice) else rows[:, None]


def _array(values: Sequence[Any]) -> Longs:
    return np.array(values, np.int64)
