"""Schemas may grow, never break: every version reads every other, today's reads all history."""

import json
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from itertools import permutations
from pathlib import Path
from typing import Any

import avro.compatibility
import avro.schema
import fastavro
import pytest

import contracts
from contracts.envelope import ENVELOPE_FIELDS
from contracts.messages import MESSAGES, MessageType, schema_of

SCHEMAS = Path(contracts.__file__).parent / "schemas"


@cache
def history(message: MessageType) -> tuple[dict[str, Any], ...]:
    """Every version of a message's schema that was ever released, oldest first."""
    files = SCHEMAS.glob(f"history/{message.schema_stem}.*.avsc")
    versions = {int(path.suffixes[0].lstrip(".")): path for path in files}
    assert sorted(versions) == list(range(1, len(versions) + 1)), message.schema_stem
    return tuple(json.loads(versions[number].read_text("utf-8")) for number in sorted(versions))


def incompatibilities(reader: dict[str, Any], writer: dict[str, Any]) -> list[str]:
    """Why Apache's own checker would refuse to read `writer`'s records with `reader`."""
    checker = avro.compatibility.ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # avro's
    found = checker.get_compatibility(
        avro.schema.parse(json.dumps(reader)), avro.schema.parse(json.dumps(writer))
    )
    return sorted(found.messages)


by_message = pytest.mark.parametrize("message", MESSAGES, ids=lambda one: one.schema_stem)


@by_message
def test_the_envelope_comes_first_and_in_its_order(message: MessageType) -> None:
    """A consumer that knows no payload of ours can still read whose event it is, and when."""
    names = [field["name"] for field in schema_of(message)["fields"]]

    assert tuple(names[: len(ENVELOPE_FIELDS)]) == ENVELOPE_FIELDS
    assert names[len(ENVELOPE_FIELDS) :] in ([], ["stored"])


@by_message
def test_the_current_schema_is_the_newest_in_history(message: MessageType) -> None:
    """A schema changed in place would make yesterday's records unreadable tomorrow."""
    assert schema_of(message) == history(message)[-1]


@by_message
def test_every_version_reads_every_other(message: MessageType) -> None:
    """Readers and writers are upgraded one by one, in any order, and the log keeps for ever."""
    for reader, writer in permutations(history(message), 2):
        assert incompatibilities(reader, writer) == []


@by_message
def test_a_record_of_every_version_is_read_by_todays_reader(message: MessageType) -> None:
    """The checker says that it should be possible; this does it."""
    for writer in history(message):
        record = example_of(writer, {})
        out = BytesIO()
        fastavro.schemaless_writer(out, fastavro.parse_schema(writer), record)
        out.seek(0)

        found: Any = fastavro.schemaless_reader(
            out, fastavro.parse_schema(writer), fastavro.parse_schema(schema_of(message))
        )

        assert found["event_id"] == record["event_id"]
        assert out.read() == b""


def test_the_checker_would_notice_a_break() -> None:
    """A check that accepts everything is none."""
    message = MESSAGES[0]
    broken = json.loads(json.dumps(schema_of(message)))
    broken["fields"].append({"name": "mood", "type": "string"})

    assert incompatibilities(broken, schema_of(message)) != []
    assert incompatibilities(schema_of(message), broken) == []


def example_of(schema: Any, named: dict[str, Any]) -> Any:  # noqa: ANN401  Avro is data
    """Some value of an Avro schema; `named` collects the records it has met."""
    match schema:
        case [*_, last]:
            value = example_of(last, named)  # not the null
        case str():
            value = example_of(named[schema], named) if schema in named else PRIMITIVES[schema]
        case {"logicalType": "timestamp-micros"}:
            value = datetime(2026, 3, 1, tzinfo=UTC)
        case {"type": "record"}:
            named[schema["name"]] = schema
            value = {f["name"]: example_of(f["type"], named) for f in schema["fields"]}
        case {"type": "array"}:
            value = [example_of(schema["items"], named)]
        case _:
            value = example_of(schema["type"], named)
    return value


PRIMITIVES = {
    "string": "text",
    "long": 7,
    "int": 7,
    "float": 1.5,
    "double": 1.5,
    "boolean": True,
    "bytes": b"raw",
    "null": None,
}
