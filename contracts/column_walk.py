"""Avro records of any schema of ours → one column a field, over all records at once. Pure.

Problem: fastavro makes one dictionary a record, 0.13 M records/s; who judges a batch wants arrays.
Approach: one cursor a record over the joined bytes; the schema is walked once, and every step moves
all cursors (varints, text as start and end, unions by their branch, arrays item by item). Whatever
looks odd (a length past the end, a branch that is none, a text beyond ASCII, a varint over nine
bytes, a very long array) is only marked: such a record is left to a decoder of single records. So
the walk may be wrong about being odd, never about a value, and a damaged record costs only itself.
Nothing is ever made as large as a length or a count says: only as large as what was really read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]
Schema = Any  # of an Avro type: text, a list (union) or a dictionary

PAD_BYTES = 16  # a cursor at the very end may still read a whole varint or double
VARINT_BYTES_MAX = 9  # ten only for numbers of more than 62 bits: left to single records
ITEMS_MAX = 4096  # of one array: each costs a step over all records; our longest has some dozens
STEPS_MAX = 4 * ITEMS_MAX  # over items in one batch: arrays in arrays would multiply
DEPTH_MAX = 24  # a schema that contains itself would be walked for ever; ours have three levels
BRANCHES_MAX = 64  # of one union: its number is then a single byte
NUMBERS = {"float": "<f4", "double": "<f8"}
WIDTHLESS = "null"


class UnwalkableError(ValueError):
    """A schema with a type that the walk does not know; names it."""


@dataclass(slots=True)
class Column:
    """What the records (or items) `at` hold; all others are null, or took another branch.

    at: ascending. values: (at,), of longs and floats. start, end: (at,), of texts, in the joined
    bytes. counts: (at,), of an array; its items have columns of their own.
    """

    kind: str  # "long" | "float" | "text" | "branch" | "array"
    at: Longs
    values: NDArray[Any]
    end: Longs | None = None


Columns = dict[str, Column]


@dataclass(slots=True)
class _Parts:
    """A column under way: what each step added."""

    kind: str
    at: list[Longs] = field(default_factory=list)
    values: list[NDArray[Any]] = field(default_factory=list)
    ends: list[Longs] = field(default_factory=list)


def walk(schema: Schema, raws: Sequence[bytes], skip: int = 0) -> tuple[Columns, Mask, bytes]:
    """The columns of records by path, which records are odd, and the bytes the texts lie in.

    skip: bytes before each record. Paths: `payload.seq`; of a union of more than null and one
    simple type `x?` tells the branch and `x:string` holds what took it; of an array `x` counts and
    `x[].y` holds the items of all records in their order. What an odd record holds is not told
    apart. Raises UnwalkableError.
    """
    walking = _Walk(raws, skip)
    everyone = np.arange(len(raws))
    walking.value(schema, "", everyone, everyone)
    walking.odd |= walking.cursor != walking.end
    return walking.columns(), walking.odd, walking.joined


class _Walk:
    """Cursors over the joined records: each step moves those of the records `at`.

    slots: where the values go, one for each of `at`: the record itself, or an array's item.
    """

    def __init__(self, raws: Sequence[bytes], skip: int) -> None:
        self.joined = b"".join(raws)
        self.octets = np.frombuffer(self.joined + bytes(PAD_BYTES), np.uint8)
        lengths = np.fromiter(map(len, raws), np.int64, len(raws))
        self.end = np.cumsum(lengths)
        self.cursor = np.minimum(self.end - lengths + skip, self.end)
        self.odd = lengths < skip
        self._parts: dict[str, _Parts] = {}
        self._owners: dict[str, list[Longs]] = {}  # array → the slot that each item belongs to
        self._items: dict[str, int] = {}  # array → how many items so far
        self._steps = 0
        self._named: dict[str, Schema] = {}
        # [i]: how many bytes before i are beyond ASCII; a text with any is odd
        self._beyond = np.zeros(len(self.octets) + 1, np.int32)
        np.cumsum(self.octets > 0x7F, dtype=np.int32, out=self._beyond[1:])  # noqa: PLR2004  ASCII's last

    def value(self, schema: Schema, path: str, at: Longs, slots: Longs) -> None:
        """Walk over one value of the records `at`."""
        if path.count(".") > DEPTH_MAX:
            raise UnwalkableError(f"{path} is nested deeper than {DEPTH_MAX} levels")
        match schema:
            case list():
                self._union(schema, path, at, slots)
            case {"type": "record", "fields": fields}:
                self._named[_short(schema["name"])] = schema
                for one in fields:
                    self.value(one["type"], f"{path}.{one['name']}".lstrip("."), at, slots)
            case {"type": "array", "items": items}:
                self._array(items, path, at, slots)
            case {"type": "enum"} | {"type": "fixed"}:
                self._named[_short(schema["name"])] = schema
                self._simple(schema, path, at, slots)
            case {"type": inner}:
                self.value(inner, path, at, slots)  # a logical type is read as what carries it
            case str() if _short(schema) in self._named:
                self.value(self._named[_short(schema)], path, at, slots)
            case _:
                self._simple(schema, path, at, slots)

    def columns(self) -> Columns:
        """What was walked over, items of arrays sorted by whom they belong to."""
        found = {path: _joined(parts) for path, parts in self._parts.items()}
        for array, owners in self._owners.items():  # an outer one stands before those in it
            owner = np.concatenate([np.empty(0, np.int64), *owners])
            order = np.argsort(owner, kind="stable")
            placed = np.empty_like(order)
            placed[order] = np.arange(len(order))
            inner = f"{array}[]"
            for path, column in found.items():
                if path.startswith(inner) and "[]" not in path[len(inner) :]:
                    found[path] = _moved(column, placed)
            for nested, of in self._owners.items():
                if nested.startswith(inner) and "[]" not in nested[len(inner) :]:
                    self._owners[nested] = [placed[one] for one in of]
        return found

    def _simple(self, schema: Schema, path: str, at: Longs, slots: Longs) -> None:
        match schema:
            case "null":
                pass
            case "int" | "long":
                self._add(path, "long", slots, self._long(at))
            case {"type": "enum", "symbols": symbols}:
                number = self._long(at)
                self.odd[at] |= (number < 0) | (number >= len(symbols))
                self._add(path, "long", slots, number)
            case "boolean":
                octet = self._octets(at, 1)[:, 0]
                self.odd[at] |= octet > 1
                self._add(path, "long", slots, octet.astype(np.int64))
            case "float" | "double":
                kind = NUMBERS[schema]
                octets = self._octets(at, np.dtype(kind).itemsize)
                with np.errstate(invalid="ignore"):  # a signalling NaN stays a NaN
                    wide = octets.view(kind)[:, 0].astype(np.float64)
                self._add(path, "float", slots, wide)
            case "string" | "bytes":
                self._text(path, at, slots, self._long(at), ascii_only=schema == "string")
            case {"type": "fixed", "size": size}:
                self._text(path, at, slots, np.full(len(at), size, np.int64), ascii_only=False)
            case _:
                raise UnwalkableError(f"the walk knows no Avro type {schema!r} of {path}")

    def _union(self, branches: list[Schema], path: str, at: Longs, slots: Longs) -> None:
        if len(branches) > BRANCHES_MAX:
            raise UnwalkableError(f"{path} is a union of {len(branches)} types")
        cursor = self.cursor[at]
        octet = self.octets[cursor]
        wrong = (octet >= 2 * len(branches)) | (octet & 1 == 1)  # zigzag: the number, doubled
        self.odd[at] |= wrong
        self._move(at, cursor + 1)
        others = [branch for branch in branches if branch != WIDTHLESS]
        plain = len(others) == 1 and _is_simple(others[0])
        if not plain:
            self._add(f"{path}?", "branch", slots, (octet >> 1).astype(np.int64))
        for number, branch in enumerate(branches):
            if branch == WIDTHLESS:
                continue
            chosen = octet == 2 * number
            inner = path if len(others) == 1 else f"{path}:{_name(branch)}"
            self.value(branch, inner, at[chosen], slots[chosen])

    def _array(self, items: Schema, path: str, at: Longs, slots: Longs) -> None:
        """Blocks of items, each behind its count; a negative one is followed by a size in bytes."""
        if not _has_width(items):
            raise UnwalkableError(f"the items of {path} may take no bytes")
        counts = np.zeros(len(at), np.int64)
        owners = self._owners.setdefault(path, [])
        self.value(items, f"{path}[]", at[:0], slots[:0])  # its columns are there without items too
        open_ = np.arange(len(at))  # of `at`: whose array goes on
        while len(open_):
            count = self._long(at[open_])
            sized = open_[count < 0]
            self._long(at[sized])
            count = np.abs(count)
            steps = int(count.max(initial=0, where=count <= ITEMS_MAX))
            too_many = (count + counts[open_] > ITEMS_MAX) | (self._steps + steps > STEPS_MAX)
            room = (self.end - self.cursor)[at[open_]]
            self.odd[at[open_]] |= too_many | (count > room)
            count[self.odd[at[open_]]] = 0  # an odd one ends here
            for number in range(int(count.max(initial=0))):
                more = open_[count > number]
                before = self._items.get(path, 0)
                self._items[path] = before + len(more)
                self._steps += 1
                owners.append(slots[more])
                self.value(items, f"{path}[]", at[more], np.arange(before, self._items[path]))
            counts[open_] += count
            open_ = open_[count > 0]
        self._add(path, "array", slots, counts)

    def _text(self, path: str, at: Longs, slots: Longs, length: Longs, *, ascii_only: bool) -> None:
        start = self.cursor[at]
        wrong = (length < 0) | (length > self.end[at] - start)
        end = start + np.where(wrong, 0, length)
        if ascii_only:
            wrong |= self._beyond[end] != self._beyond[start]
        self.odd[at] |= wrong
        self.cursor[at] = end
        self._add(path, "text", slots, start, end)

    def _long(self, at: Longs) -> Longs:
        """Zigzag varints."""
        cursor = self.cursor[at]
        octet = self.octets[cursor]
        bits: Longs = (octet & 0x7F).astype(np.int64)
        cursor += 1
        more = np.nonzero(octet & 0x80)[0]
        for shift in range(7, 7 * VARINT_BYTES_MAX, 7):
            if not len(more):
                break
            octet = self.octets[cursor[more]]
            bits[more] |= (octet & 0x7F).astype(np.int64) << shift
            cursor[more] += 1
            more = more[(octet & 0x80) != 0]
        self.odd[at[more]] = True
        self._move(at, cursor)
        unzigzagged: Longs = (bits >> 1) ^ -(bits & 1)
        return unzigzagged

    def _octets(self, at: Longs, size: int) -> NDArray[np.uint8]:
        cursor = self.cursor[at]
        octets: NDArray[np.uint8] = self.octets[cursor[:, None] + np.arange(size)]
        self._move(at, cursor + size)
        return octets

    def _move(self, at: Longs, cursor: Longs) -> None:
        end = self.end[at]
        self.odd[at] |= cursor > end
        self.cursor[at] = np.minimum(cursor, end)

    def _add(
        self, path: str, kind: str, slots: Longs, values: NDArray[Any], end: Longs | None = None
    ) -> None:
        parts = self._parts.setdefault(path, _Parts(kind))
        parts.at.append(slots)
        parts.values.append(values)
        if end is not None:
            parts.ends.append(end)


def _joined(parts: _Parts) -> Column:
    end = np.concatenate(parts.ends) if parts.ends else None
    return Column(parts.kind, np.concatenate(parts.at), np.concatenate(parts.values), end)


def _moved(column: Column, placed: Longs) -> Column:
    """The column with its items where `placed` says."""
    at = placed[column.at]
    order = np.argsort(at)
    end = None if column.end is None else column.end[order]
    return Column(column.kind, at[order], column.values[order], end)


def _is_simple(schema: Schema) -> bool:
    kind = schema["type"] if isinstance(schema, dict) else schema
    return not isinstance(kind, list) and kind not in {"record", "array"}


def _has_width(schema: Schema) -> bool:
    match schema:
        case {"type": "record", "fields": fields}:
            return any(_has_width(one["type"]) for one in fields)
        case {"type": "fixed", "size": size}:
            return bool(size)
        case {"type": inner} if not isinstance(inner, str) or inner == WIDTHLESS:
            return _has_width(inner)
        case _:
            return bool(schema != WIDTHLESS)


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _name(branch: Schema) -> str:
    return str(branch) if isinstance(branch, str) else str(branch.get("name", branch["type"]))
