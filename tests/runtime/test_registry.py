"""What a registry may hold beside our schemas: none of it stops a reader."""

import pytest
from confluent_kafka.schema_registry import Schema

from runtime.registry import _parsed


@pytest.mark.parametrize(
    "schema",
    [
        Schema('syntax = "proto3";', "PROTOBUF"),
        Schema('{"type": "object"}', "JSON"),
        Schema('["null", "string"]', "AVRO"),
        Schema('"string"', "AVRO"),
        Schema("no json", "AVRO"),
        Schema(None, "AVRO"),
    ],
)
def test_a_schema_that_no_record_of_ours_has_is_nobodys(schema: Schema) -> None:
    """Another tenant's Protobuf under an id that a record names is a letter, and no traceback."""
    assert _parsed(schema) == {}


def test_an_avro_record_is_what_it_says() -> None:
    """The registry calls Avro by its name or leaves it out."""
    assert _parsed(Schema('{"type": "record"}', "AVRO")) == {"type": "record"}
