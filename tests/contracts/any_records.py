"""A few records of a schema: everything null, everything there, and in between."""

from datetime import UTC, datetime
from typing import Any

from contracts.column_walk import Schema

MOMENT = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def some_records(schema: Schema) -> list[Any]:
    """Records of the schema."""
    return [_value(schema, n) for n in range(4)]


def _value(schema: Schema, number: int) -> Schema:  # noqa: C901, PLR0911  one line a type
    match schema:
        case {"type": "record", "fields": fields}:
            return {one["name"]: _value(one["type"], number + i) for i, one in enumerate(fields)}
        case {"type": "array", "items": items}:
            return [_value(items, number + i) for i in range(number % 4)]
        case {"logicalType": "timestamp-micros"}:
            return MOMENT
        case list():
            return _value(schema[number % len(schema)], number)
        case "boolean":
            return number % 2 == 1
        case "null":
            return None
        case "string":
            return f"text {number}"
        case "bytes":
            return bytes([number, 255])
        case "float" | "double":
            return number / 4
        case "int" | "long":
            return number * 1000 - 2000
    raise TypeError(f"no value of {schema!r}")
