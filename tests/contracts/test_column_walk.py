"""The general walk: any schema's records by columns are what fastavro reads one by one."""

from io import BytesIO
from typing import Any

import fastavro
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.column_walk import ITEMS_MAX, Columns, Schema, UnwalkableError, walk
from contracts.messages import MESSAGES, MessageType, schema_of
from tests.conftest import FULL_SIZE
from tests.contracts.any_records import some_records
from tests.contracts.any_schemas import schemas, values_of

EXAMPLES = 3_000 if FULL_SIZE else 60
BYTES = "bytes"


class Rows:
    """Records told again from their columns, as fastavro's dictionaries."""

    def __init__(self, schema: Schema, columns: Columns, joined: bytes) -> None:
        self.columns, self.joined, self.schema = columns, joined, schema

    def record(self, slot: int) -> Schema:
        """One record."""
        return self._value(self.schema, "", slot)

    def _value(  # noqa: PLR0911  one line a type
        self, schema: Schema, path: str, slot: int
    ) -> Schema:
        match schema:
            case "null":
                return None
            case list():
                return self._union(schema, path, slot)
            case {"type": "record", "fields": fields}:
                return {
                    one["name"]: self._value(one["type"], f"{path}.{one['name']}".lstrip("."), slot)
                    for one in fields
                }
            case {"type": "array", "items": items}:
                counts = self.columns[path]
                where = int(np.searchsorted(counts.at, slot))
                first = int(counts.values[:where].sum())
                count = int(counts.values[where])
                return [self._value(items, f"{path}[]", i) for i in range(first, first + count)]
            case {"type": "enum", "symbols": symbols}:
                return symbols[self._simple(path, slot)]
            case "boolean":
                return bool(self._simple(path, slot))
            case "string":
                return self._simple(path, slot).decode()
            case {"type": "string" | "int" | "long" | "double" as carrier}:
                return self._value(carrier, path, slot)
            case _:
                return self._simple(path, slot)

    def _union(self, branches: list[Any], path: str, slot: int) -> Schema:
        others = [one for one in branches if one != "null"]
        if f"{path}?" in self.columns:
            number = self._simple(f"{path}?", slot)
        elif slot in self.columns[path].at:
            number = branches.index(others[0])
        else:
            return None
        branch = branches[number]
        named = branch if isinstance(branch, str) else branch.get("name", branch["type"])
        inner = path if len(others) == 1 else f"{path}:{named}"
        return self._value(branch, inner, slot)

    def _simple(self, path: str, slot: int) -> Schema:
        column = self.columns[path]
        (found,) = np.nonzero(column.at == slot)[0]
        value = column.values[found].item()
        return value if column.end is None else self.joined[value : int(column.end[found])]


def read_singly(schema: Schema, raw: bytes) -> Schema:
    """What fastavro reads, logical types left as they lie; None if it cannot, or bytes are left."""
    source = BytesIO(raw)
    try:
        found = fastavro.schemaless_reader(source, fastavro.parse_schema(schema))
    except Exception:  # noqa: BLE001  on damaged bytes anything may break in it
        return None
    return found if source.tell() == len(raw) else None


def written(schema: Schema, record: Schema) -> bytes:
    """The record's bytes."""
    out = BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), record)
    return out.getvalue()


def assert_read_as_singly(schema: Schema, raws: list[bytes]) -> list[bool]:
    """Each record that the walk does not call odd is fastavro's; returns which are odd."""
    columns, odd, joined = walk(schema, raws)
    rows = Rows(schema, columns, joined)
    for place, raw in enumerate(raws):
        if not odd[place]:
            assert repr(rows.record(place)) == repr(read_singly(schema, raw))
    return [bool(one) for one in odd]


@given(st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_schemas_records_are_read_as_one_by_one(data: st.DataObject) -> None:
    """Every type, nested as it comes: a quicker decoder that differs would judge another herd."""
    schema = data.draw(schemas)
    records = data.draw(st.lists(values_of(schema), min_size=1, max_size=6))

    odd = assert_read_as_singly(schema, [written(schema, record) for record in records])

    assert not any(odd)


@given(st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_damaged_records_are_odd_or_read_as_one_by_one_and_spoil_no_neighbour(
    data: st.DataObject,
) -> None:
    """A hostile record costs itself only."""
    schema = data.draw(schemas)
    good = written(schema, data.draw(values_of(schema)))
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]

    odd = assert_read_as_singly(schema, [good, bytes(damaged), good])

    assert not odd[0]
    assert not odd[2]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.event_type)
def test_every_message_of_ours_is_walked(message: MessageType) -> None:
    """Its schema's types are all known to the walk."""
    schema = schema_of(message)
    raws = [written(schema, record) for record in some_records(schema)]

    assert not any(assert_read_as_singly(raw_types(schema), raws))


def raw_types(schema: Schema) -> Schema:
    """The schema without logical types: what lies in the bytes."""
    match schema:
        case dict():
            return {key: raw_types(value) for key, value in schema.items() if key != "logicalType"}
        case list():
            return [raw_types(one) for one in schema]
        case _:
            return schema


def test_a_count_or_length_of_millions_costs_no_memory() -> None:
    """Nothing is made as large as a hostile number says."""
    schema = {
        "type": "record",
        "name": "R",
        "fields": [
            {"name": "x", "type": {"type": "array", "items": "long"}},
            {"name": "y", "type": "string"},
        ],
    }
    huge = b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f"  # as large as nine bytes go
    long_array = b"\x82\x80\x04" + bytes(40_000)
    raws = [huge + bytes(9), b"\x00" + huge, long_array, b"\x02\x08\x00\x02a"]

    columns, odd, _ = walk(schema, raws)

    assert odd.tolist() == [True, True, True, False]
    assert sum(len(column.at) for column in columns.values()) < ITEMS_MAX
    assert columns["x[]"].values[columns["x"].values[:3].sum() :].tolist() == [4]


def test_a_text_beyond_ascii_is_left_to_the_single_decoder() -> None:
    """Only that one knows whether it is UTF-8 at all."""
    schema = {"type": "record", "name": "R", "fields": [{"name": "x", "type": "string"}]}

    _, odd, _ = walk(schema, [b"\x04ab", "\x04é".encode(), b"\x04\xff\xfe"])

    assert odd.tolist() == [False, True, True]


def test_a_schema_that_it_cannot_follow_is_named() -> None:
    """A map, or a record within itself: whoever reads falls back to single records."""
    node: dict[str, Any] = {"type": "record", "name": "N", "fields": []}
    node["fields"].append({"name": "next", "type": ["null", "N"]})
    with_map = {
        "type": "record",
        "name": "M",
        "fields": [{"name": "m", "type": {"type": "map", "values": "long"}}],
    }

    for schema in (node, with_map):
        with pytest.raises(UnwalkableError):
            walk(schema, [b"\0\0"])
