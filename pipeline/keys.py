"""Ids ↔ rows without a Python object a reading: ids as words, looked up in a table of hashes.

Problem: tuples of bytes in a dictionary cost 250 bytes a key, and a microsecond a reading to make.
Approach: ids have at most 40 bytes, so five words hold one; all ids of a batch are cut out of its
bytes at once, mixed to a hash, and looked up by open addressing, every probe for all readings.
A hash only says where to look: the words are always compared, so that no two animals can be taken
for one. Rejected: a sorted array and np.searchsorted (a new key moves all of it, and a look-up
costs 17 misses of the cache in 100,000 keys instead of two).

Whatever is no ordinary id (longer, or with NUL at an end) is numbered, and its words hold the
number behind a NUL, where no id begins so.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from contracts.columns import NONE_TEXT, TextColumn
from pipeline.tables import Arrays, Column, Longs, Mask, Table, as_bytes, from_bytes

Words = NDArray[np.uint64]
Mix = Callable[[Words], NDArray[np.uint64]]

ID_BYTES = 40  # of contracts.ids.ID_PATTERN
ID_WORDS = 5
NO_KEY = -1
SLOTS_MIN = 128
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # of the golden ratio: every bit moves the high ones
_MASKS = np.array(
    [np.frombuffer(b"\xff" * n + bytes(ID_BYTES - n), "<u8") for n in range(ID_BYTES + 1)],
    np.uint64,
)


class Ids:
    """Texts ↔ words; remembers only those that are no ordinary ids."""

    def __init__(self) -> None:
        self.odd: list[bytes] = [b""]  # number 0: its words are all zero, as those of no text
        self._numbers: dict[bytes, int] = {b"": 0}

    def words_of(self, column: TextColumn) -> Words:
        """(readings, ID_WORDS); null is empty."""
        size = np.where(column.start == NONE_TEXT, 0, column.end - column.start)
        start = np.where(size == 0, 0, column.start)
        words = _cut(column.buffer, start)
        words &= _MASKS[np.minimum(size, ID_BYTES)]
        octets = words.view(np.uint8)
        last = octets[np.arange(len(size)), np.minimum(np.maximum(size, 1), ID_BYTES) - 1]
        odd = (size > ID_BYTES) | ((size > 0) & ((octets[:, 0] == 0) | (last == 0)))
        for place in np.nonzero(odd)[0].tolist():
            text = column.buffer[int(column.start[place]) : int(column.end[place])]
            words[place] = self._numbered(text)
        return words

    def words(self, text: bytes) -> Words:
        """(1, ID_WORDS): of one text."""
        span = np.array([0], np.int64), np.array([len(text)], np.int64)
        return self.words_of(TextColumn(text, *span))

    def texts(self, words: Words) -> list[bytes]:
        """What `words_of` was given."""
        padded = np.ascontiguousarray(words).view(f"S{ID_BYTES}")[:, 0].tolist()
        texts: list[bytes] = padded
        for place in np.nonzero(words.view(np.uint8)[:, 0] == 0)[0].tolist():
            texts[place] = self.odd[int(words[place, 0]) >> 8]
        return texts

    def _numbered(self, text: bytes) -> Words:
        number = self._numbers.setdefault(text, len(self.odd))
        if number == len(self.odd):
            self.odd.append(text)
        return np.array([number << 8, *([0] * (ID_WORDS - 1))], np.uint64)

    def to_array(self) -> NDArray[np.uint8]:
        """The odd ones as JSON in bytes."""
        return as_bytes([text.decode("latin-1") for text in self.odd])

    def load(self, packed: NDArray[np.uint8]) -> None:
        """Take over what to_array gave."""
        self.odd = [text.encode("latin-1") for text in from_bytes(packed)]
        self._numbers = {text: number for number, text in enumerate(self.odd)}


def _cut(buffer: bytes, start: Longs) -> Words:
    """(starts, ID_WORDS): the ID_BYTES bytes from each start on; whatever, past the end."""
    whole = max(len(buffer) - ID_BYTES + 1, 0)  # places from which so many bytes can be read
    if not whole:
        buffer, whole = buffer + bytes(ID_BYTES), len(buffer) + 1
    windows = np.ndarray((whole,), f"V{ID_BYTES}", buffer, strides=(1,))
    found = windows[np.minimum(start, whole - 1)].view("<u8").reshape(-1, ID_WORDS)
    beyond = np.nonzero(start >= whole)[0]
    if len(beyond):  # the last text of the last record
        tail = buffer[whole:] + bytes(ID_BYTES)
        found[beyond] = _cut(tail, start[beyond] - whole)
    return found


def mixed(words: Words) -> NDArray[np.uint64]:
    """(keys,): a hash of each key's words; its high bits are the good ones."""
    found = words[:, 0] * _MULTIPLIER
    for place in range(1, words.shape[1]):
        found ^= found >> np.uint64(29)
        found += words[:, place]
        found *= _MULTIPLIER
    return found


class KeyIndex:
    """Keys of so many words → rows in the order in which they were first met; rows may be freed."""

    def __init__(self, width: int, mix: Mix = mixed) -> None:
        self._mix = mix
        self._keys = Table({"words": Column("uint64", (width,))})
        self._rows = 0  # so many have ever been in use at once
        self._free: list[int] = []  # lowest last
        self._slots = np.full(SLOTS_MIN, NO_KEY, np.int32)

    def __len__(self) -> int:
        """How many rows there are, free ones among them."""
        return self._rows

    @property
    def held(self) -> int:
        """How many keys there are."""
        return self._rows - len(self._free)

    @property
    def words(self) -> Words:
        """(rows, width): the key of each row, 0 of a free one."""
        words: Words = self._keys["words"][: self._rows]
        return words

    @property
    def bytes_held(self) -> int:
        """Memory of all keys."""
        return int(self._keys["words"].nbytes + self._slots.nbytes)

    def find(self, wanted: Words) -> Longs:
        """(keys,): the row of each, NO_KEY = not known."""
        found = np.full(len(wanted), NO_KEY, np.int64)
        if not self._rows:
            return found
        words, slots = self._keys["words"], self._slots
        begins = _runs(wanted)
        if begins is not None:  # an upload's readings lie together: looked up once
            return np.repeat(self.find(wanted[begins]), np.diff(np.append(begins, len(wanted))))
        slot, asked = self._slot(wanted), np.arange(len(wanted))
        while len(asked):
            row = slots[slot]
            known = row != NO_KEY
            same = known & _equal(
                words[row], wanted if len(asked) == len(wanted) else wanted[asked]
            )
            found[asked[same]] = row[same]
            on = np.nonzero(known & ~same)[0]
            asked, slot = asked[on], (slot[on] + 1) & (len(slots) - 1)
        return found

    def take(self, wanted: Words) -> tuple[Longs, Longs]:
        """The row of each key, and those rows that are new, in the order in which they were met."""
        rows = self.find(wanted)
        unknown = np.nonzero(rows == NO_KEY)[0]
        if not len(unknown):
            return rows, unknown
        some = np.ascontiguousarray(wanted[unknown])
        whole = some.view(f"V{some.itemsize * some.shape[1]}")[:, 0]
        _, first, which = np.unique(whole, return_index=True, return_inverse=True)
        order = np.argsort(first)
        fresh = self._next_rows(len(first))
        self._keys["words"][fresh] = some[first[order]]
        row_of = np.empty(len(first), np.int64)
        row_of[order] = fresh
        rows[unknown] = row_of[which]
        self._enter(fresh)
        return rows, fresh

    def free(self, rows: Longs) -> None:
        """Forget these keys; their rows are taken again, the lowest first."""
        if not len(rows):
            return
        self._keys["words"][rows] = 0
        self._free = sorted({*self._free, *rows.tolist()}, reverse=True)
        self._slots[:] = NO_KEY
        self._enter_all()

    def in_use(self) -> Mask:
        """(rows,): which hold a key."""
        used = np.ones(self._rows, np.bool_)
        used[self._free] = False
        return used

    def to_arrays(self) -> Arrays:
        """All of it as arrays."""
        return {"words": self.words, "free": np.array(self._free, np.int64)}

    def load(self, arrays: Arrays) -> None:
        """Take over what to_arrays gave."""
        self._rows, self._free = len(arrays["words"]), arrays["free"].tolist()
        self._keys.load({"words": arrays["words"]})
        self._enter_all()

    def _next_rows(self, count: int) -> Longs:
        again = [self._free.pop() for _ in range(min(count, len(self._free)))]
        new = range(self._rows, self._rows + count - len(again))
        self._rows += len(new)
        self._keys.reach(self._rows)
        return np.array([*again, *new], np.int64)

    def _enter_all(self) -> None:
        self._enter(np.nonzero(self.in_use())[0])

    def _enter(self, rows: Longs) -> None:
        """Note where keys lie that are not in the slots yet."""
        if 2 * self._rows > len(self._slots):  # half empty: two probes find a key
            self._slots = np.full(1 << (4 * self._rows - 1).bit_length() - 1, NO_KEY, np.int32)
            rows = np.nonzero(self.in_use())[0]
        slots, slot = self._slots, self._slot(self._keys["words"][rows])
        while len(rows):
            vacant = slots[slot] == NO_KEY
            slots[slot[vacant]] = rows[vacant]
            lost = np.nonzero(slots[slot] != rows)[0]  # of several in one slot, one stays
            rows, slot = rows[lost], (slot[lost] + 1) & (len(slots) - 1)

    def _slot(self, words: Words) -> Longs:
        bits = len(self._slots).bit_length() - 1
        slot: Longs = (self._mix(words) >> np.uint64(64 - bits)).astype(np.int64)
        return slot


def _equal(some: Words, others: Words) -> Mask:
    """(keys,): whether all words are the same."""
    differ = some ^ others
    found = differ[:, 0]
    for place in range(1, differ.shape[1]):
        found |= differ[:, place]
    same: Mask = found == 0
    return same


def _runs(words: Words) -> Longs | None:
    """Where runs of one key begin, if that at least halves the keys."""
    if len(words) < 2:  # noqa: PLR2004  one key is no run
        return None
    begins = np.nonzero(np.append([True], ~_equal(words[1:], words[:-1])))[0]
    return begins if 2 * len(begins) <= len(words) else None


class FarmKeys:
    """Rows keyed by farm and id (and numbers beside it): of animals, or of collars' boots."""

    def __init__(self, farms: "Farms", numbers: int = 0) -> None:
        self._farms, self._numbers = farms, numbers
        self.index = KeyIndex(1 + numbers + ID_WORDS)

    def __len__(self) -> int:
        return len(self.index)

    def words(self, farm: Longs, ids: Words, *numbers: Longs) -> Words:
        """(keys, …): the words of a key; farm: rows of farms."""
        columns = [column.astype(np.int64).view(np.uint64) for column in (farm, *numbers)]
        return np.column_stack([*columns, ids])

    def find(self, key: tuple[bytes, bytes]) -> int | None:
        """The row of (farm, id); None if it is not known."""
        farm = self._farms.find(key[0])
        if farm is None:
            return None
        row = int(self.index.find(self.words(np.array([farm]), self._farms.ids.words(key[1])))[0])
        return None if row == NO_KEY else row

    def key(self, row: int) -> tuple[bytes, bytes]:
        """(farm, id) of a row."""
        farm = int(self.farm_of(np.array([row]))[0])
        return self._farms.names[farm].encode(), self.ids(np.array([row]))[0]

    def ids(self, rows: Longs) -> list[bytes]:
        """The id of each row."""
        return self._farms.ids.texts(self.id_words(rows))

    def id_words(self, rows: Longs) -> Words:
        """(rows, ID_WORDS): the id of each row, as words."""
        return self.index.words[rows][:, 1 + self._numbers :]

    def names(self, rows: Longs) -> list[str]:
        """The id of each row, as text."""
        return [one.decode() for one in self.ids(rows)]

    def farm_of(self, rows: Longs) -> Longs:
        """The farm's row of each row."""
        farm: Longs = self.index.words[rows, 0].view(np.int64)
        return farm


class Farms:
    """Farms by row, and the ids of everything in them."""

    def __init__(self) -> None:
        self.ids = Ids()
        self.index = KeyIndex(ID_WORDS)
        self.names: list[str] = []

    def take(self, column: TextColumn) -> Longs:
        """(readings,): the row of each one's farm."""
        rows, fresh = self.index.take(self.ids.words_of(column))
        self._name(fresh)
        return rows

    def add(self, farm: bytes) -> int:
        """The row of one farm, which is known from now on."""
        rows, fresh = self.index.take(self.ids.words(farm))
        self._name(fresh)
        return int(rows[0])

    def find(self, farm: bytes) -> int | None:
        """The row of a farm; None if it is not known."""
        row = int(self.index.find(self.ids.words(farm))[0])
        return None if row == NO_KEY else row

    def rows_of(self, names: Sequence[str]) -> Longs:
        """The rows of those that are known."""
        found = [self.find(name.encode()) for name in names]
        return np.array([row for row in found if row is not None], np.int64)

    def to_arrays(self) -> Arrays:
        """All of it as arrays."""
        return {"odd_ids": self.ids.to_array(), **self.index.to_arrays()}

    def load(self, arrays: Arrays) -> None:
        """Take over what to_arrays gave."""
        self.ids.load(arrays["odd_ids"])
        self.index.load(arrays)
        self._name(np.arange(len(self.index)))

    def _name(self, fresh: Longs) -> None:
        self.names += [one.decode() for one in self.ids.texts(self.index.words[fresh])]
