"""What a restore replays is held against the log: equal, or named."""

from dataclasses import replace

from pipeline.comparison import Comparison, event_id_in
from tests.builders import a_detection
from tests.pipeline.logs import SERDE

TOLD = [SERDE.encode(a_detection(animal=f"nl-{n}")) for n in range(5)]


def test_what_the_log_holds_byte_by_byte_is_no_difference() -> None:
    """In any order and with more beside: an open episode is told once more after a restore."""
    comparison = Comparison()
    comparison.expect(TOLD[1:])

    comparison.take([*reversed(TOLD), TOLD[2]])

    assert comparison.differences() == []


def test_what_is_missing_or_says_something_else_is_named() -> None:
    """Both mean that the engine did not repeat itself, or that a transaction was torn."""
    told = [SERDE.decode(value) for value in TOLD]
    other = SERDE.encode(replace(told[0], actor="pipeline:other"))
    comparison = Comparison()
    comparison.expect(TOLD)

    comparison.take([other, *TOLD[2:]])

    assert comparison.differences() == sorted([told[0].event_id, told[1].event_id])


def test_another_writer_schema_is_no_difference() -> None:
    """A build with a newer schema replays other bytes of the same event."""
    comparison = Comparison()
    comparison.expect(TOLD[:1])

    comparison.take([b"\0\0\0\0\x63" + TOLD[0][5:]])

    assert comparison.differences() == []


def test_the_id_is_read_where_every_envelope_has_it() -> None:
    """Without decoding: a restore compares thousands."""
    assert event_id_in(TOLD[0]).decode() == SERDE.decode(TOLD[0]).event_id
    assert event_id_in(b"") == b""
