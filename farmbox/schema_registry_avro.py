"""Avro as the registry needs it: reading a schema, telling two apart, judging two together."""

import json
import warnings
from enum import StrEnum

from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.errors import AvroException
from avro.schema import Schema, parse

from farmbox.schema_registry_errors import InvalidSchemaError

REASON_CHARS_MAX = 500
# Besides its own errors Apache's parser lets these through for schemas of the wrong shape.
PARSER_ERRORS = (AvroException, AttributeError, KeyError, RecursionError, TypeError, ValueError)


class Level(StrEnum):
    """Which schemas may follow which. Backward: new readers read old data; forward: the reverse."""

    NONE = "NONE"
    BACKWARD = "BACKWARD"
    BACKWARD_TRANSITIVE = "BACKWARD_TRANSITIVE"
    FORWARD = "FORWARD"
    FORWARD_TRANSITIVE = "FORWARD_TRANSITIVE"
    FULL = "FULL"
    FULL_TRANSITIVE = "FULL_TRANSITIVE"

    @property
    def is_transitive(self) -> bool:
        """Whether all earlier versions count, and not the newest alone."""
        return self.endswith("_TRANSITIVE")

    @property
    def is_backward(self) -> bool:
        """Whether the new schema must read what the old one wrote."""
        return self.startswith(("BACKWARD", "FULL"))

    @property
    def is_forward(self) -> bool:
        """Whether the old schema must read what the new one writes."""
        return self.startswith(("FORWARD", "FULL"))


def canonical(text: str) -> str:
    """The schema without blanks and with its attributes sorted; raises InvalidSchemaError.

    Not Avro's parsing canonical form, which drops defaults and aliases: two schemas that read old
    data differently would get one id.
    """
    _parse(text)
    return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def problems(new: str, old: str, level: Level) -> list[str]:
    """Why `new` may not stand beside `old` at `level`; empty if it may."""
    new_schema, old_schema = _parse(new), _parse(old)
    found = []
    if level.is_backward:
        found += [f"new readers, old data: {p}" for p in _cannot_read(new_schema, old_schema)]
    if level.is_forward:
        found += [f"old readers, new data: {p}" for p in _cannot_read(old_schema, new_schema)]
    return found


def _cannot_read(reader: Schema, writer: Schema) -> list[str]:
    # it remembers pairs of schemas: one for each question
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # Apache's
    result = checker.get_compatibility(reader, writer)
    if result.compatibility is SchemaCompatibilityType.compatible:
        return []
    kinds = ", ".join(sorted({kind.name for kind in result.incompatibilities}))
    places = ", ".join(sorted(result.locations))
    return [f"{kinds} at {places}: {'; '.join(sorted(result.messages))}"[:REASON_CHARS_MAX]]


def _parse(text: str) -> Schema:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of logical types this package does not know
            return parse(text)
    except PARSER_ERRORS as error:
        reason = f"{type(error).__name__}: {error}"[:REASON_CHARS_MAX]
        raise InvalidSchemaError(f"This is not an Avro schema: {reason}") from error
