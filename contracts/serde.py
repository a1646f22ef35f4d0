"""Avro bytes ↔ events, in Confluent's wire format: 0x00, schema id (4 bytes), the record.

Reading is strict beyond Avro: every byte must be used up, numbers must be finite, and a record
of a schema we do not know is an error of its own, so that the caller can wait for the registry.
"""

import math
import struct
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import BytesIO
from typing import Any, Protocol

import fastavro
import msgspec
from fastavro.schema import SchemaParseException

from contracts.admission import why_refused
from contracts.dead_letter import Reason
from contracts.envelope import Event
from contracts.hour import AnimalHour
from contracts.hour_columns import HourColumns
from contracts.messages import BY_PAYLOAD, BY_RECORD, MESSAGES, MessageType, schema_of
from contracts.reading import CollarReading
from contracts.reading_bytes import reading_bytes
from contracts.reading_columns import ReadingRows, rows_bytes

HEADER = struct.Struct(">bI")
RECORD_BYTES_MAX = 1 << 20  # Kafka's own default limit for a message
DETAIL_CHARS_MAX = 500  # of a foreign schema's errors: they quote the schema
AS_THEY_ARE = (datetime, bytes)  # Avro's logical types carry these, msgspec must not turn to text


class SchemaIds(Protocol):
    """The registry as serde needs it: ids of our schemas, and the schema behind an id."""

    def id_of(self, message: MessageType) -> int:
        """The registered id of our current schema of `message`."""
        ...

    def writer_schema(self, schema_id: int) -> dict[str, Any] | None:
        """The schema registered under an id; None if the registry does not know it."""
        ...


class UnreadableRecordError(ValueError):
    """A record that cannot become an event: `reason` for the dead letters, text for people."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class FixedSchemaIds:
    """Ids counted from 1 over our current schemas: for tests and files that need no registry."""

    def id_of(self, message: MessageType) -> int:
        """Its place in MESSAGES, from 1."""
        return MESSAGES.index(message) + 1

    def writer_schema(self, schema_id: int) -> dict[str, Any] | None:
        """Our current schema at that place."""
        return schema_of(MESSAGES[schema_id - 1]) if 0 < schema_id <= len(MESSAGES) else None


class Serde:
    """Encodes and decodes events; parsed schemas are kept, one set for each id met."""

    def __init__(self, schema_ids: SchemaIds) -> None:
        self._ids = schema_ids
        self._own: dict[type[Any], tuple[bytes, Any]] = {}
        self._writers: dict[int, tuple[Any, Any, MessageType]] = {}
        self._refused: dict[int, str] = {}  # an id means one schema for ever

    def encode(self, event: Event[Any]) -> bytes:
        """The Kafka value of an event; raises KeyError if its payload is no message of ours."""
        header, schema = self._own_schema(type(event.payload))
        if isinstance(event.payload, CollarReading) and event.stored is None:
            return header + reading_bytes(event)
        fields = msgspec.to_builtins(event, builtin_types=AS_THEY_ARE)
        if event.stored is None:
            del fields["stored"]  # only the feeds of the event store have it in their schema
        out = BytesIO()
        out.write(header)
        fastavro.schemaless_writer(out, schema, fields)
        return out.getvalue()

    def encode_rows(self, rows: ReadingRows) -> list[bytes]:
        """The Kafka values of readings that are laid out in columns."""
        header, _ = self._own_schema(CollarReading)
        return rows_bytes(rows, header)

    def encode_hours(self, hours: HourColumns) -> Iterator[tuple[str, bytes]]:
        """Kafka's key and value of each animal's hour."""
        header, _ = self._own_schema(AnimalHour)
        return hours.records(header)

    def decode(self, value: bytes) -> Event[Any]:
        """The event in a Kafka value; raises UnreadableRecordError."""
        writer, reader, message = self._writer_schema(value)
        source = BytesIO(value)
        source.seek(HEADER.size)
        try:
            fields: Any = fastavro.schemaless_reader(source, writer, reader)
        except fastavro.read.SchemaResolutionError as error:
            raise UnreadableRecordError(
                Reason.UNKNOWN_SCHEMA,
                f"{message.record}: its writer's schema breaks with ours: {_in_short(error)}",
            ) from error
        # on damaged bytes fastavro reads on until something breaks: no one family of errors
        except (
            ValueError,
            EOFError,
            IndexError,
            KeyError,
            TypeError,
            OverflowError,
            StopIteration,
            MemoryError,
            struct.error,
        ) as error:
            raise _damaged(message, f"{type(error).__name__}: {error}") from error
        if source.tell() != len(value):
            raise _damaged(message, f"{len(value) - source.tell()} bytes left over")
        if not _all_finite(fields["payload"].values()):
            raise _damaged(message, "a number is not finite")
        try:
            return _from_avro(fields, message)
        except msgspec.ValidationError as error:
            raise _damaged(message, str(error)) from error

    def _own_schema(self, payload: type[Any]) -> tuple[bytes, Any]:
        if payload not in self._own:
            message = BY_PAYLOAD[payload]
            header = HEADER.pack(0, self._ids.id_of(message))
            self._own[payload] = (header, fastavro.parse_schema(schema_of(message)))
        return self._own[payload]

    def _writer_schema(self, value: bytes) -> tuple[Any, Any, MessageType]:
        if len(value) > RECORD_BYTES_MAX:
            raise UnreadableRecordError(Reason.TOO_LARGE, f"{len(value)} bytes, at most 1 MiB")
        if len(value) < HEADER.size or value[0] != 0:
            raise UnreadableRecordError(
                Reason.DAMAGED_AVRO, "not Confluent's wire format: 0x00 and a schema id come first"
            )
        schema_id = HEADER.unpack_from(value)[1]
        if schema_id not in self._writers:
            self._writers[schema_id] = self._admitted(schema_id)
        return self._writers[schema_id]

    def _admitted(self, schema_id: int) -> tuple[Any, Any, MessageType]:
        """Writer, reader and message of an id; raises UnreadableRecordError."""
        if schema_id in self._refused:
            raise UnreadableRecordError(Reason.UNKNOWN_SCHEMA, self._refused[schema_id])
        writer = self._ids.writer_schema(schema_id)
        if writer is None:  # not remembered: it may become known
            raise UnreadableRecordError(
                Reason.UNKNOWN_SCHEMA, f"schema id {schema_id} is none of ours"
            )
        message = BY_RECORD.get(_full_name(writer))
        why = "it is none of ours" if message is None else why_refused(writer)
        if why is None and message is not None:
            ours = schema_of(message)
            try:
                # equal schemas resolve to None: fastavro would compare them on every record
                reader = None if writer == ours else fastavro.parse_schema(ours)
                return fastavro.parse_schema(writer), reader, message
            except (SchemaParseException, ValueError, KeyError, TypeError) as error:
                why = f"it is no Avro schema: {_in_short(error)}"
        self._refused[schema_id] = f"schema id {schema_id}: {why}"
        raise UnreadableRecordError(Reason.UNKNOWN_SCHEMA, self._refused[schema_id])


def _in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:DETAIL_CHARS_MAX]


def _full_name(schema: dict[str, Any]) -> str:
    name = str(schema.get("name"))
    return f"{schema['namespace']}.{name}" if "namespace" in schema else name


def _damaged(message: MessageType, why: str) -> UnreadableRecordError:
    return UnreadableRecordError(Reason.DAMAGED_AVRO, f"{message.record}: {why}")


def _all_finite(values: Iterable[object]) -> bool:
    return all(math.isfinite(value) for value in values if isinstance(value, float))


def _from_avro(fields: dict[str, Any], message: MessageType) -> Event[Any]:
    event_of = Event[message.payload]  # type: ignore[name-defined]  # the payload's class is data
    event: Event[Any] = msgspec.convert(fields, event_of, builtin_types=AS_THEY_ARE)
    return event
