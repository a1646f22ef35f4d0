"""Readings as numpy columns, and a batch of the log made of them. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.context import Context
from contracts.dead_letter import Rejected
from contracts.envelope import Event
from contracts.messages import BY_PAYLOAD, schema_of
from contracts.reading import CLOCK_AHEAD, CollarReading, StationReading
from contracts.tick import Tick

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]
Fields = list[dict[str, Any]]  # of an Avro schema

NONE_LONG = -(2**62)  # an optional long that is null; far from the ends, so that sums do not wrap
NONE_TEXT = -1  # the start of an optional text that is null
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TextColumn:
    """One text a reading, as start and end in common bytes; start NONE_TEXT = null."""

    buffer: bytes
    start: Longs
    end: Longs

    def at(self, index: int) -> str | None:
        """The text of one reading."""
        start = int(self.start[index])
        return None if start == NONE_TEXT else self.buffer[start : self.end[index]].decode()

    def raw(self) -> list[bytes]:
        """All texts as UTF-8; null is empty."""
        buffer = self.buffer
        ends = np.where(self.start == NONE_TEXT, NONE_TEXT, self.end)
        return [buffer[a:b] for a, b in zip(self.start.tolist(), ends.tolist(), strict=True)]

    def equal(self, text: str) -> Mask:
        """(readings,): whose text is `text`."""
        wanted = np.frombuffer(text.encode(), np.uint8)
        same: Mask = (self.start != NONE_TEXT) & (self.end - self.start == len(wanted))
        found = np.nonzero(same)[0]
        octets = np.frombuffer(self.buffer, np.uint8)
        letters = octets[self.start[found][:, None] + np.arange(len(wanted))]
        same[found] = (letters == wanted).all(axis=1)
        return same

    def take(self, indices: Longs) -> "TextColumn":
        """The column of these readings."""
        return TextColumn(self.buffer, self.start[indices], self.end[indices])

    def joined(self, other: "TextColumn", buffer: bytes | None = None) -> "TextColumn":
        """The column of both, `other` last. buffer: the bytes of both, if they are at hand."""
        shift = np.where(other.start == NONE_TEXT, 0, len(self.buffer))
        return TextColumn(
            self.buffer + other.buffer if buffer is None else buffer,
            np.concatenate([self.start, other.start + shift]),
            np.concatenate([self.end, other.end + shift]),
        )


@dataclass(frozen=True, slots=True)
class ReadingColumns:
    """Readings as one array a field, all (readings,), in the order of the log.

    place: index in the batch. longs: by field name, times in microseconds since 1970, NONE_LONG =
    null. floats: by measurement, NaN = not measured. texts: by field name.
    """

    place: Longs
    longs: dict[str, Longs]
    floats: dict[str, NDArray[np.float64]]
    texts: dict[str, TextColumn]

    def __len__(self) -> int:
        return len(self.place)

    @property
    def occurred_us(self) -> Longs:
        """When each was measured, microseconds since 1970 UTC."""
        return self.longs["timestamp"]

    @property
    def ahead(self) -> Mask:
        """Whose collar's clock ran ahead when the gateway received them."""
        return self.texts["clock"].equal(CLOCK_AHEAD)

    def take(self, indices: Longs) -> "ReadingColumns":
        """These readings only, in that order."""
        return ReadingColumns(
            self.place[indices],
            {name: column[indices] for name, column in self.longs.items()},
            {name: column[indices] for name, column in self.floats.items()},
            {name: column.take(indices) for name, column in self.texts.items()},
        )

    def joined(self, other: "ReadingColumns") -> "ReadingColumns":
        """These and the others, by place."""
        buffers: dict[tuple[int, int], bytes] = {}  # columns that share their bytes go on sharing

        def text(mine: TextColumn, others: TextColumn) -> TextColumn:
            pair = id(mine.buffer), id(others.buffer)
            if pair not in buffers:
                buffers[pair] = mine.buffer + others.buffer
            return mine.joined(others, buffers[pair])

        both = ReadingColumns(
            np.concatenate([self.place, other.place]),
            {name: np.concatenate([c, other.longs[name]]) for name, c in self.longs.items()},
            {name: np.concatenate([c, other.floats[name]]) for name, c in self.floats.items()},
            {name: text(column, other.texts[name]) for name, column in self.texts.items()},
        )
        return both.take(np.argsort(both.place, kind="stable"))


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch of a partition: collars' readings as columns, all else as events with their place.

    rejected: place in the batch and reason of each record that is none of them.
    """

    size: int
    readings: ReadingColumns
    events: tuple[tuple[int, Event[Tick] | Event[Context] | Event[StationReading]], ...] = ()
    rejected: tuple[tuple[int, Rejected], ...] = ()


def columns_of(readings: Sequence[tuple[int, Event[CollarReading]]]) -> ReadingColumns:
    """The columns of readings that were decoded one by one, with the place of each."""
    columns = ReadingColumns(np.array([place for place, _ in readings], np.int64), {}, {}, {})
    for field in fields_of(schema_of(BY_PAYLOAD[CollarReading])):
        name, kind = field["name"], field["type"]
        kind = kind[1] if isinstance(kind, list) else kind
        values = [_value(event, name) for _, event in readings]
        if kind == "string":
            columns.texts[name] = _text_column(values)
        elif kind in ("float", "double"):
            columns.floats[name] = np.array([np.nan if v is None else v for v in values])
        else:
            as_long: Callable[[Any], int] = int if kind == "long" else micros
            longs = [NONE_LONG if value is None else as_long(value) for value in values]
            columns.longs[name] = np.array(longs, np.int64)
    return columns


def micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment(time_us: int) -> datetime:
    """The aware UTC time of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=time_us)


def _value(event: Event[CollarReading], name: str) -> Any:  # noqa: ANN401  a field of any type
    return getattr(event, name) if hasattr(event, name) else getattr(event.payload, name)


def _text_column(values: list[str | None]) -> TextColumn:
    raws = [(value or "").encode() for value in values]
    end = np.cumsum([0, *map(len, raws)], dtype=np.int64)
    null = np.array([value is None for value in values], np.bool_)
    return TextColumn(
        b"".join(raws),
        np.where(null, NONE_TEXT, end[:-1]),
        np.where(null, NONE_TEXT, end[1:]),
    )


def fields_of(schema: dict[str, Any]) -> Fields:
    """The fields of envelope and payload, in the order of their bytes."""
    fields: Fields = []
    for field in schema["fields"]:
        nested = isinstance(field["type"], dict) and field["type"]["type"] == "record"
        fields += fields_of(field["type"]) if nested else [field]
    return fields
