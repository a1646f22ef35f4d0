"""Many records of one flat schema → a sheet of arrays, whoever wrote which of them. Pure.

Flat: records in records, and in them numbers and texts, each null or not. Records of one writer and
length are copied out as a matrix; most of them have one of a few layouts (column_layouts.py), the
rest are walked over with a cursor each (column_walk.py), and every value goes to its place in the
order of the log. What a writer's schema
lacks is what its default says; what it has beyond ours is passed over.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from contracts.column_layouts import Layout, Leaf, Octets, Sheet
from contracts.column_walk import Longs, Schema, walk
from contracts.columns import EPOCH, NONE_LONG, NONE_TEXT

HEADER_BYTES = 5  # of Confluent's wire format
NO_ID = -1
RECORD_BYTES_MAX = 4096  # a longer one is none of many alike: left to the single decoder
LAYOUTS_MAX = 48  # of one length: each is tried on what is left; beyond, cursors are cheaper
LAYOUTS_KEPT = 2_000  # of all writers and lengths, 5 kB each; then all are learnt anew
LEARNT_MAX = 64  # layouts in one batch, 30 microseconds each: noise must not cost more
TIME_UNITS_US = {"timestamp-micros": 1, "timestamp-millis": 1000}
# what datetime can hold, in microseconds since 1970
TIME_US_MIN = (datetime.min.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
TIME_US_MAX = (datetime.max.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Field:
    """A leaf of a schema. simple: its type without null; unit_us: of a time."""

    path: str
    simple: str
    logical: str | None
    null: int | None
    default: Any = None
    has_default: bool = False

    @property
    def kind(self) -> str:
        return {"int": "long", "string": "text"}.get(self.simple, self.simple)


@dataclass(frozen=True, slots=True)
class _Writer:
    """How a schema's records become rows. defaults: rows of our fields that it lacks."""

    schema_id: int
    schema: Schema
    leaves: tuple[Leaf, ...]
    long_defaults: tuple[tuple[int, int], ...]
    float_defaults: tuple[tuple[int, float], ...]
    text_defaults: tuple[tuple[int, int, int], ...]


class SheetReader:
    """Reads batches into sheets of `schema`'s fields.

    writer_schema: by id, None = not known (asked again) or not to be read here (raise nothing).
    walk_from: so many records that have no known layout are worth a walk; fewer are odd.
    """

    def __init__(
        self, schema: Schema, writer_schema: Callable[[int], Schema | None], walk_from: int = 1
    ) -> None:
        ours = _fields(schema)
        if ours is None:
            raise TypeError("a sheet holds numbers and texts only")
        self._schema, self._writer_schema, self._walk_from = schema, writer_schema, walk_from
        self.longs = [one.path for one in ours if one.kind == "long"]
        self.floats = [one.path for one in ours if one.kind in ("float", "double")]
        self.texts = [one.path for one in ours if one.kind == "text"]
        self._ours = {one.path: one for one in ours}
        texts = [str(one.default).encode() for one in ours if one.kind == "text"]
        self._constants = b"".join(texts)  # a default stands once behind all records
        ends = np.cumsum([0, *map(len, texts)]).tolist()
        self._constant = dict(zip(self.texts, pairwise(ends), strict=True))
        self._writers: dict[int, _Writer | None] = {}
        self._layouts: dict[tuple[int, int], list[Layout]] = {}
        self._learnt = self._kept = 0

    def read(self, raws: Sequence[bytes]) -> Sheet:
        """The sheet of these records, in their order; `odd` tells which are not in it."""
        count = len(raws)
        lengths = np.fromiter(map(len, raws), np.int64, count)
        starts = np.cumsum(lengths) - lengths
        buffer = b"".join((*raws, self._constants))
        sheet = Sheet(
            buffer,
            np.full((len(self.longs), count), NONE_LONG, np.int64),
            np.full((len(self.floats), count), np.nan),
            np.full((len(self.texts), count), NONE_TEXT, np.int64),
            np.full((len(self.texts), count), NONE_TEXT, np.int64),
            np.ones(count, np.bool_),
        )
        self._learnt = 0
        ids = _ids(buffer, starts, lengths)
        some = ids[:1] if (ids == ids[:1]).all() else np.unique(ids)
        for schema_id in some.tolist():
            writer = self._writer(schema_id)
            if writer is not None:
                places = np.nonzero(ids == schema_id)[0]
                # sixteen bits are sorted by counting; what is too long needs no order
                short = np.minimum(lengths[places], RECORD_BYTES_MAX + 1).astype(np.uint16)
                places = places[np.argsort(short, kind="stable")]
                self._group(writer, places, lengths[places], starts[places], sheet)
        return sheet

    def _group(
        self,
        writer: _Writer,
        places: Longs,
        lengths: Longs,
        start: Longs,
        sheet: Sheet,
    ) -> None:
        self._fill_defaults(writer, places, sheet)
        cuts = [0, *(np.nonzero(np.diff(lengths))[0] + 1).tolist(), len(places)]
        left = []
        for low, high in pairwise(cuts):
            length = int(lengths[low])
            if length <= RECORD_BYTES_MAX:
                block = _cut(sheet.buffer, start[low:high], length)
                rest = self._block(writer, block, start[low:high], places[low:high], sheet)
                left.append(low + rest)
        rest = np.concatenate([np.empty(0, np.int64), *left])
        if len(rest) >= self._walk_from:
            self._walk(writer, places[rest], start[rest], lengths[rest], sheet)

    def _block(
        self, writer: _Writer, block: Octets, start: Longs, at: Longs, sheet: Sheet
    ) -> Longs:
        """Fill in records of one length whose layout is known, or learnt; the others' numbers."""
        layouts = self._known(writer.schema_id, block.shape[1])
        left, odd = np.arange(len(block)), []
        known = iter(tuple(layouts))
        while len(left):
            layout = next(known, None)
            if layout is None:
                if len(layouts) >= LAYOUTS_MAX:
                    break
                layout = self._learn(writer, block[left[0]].tobytes())
                if layout is None:
                    odd.append(left[:1])
                    left = left[1:]
                    if self._learnt >= LEARNT_MAX:
                        break
                    continue
                layouts.append(layout)
                self._kept += 1
            some = block if len(left) == len(block) else block[left]
            alike = layout.has(some)
            found = left[alike]
            layout.hits += len(found)
            if len(found):
                layout.fill(sheet, some[alike], start[found], at[found])
                left = left[~alike]
        return np.concatenate([*odd, left])

    def _known(self, schema_id: int, length: int) -> list[Layout]:
        """The layouts of a length, the commonest of late first; seldom ones make room for new."""
        if self._kept > LAYOUTS_KEPT:
            self._layouts.clear()
            self._kept = 0
        layouts = self._layouts.setdefault((schema_id, length), [])
        layouts.sort(key=lambda layout: -layout.hits)
        for layout in layouts:
            layout.hits //= 2
        if len(layouts) == LAYOUTS_MAX:
            del layouts[LAYOUTS_MAX // 2 :]
            self._kept -= LAYOUTS_MAX // 2
        return layouts

    def _learn(self, writer: _Writer, raw: bytes) -> Layout | None:
        self._learnt += 1
        if self._learnt > LEARNT_MAX:
            return None
        try:
            return Layout(writer.leaves, raw, HEADER_BYTES)
        except (IndexError, ValueError):
            return None

    def _walk(self, writer: _Writer, at: Longs, start: Longs, lengths: Longs, sheet: Sheet) -> None:
        """Fill in records of any layout."""
        ends = (start + lengths).tolist()
        raws = [sheet.buffer[a:b] for a, b in zip(start.tolist(), ends, strict=True)]
        columns, odd, _ = walk(writer.schema, raws, HEADER_BYTES)
        shift = start - (np.cumsum(lengths) - lengths)
        for leaf in writer.leaves:
            column = columns[leaf.path]
            where, values = column.at, column.values
            if leaf.kind == "long":
                odd[where] |= (values < leaf.low) | (values > leaf.high)
            elif leaf.kind != "text":
                odd[where] |= ~np.isfinite(values)
            if leaf.row is None:
                continue
            if leaf.kind == "text" and column.end is not None:
                sheet.starts[leaf.row, at[where]] = values + shift[where]
                sheet.ends[leaf.row, at[where]] = column.end + shift[where]
            else:
                rows = sheet.longs if leaf.kind == "long" else sheet.floats
                rows[leaf.row, at[where]] = values
        sheet.odd[at] = odd

    def _fill_defaults(self, writer: _Writer, places: Longs, sheet: Sheet) -> None:
        for row, number in writer.long_defaults:
            sheet.longs[row, places] = number
        for row, value in writer.float_defaults:
            sheet.floats[row, places] = value
        behind = len(sheet.buffer) - len(self._constants)
        for row, start, end in writer.text_defaults:
            sheet.starts[row, places], sheet.ends[row, places] = behind + start, behind + end

    def _writer(self, schema_id: int) -> _Writer | None:
        if schema_id == NO_ID:
            return None
        if schema_id not in self._writers:
            schema = self._writer_schema(schema_id)
            if schema is None:
                return None  # it may become known: the registry is asked again
            self._writers[schema_id] = self._resolved(schema_id, schema)
        return self._writers[schema_id]

    def _resolved(self, schema_id: int, schema: Schema) -> _Writer | None:
        """None: left to the single decoder, which resolves whatever Avro can."""
        theirs = _fields(schema)
        records, ours = _records(schema), _records(self._schema)
        if theirs is None or any(records[path] != ours[path] for path in records.keys() & ours):
            return None
        lacks = self._ours.keys() - {one.path for one in theirs}
        for path in lacks:
            one = self._ours[path]
            if path.rpartition(".")[0] not in records or not _is_plain_default(one):
                return None
        if not all(_is_read_as(one, self._ours.get(one.path)) for one in theirs):
            return None
        lacking = {path: self._ours[path].default for path in lacks}
        lacking = {path: value for path, value in lacking.items() if value is not None}
        return _Writer(
            schema_id,
            schema,
            tuple(self._leaf(one) for one in theirs),
            tuple((r, lacking[p]) for r, p in enumerate(self.longs) if p in lacking),
            tuple((r, lacking[p]) for r, p in enumerate(self.floats) if p in lacking),
            tuple((r, *self._constant[p]) for r, p in enumerate(self.texts) if p in lacking),
        )

    def _leaf(self, one: _Field) -> Leaf:
        names = {"long": self.longs, "text": self.texts}.get(one.kind, self.floats)
        row = names.index(one.path) if one.path in names else None
        unit_us = TIME_UNITS_US.get(one.logical or "", 0)
        low, high = NONE_LONG + 1, np.iinfo(np.int64).max
        if unit_us:
            low, high = -(-TIME_US_MIN // unit_us), TIME_US_MAX // unit_us
        return Leaf(one.path, one.kind, one.null, row, low, int(high))


def _ids(buffer: bytes, starts: Longs, lengths: Longs) -> Longs:
    """(records,): the schema id in each header, NO_ID where there is none."""
    ids = np.full(len(starts), NO_ID, np.int64)
    with_head = np.nonzero(lengths >= HEADER_BYTES)[0]
    head = _cut(buffer, starts[with_head], HEADER_BYTES)
    number = np.ascontiguousarray(head[:, 1:]).view(">u4")[:, 0].astype(np.int64)
    ids[with_head] = np.where(head[:, 0] == 0, number, NO_ID)
    return ids


def _cut(buffer: bytes, starts: Longs, size: int) -> Octets:
    """(starts, size): so many bytes from each start on; all of them within the buffer."""
    if not len(starts):
        return np.empty((0, size), np.uint8)
    windows = np.ndarray((len(buffer) - size + 1,), f"V{size}", buffer, strides=(1,))
    return windows[starts].view(np.uint8).reshape(-1, size)


def _fields(schema: Schema, above: str = "") -> list[_Field] | None:
    """The leaves in the order of their bytes; None if the schema is not flat."""
    found: list[_Field] = []
    for one in schema["fields"]:
        kind, path, null = one["type"], f"{above}{one['name']}", None
        if isinstance(kind, dict) and kind.get("type") == "record":
            inner = _fields(kind, f"{path}.")
            if inner is None:
                return None
            found += inner
            continue
        if isinstance(kind, list):
            if len(kind) != 2 or "null" not in kind:  # noqa: PLR2004  null and a simple one
                return None
            null = kind.index("null")
            kind = kind[1 - null]
        logical = kind.get("logicalType") if isinstance(kind, dict) else None
        simple = kind["type"] if isinstance(kind, dict) else kind
        if simple not in ("int", "long", "float", "double", "string"):
            return None
        found.append(_Field(path, simple, logical, null, one.get("default"), "default" in one))
    return found


def _records(schema: Schema, path: str = "") -> dict[str, str]:
    """Names of the records in it, by path."""
    found = {path: schema["name"].rpartition(".")[2]}
    for one in schema["fields"]:
        kind = one["type"]
        if isinstance(kind, dict) and kind.get("type") == "record":
            found |= _records(kind, f"{path}.{one['name']}".lstrip("."))
    return found


def _is_plain_default(ours: _Field) -> bool:
    """Whether what is lacking can be filled in: null, or a value of its type."""
    if not ours.has_default:
        return False
    if ours.default is None:
        return ours.null is not None
    if ours.logical is not None:
        return False
    kinds: dict[str, tuple[type, ...]] = {"text": (str,), "long": (int,)}
    return isinstance(ours.default, kinds.get(ours.kind, (int, float)))


def _is_read_as(theirs: _Field, ours: _Field | None) -> bool:
    """Whether every value of theirs is one of ours without a change; None = passed over."""
    if ours is None:
        return True
    same = theirs.simple == ours.simple
    wider = (theirs.simple, ours.simple) in {("int", "long"), ("float", "double")}
    may_be_null = ours.null is not None or theirs.null is None
    return (same or wider) and theirs.logical == ours.logical and may_be_null
