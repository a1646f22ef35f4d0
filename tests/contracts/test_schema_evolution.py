"""What people really do to a schema: what Avro says of it, what our registry answers, what reads.

One table. Each change is judged by Apache's own checker both ways, sent to our registry's core at
its level (FULL_TRANSITIVE), and then records are really written with one schema and read with the
other, by fastavro, and by the readers of today.
"""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import avro.compatibility
import avro.schema
import fastavro
import pytest

from contracts.column_reader import ColumnReader
from contracts.dead_letter import Reason
from contracts.messages import BY_PAYLOAD, schema_of
from contracts.reading import CollarReading
from contracts.serde import FixedSchemaIds, Serde, UnreadableRecordError
from farmbox import schema_registry_core as registry_core
from farmbox.schema_registry_core import Registry
from farmbox.schema_registry_errors import IncompatibleSchemaError

Schema = dict[str, Any]
Edit = Callable[[Schema], object]

READING: Schema = schema_of(BY_PAYLOAD[CollarReading])
FOREIGN_ID = 99
NO_DEFAULT = "reader_field_missing_default_value"
TYPE, NAME = "type_mismatch", "name_mismatch"
BRANCH, SYMBOLS = "missing_union_branch", "missing_enum_symbols"


def fields(schema: Schema) -> list[dict[str, Any]]:
    """The payload's."""
    (payload,) = (field["type"] for field in schema["fields"] if field["name"] == "payload")
    found: list[dict[str, Any]] = payload["fields"]
    return found


def field(schema: Schema, name: str) -> dict[str, Any]:
    """One of them."""
    (found,) = (one for one in fields(schema) if one["name"] == name)
    return found


def add(name: str, kind: object, **more: object) -> Edit:
    """Append a field."""
    return lambda schema: fields(schema).append({"name": name, "type": kind, **more})


def drop(name: str) -> Edit:
    """Remove a field."""
    return lambda schema: fields(schema).remove(field(schema, name))


def change(which: str, **to: object) -> Edit:
    """Change a field's attributes."""
    return lambda schema: field(schema, which).update(to)


def require(name: str, kind: str) -> Edit:
    """Make an optional field a required one."""

    def edit(schema: Schema) -> None:
        field(schema, name)["type"] = kind
        del field(schema, name)["default"]

    return edit


def side(*symbols: str, default: str | None = None) -> Edit:
    """A field of an enum; default: what a reader takes for a symbol it does not know."""
    extra = {} if default is None else {"default": default}
    return add("side", {"type": "enum", "name": "Side", "symbols": list(symbols), **extra})


def nothing(schema: Schema) -> None:
    """The schema as it is."""
    del schema


@dataclass(frozen=True)
class Evolution:
    """A change. backward: why new readers cannot read old data; forward: the reverse; "" = can.

    Both edits start from today's schema of a reading: `before` makes the old one, `edit` the new.
    """

    name: str
    edit: Edit
    backward: str = ""
    forward: str = ""
    before: Edit = nothing

    @property
    def schemas(self) -> tuple[Schema, Schema]:
        """Before and after."""
        old, new = copy.deepcopy(READING), copy.deepcopy(READING)
        self.before(old)
        self.edit(new)
        return old, new

    @property
    def is_accepted(self) -> bool:
        """At FULL_TRANSITIVE."""
        return not (self.backward or self.forward)


OPTIONAL_TEXT: list[str] = ["null", "string"]
EVOLUTIONS = (
    Evolution("optional field added", add("mood", OPTIONAL_TEXT, default=None)),
    Evolution("field with default added", add("mood", "string", default="calm")),
    Evolution("field without default added", add("mood", "string"), backward=NO_DEFAULT),
    Evolution("field with default removed", drop("steps")),
    Evolution("field without default removed", drop("seq"), forward=NO_DEFAULT),
    Evolution("optional field renamed", change("steps", name="step_count")),
    Evolution(
        "required field renamed with an alias",
        change("seq", name="count", aliases=["seq"]),
        forward=NO_DEFAULT,
    ),
    Evolution("long narrowed to int", change("seq", type="int"), backward=TYPE),
    Evolution(
        "int widened to long",
        change("seq", type="long"),
        before=change("seq", type="int"),
        forward=TYPE,
    ),
    Evolution(
        "float widened to double in a union",
        change("steps", type=["null", "double"]),
        forward=BRANCH,
    ),
    Evolution("string to bytes", change("collar_id", type="bytes")),
    Evolution(
        "required made optional",
        change("interval_s", type=["null", "long"], default=None),
        forward=TYPE,
    ),
    Evolution("optional made required", require("steps", "float"), backward=TYPE),
    Evolution(
        "union widened",
        change("station_id", type=["null", "string", "long"]),
        forward=BRANCH,
    ),
    Evolution("enum of a side grown", side("l", "r", "both"), before=side("l"), forward=SYMBOLS),
    Evolution("enum of a side shrunk", side("l"), before=side("l", "r"), backward=SYMBOLS),
    Evolution(
        "enum of a side grown, with a default",
        side("l", "both", default="l"),
        before=side("l", default="l"),
    ),
    Evolution(
        "record renamed",
        lambda schema: schema.update(name="CollarMeasurement"),
        backward=NAME,
        forward=NAME,
    ),
    Evolution("documentation changed", lambda schema: schema.update(doc="Better said.")),
    Evolution("order of fields changed", lambda schema: fields(schema).reverse()),
    Evolution("default changed", change("clock", default="ahead")),
)
each = pytest.mark.parametrize("evolution", EVOLUTIONS, ids=lambda one: one.name)


def why_not(reader: Schema, writer: Schema) -> set[str]:
    """The kinds of trouble that Apache's checker has with `reader` on `writer`'s data."""
    checker = avro.compatibility.ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # avro's
    found = checker.get_compatibility(
        avro.schema.parse(json.dumps(reader)), avro.schema.parse(json.dumps(writer))
    )
    return {kind.name for kind in found.incompatibilities}


def values_of(schema: Schema) -> list[Schema]:
    """Records of a schema: with every value there, and with every one that may be null so."""
    return [_value(schema, chosen) for chosen in (-1, 0)]


def _value(schema: Any, branch: int) -> Any:  # noqa: ANN401, PLR0911  Avro is data
    match schema:
        case list():
            return _value(schema[branch], branch)
        case {"type": "record"}:
            return {one["name"]: _value(one["type"], branch) for one in schema["fields"]}
        case {"type": "enum"}:
            return schema["symbols"][branch]
        case {"logicalType": "timestamp-micros"}:
            return datetime(2026, 3, 1, tzinfo=UTC)
        case "string":
            return "text"
        case "bytes":
            return b"text"
        case "long" | "int":
            return 7
        case "float" | "double":
            return 1.5
        case _:
            assert schema == "null"
            return None


def written(schema: Schema, value: Schema) -> bytes:
    """As its writer writes it."""
    out = BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(copy.deepcopy(schema)), value)
    return out.getvalue()


def read(raw: bytes, writer: Schema, reader: Schema) -> Any:  # noqa: ANN401  Avro is data
    """By fastavro, None where it cannot."""
    theirs, ours = (fastavro.parse_schema(copy.deepcopy(schema)) for schema in (writer, reader))
    try:
        return fastavro.schemaless_reader(BytesIO(raw), theirs, ours)
    except (fastavro.read.SchemaResolutionError, ValueError, TypeError):
        return None


@each
def test_apaches_checker_says_so(evolution: Evolution) -> None:
    """The table is not our opinion."""
    old, new = evolution.schemas

    assert why_not(new, old) == {evolution.backward} - {""}
    assert why_not(old, new) == {evolution.forward} - {""}


@each
def test_the_registry_takes_what_fits_both_ways_and_says_why_it_refuses(
    evolution: Evolution,
) -> None:
    """Readers and writers are upgraded one by one, in any order, and the log keeps for years."""
    old, new = (json.dumps(schema) for schema in evolution.schemas)
    first = registry_core.plan_registration(Registry(), "herd", old)
    registry = registry_core.evolve(Registry(), registry_core.version_record(first))

    if evolution.is_accepted:
        assert registry_core.plan_registration(registry, "herd", new).version == 2
        return

    with pytest.raises(IncompatibleSchemaError) as refused:
        registry_core.plan_registration(registry, "herd", new)
    assert (refused.value.status, refused.value.code) == (409, 409)
    for side_of, kind in (("new readers", evolution.backward), ("old readers", evolution.forward)):
        assert (f"{side_of}, " in str(refused.value)) is bool(kind)
        assert kind in str(refused.value)


@each
def test_what_is_called_compatible_is_really_read_and_what_is_not_is_not(
    evolution: Evolution,
) -> None:
    """The checker judges schemas; people have records."""
    old, new = evolution.schemas
    for reader, writer, why in ((new, old, evolution.backward), (old, new, evolution.forward)):
        values = values_of(writer)

        found = [read(written(writer, value), writer, reader) for value in values]

        assert (None in found) is bool(why)
        for value, got in zip(values, found, strict=True):
            # a symbol that a reader does not know becomes its enum's default: that is its use
            assert got is None or altered(got, value) <= {"side"}


def altered(got: Schema, sent: Schema) -> set[str]:
    """Fields that both sides know and whose values differ."""
    there, here = got["payload"], sent["payload"]
    return {name for name in there.keys() & here.keys() if text(there[name]) != text(here[name])}


def text(value: object) -> object:
    """Bytes as text: Avro takes them for one another."""
    return value.decode() if isinstance(value, bytes) else value


class ForeignIds(FixedSchemaIds):
    """Knows the schema of one more writer."""

    def __init__(self, foreign: Schema) -> None:
        self.foreign = foreign

    def writer_schema(self, schema_id: int) -> Schema | None:
        """The foreign one, or one of ours."""
        return self.foreign if schema_id == FOREIGN_ID else super().writer_schema(schema_id)


@each
def test_todays_readers_read_what_fits_and_refuse_the_rest_with_a_reason(
    evolution: Evolution,
) -> None:
    """A record of tomorrow's schema reaches today's services: read, or a letter, never a crash."""
    _, new = evolution.schemas
    ids = ForeignIds(new)
    head = b"\0" + FOREIGN_ID.to_bytes(4, "big")
    for value in values_of(new):
        value["farm_id"] = "farm-a"
        raw = head + written(new, value)
        is_readable = read(raw[len(head) :], new, READING) is not None

        batch = ColumnReader(ids).read([raw])

        if is_readable:
            event = Serde(ids).decode(raw)
            assert len(batch.readings) == 1
            assert event.payload.boot_id == batch.readings.longs["boot_id"][0] == 7
            assert event.payload.collar_id == batch.readings.texts["collar_id"].at(0) == "text"
        else:
            with pytest.raises(UnreadableRecordError) as refused:
                Serde(ids).decode(raw)
            assert refused.value.reason is Reason.UNKNOWN_SCHEMA
            assert [why.reason for _, why in batch.rejected] == [Reason.UNKNOWN_SCHEMA]


def test_a_renamed_optional_field_is_taken_and_its_values_are_lost() -> None:
    """Avro sees one field gone and another come: the reason why fields of ours keep their names."""
    (renamed,) = (one for one in EVOLUTIONS if one.name == "optional field renamed")
    old, new = renamed.schemas

    got = read(written(old, values_of(old)[0]), old, new)

    assert got["payload"]["step_count"] is None


def test_the_table_has_the_changes_that_people_make() -> None:
    """Twelve were asked for; both answers must be in it, or it would prove nothing."""
    accepted = [evolution for evolution in EVOLUTIONS if evolution.is_accepted]

    assert len(EVOLUTIONS) >= 12
    assert 5 <= len(accepted) <= len(EVOLUTIONS) - 5
