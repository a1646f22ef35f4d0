"""Foreign schemas in front of the decoder: what could end the process is refused by its shape."""

import subprocess
import sys
import textwrap
from typing import Any

import pytest

from contracts.admission import DEPTH_MAX, NODES_MAX, why_refused
from contracts.dead_letter import Reason
from contracts.messages import MESSAGES, schema_of
from contracts.serde import FixedSchemaIds, Serde, UnreadableRecordError

CHILD_MAX_S = 30
READING = "CollarReading"


def a_record(*types: object, name: str = READING) -> dict[str, Any]:
    """A record of ours by name, with fields of these types."""
    fields = [{"name": f"f{number}", "type": kind} for number, kind in enumerate(types)]
    return {"type": "record", "name": name, "namespace": "herdlog", "fields": fields}


def nested(levels: int) -> object:
    """An array of arrays."""
    kind: object = "long"
    for _ in range(levels):
        kind = {"type": "array", "items": kind}
    return kind


EMPTY = {"type": "record", "name": "Empty", "fields": []}
OF_NULLS = {"type": "record", "name": "Nulls", "fields": [{"name": "n", "type": "null"}]}
INNER = {"type": "record", "name": "Inner", "fields": [{"name": "me", "type": ["null", READING]}]}


def test_every_schema_of_ours_is_admitted() -> None:
    """A rule that refuses our own messages would stop the farm."""
    assert [m for m in MESSAGES if why_refused(schema_of(m)) is not None] == []


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (a_record(["null", READING]), "contains itself"),
        (a_record(["null", "herdlog.CollarReading"]), "contains itself"),
        (a_record({"type": "map", "values": READING}), "contains itself"),
        (a_record(INNER), "contains itself"),
        (a_record({"type": "array", "items": "null"}), "take no bytes"),
        (a_record({"type": "array", "items": EMPTY}), "take no bytes"),
        (a_record(EMPTY, {"type": "array", "items": "Empty"}), "take no bytes"),
        (a_record({"type": "array", "items": OF_NULLS}), "take no bytes"),
        (
            a_record({"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}}),
            "take no bytes",
        ),
        (a_record(nested(DEPTH_MAX + 2)), "deeper"),
        (a_record(nested(400)), "deeper"),
        (a_record(*["long"] * NODES_MAX), "more than"),
        (a_record(3), "is no type"),
        ({"type": "record", "name": READING}, "no list of fields"),
        ({"type": "record", "name": READING, "fields": [3]}, "no list of fields"),
        (["null", "string"], "no Avro record"),
        ("string", "no Avro record"),
        ({}, "no Avro record"),
    ],
)
def test_shapes_that_could_end_a_process_are_refused_with_a_sentence(
    schema: object, why: str
) -> None:
    """Whoever can register a schema must not be able to end every reader of a topic."""
    assert why in str(why_refused(schema))


def test_a_list_of_records_that_take_bytes_is_admitted() -> None:
    """Our own assignments are one."""
    held = {"type": "record", "name": "Held", "fields": [{"name": "n", "type": "long"}]}

    assert why_refused(a_record({"type": "array", "items": held}, "Held")) is None


class Foreign(FixedSchemaIds):
    """Under every id the same foreign schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema
        self.asked = 0

    def writer_schema(self, schema_id: int) -> dict[str, Any] | None:
        """That one."""
        del schema_id
        self.asked += 1
        return self.schema


@pytest.mark.parametrize(
    "schema",
    [
        a_record(["null", READING]),
        a_record("CollarReadin"),  # a type that nobody defines
        {},
        {**a_record("long"), "namespace": "elsewhere"},
    ],
)
def test_a_refused_schema_is_a_reason_and_is_judged_once(schema: dict[str, Any]) -> None:
    """A flood of such records costs a look into a dictionary each."""
    ids = Foreign(schema)
    serde = Serde(ids)
    for _ in range(3):
        with pytest.raises(UnreadableRecordError) as refused:
            serde.decode(b"\0\0\0\0\x63" + b"\x02" * 1000)

        assert refused.value.reason is Reason.UNKNOWN_SCHEMA
    assert ids.asked == 1


def test_twenty_kilobytes_of_a_schema_that_contains_itself_end_no_process() -> None:
    """The decoder dies of it by a signal that nothing catches: so it is tried in a child."""
    script = """
        from contracts.serde import Serde, UnreadableRecordError
        from tests.contracts.test_admission import Foreign, a_record
        try:
            Serde(Foreign(a_record(["null", "CollarReading"]))).decode(
                b"\\0\\0\\0\\0\\x63" + b"\\x02" * 20_000
            )
        except UnreadableRecordError as error:
            print(error.reason)
    """

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=CHILD_MAX_S,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "unknown_schema\n"), done.stderr
