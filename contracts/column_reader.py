"""A batch of Avro values → numpy columns of its readings, with ticks and context beside them.

Readings are read many at once, by layout or by cursor (column_sheet.py). Whatever looks odd there
(a length past the end, a number that is not finite, bytes beyond ASCII, a writer's schema that is
not flat) is decoded again by Serde, which alone decides: reading by columns may be wrong about
being odd, never about a value. So a damaged record costs itself only.
Rejected: fastavro alone, 0.13 M records/s; pyruhvro, which panics on damaged bytes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from contracts.admission import why_refused
from contracts.column_layouts import Sheet
from contracts.column_sheet import SheetReader
from contracts.columns import NONE_TEXT, Batch, ReadingColumns, TextColumn, columns_of
from contracts.context import Context
from contracts.dead_letter import Reason, Rejected
from contracts.envelope import Event
from contracts.messages import BY_PAYLOAD, schema_of
from contracts.reading import CollarReading, StationReading
from contracts.serde import SchemaIds, Serde, UnreadableRecordError
from contracts.tick import Tick

WALK_FROM = 48  # records of rare layouts; fewer are decoded sooner one by one
READING = schema_of(BY_PAYLOAD[CollarReading])


class ColumnReader:
    """Decodes batches of `herd.readings.v1`; remembers which schema ids are a reading's."""

    def __init__(self, schema_ids: SchemaIds) -> None:
        self._ids = schema_ids
        self._serde = Serde(schema_ids)
        self._sheets = SheetReader(READING, self._reading_schema, WALK_FROM)
        self._foreign: set[int] = set()

    def read(self, values: Sequence[bytes | None]) -> Batch:
        """The batch in these Kafka values."""
        raws = [value or b"" for value in values]
        sheet = self._sheets.read(raws)
        columns = self._columns(sheet)
        nobodys = columns.texts["farm_id"].start == NONE_TEXT
        odd = sheet.odd | nobodys
        if odd.any():
            columns = columns.take(np.nonzero(~odd)[0])
        singles: list[tuple[int, Event[CollarReading]]] = []
        events: list[tuple[int, Event[Any]]] = []
        rejected: list[tuple[int, Rejected]] = []
        for place in np.nonzero(odd)[0].tolist():
            match self._single(raws[place]):
                case Rejected() as why:
                    rejected.append((place, why))
                case Event(payload=CollarReading()) as reading:
                    singles.append((place, reading))
                case event:
                    events.append((place, event))
        if singles:
            columns = columns.joined(columns_of(singles))
        return Batch(len(raws), columns, tuple(events), tuple(rejected))

    def _columns(self, sheet: Sheet) -> ReadingColumns:
        """All rows of the sheet, under the fields' own names."""
        names = self._sheets
        return ReadingColumns(
            np.arange(len(sheet.odd)),
            dict(zip(map(_name, names.longs), sheet.longs, strict=True)),
            dict(zip(map(_name, names.floats), sheet.floats, strict=True)),
            {
                _name(path): TextColumn(sheet.buffer, start, end)
                for path, start, end in zip(names.texts, sheet.starts, sheet.ends, strict=True)
            },
        )

    def _reading_schema(self, schema_id: int) -> Any:  # noqa: ANN401  any Avro schema
        """The schema behind an id if it is a reading's."""
        if schema_id in self._foreign:
            return None
        writer = self._ids.writer_schema(schema_id)
        if writer is None:
            return None  # an unknown id may become known: the registry is asked again
        same = [writer.get(key) == READING[key] for key in ("name", "namespace")]
        if all(same) and why_refused(writer) is None:
            return writer
        self._foreign.add(schema_id)
        return None

    def _single(self, raw: bytes) -> Event[Any] | Rejected:
        try:
            event = self._serde.decode(raw)
        except UnreadableRecordError as error:
            return Rejected(error.reason, error.detail)
        if isinstance(event.payload, CollarReading | StationReading) and event.farm_id is None:
            return Rejected(Reason.WRONG_TYPE, "a reading without farm_id belongs to no herd")
        if not isinstance(event.payload, CollarReading | StationReading | Tick | Context):
            return Rejected(Reason.WRONG_TYPE, f"{event.event_type} is no reading, tick or context")
        return event


def _name(path: str) -> str:
    return path.rpartition(".")[2]
