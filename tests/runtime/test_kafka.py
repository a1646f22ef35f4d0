"""Records on their way to a Kafka that is away: waited for in the open, and given up in words."""

from typing import Any

import pytest

from contracts.dead_letter import Reason, Rejected
from contracts.serde import FixedSchemaIds, Serde
from contracts.topics import ALERTS, DEAD_LETTERS
from runtime.kafka import (
    LETTER_RAW_BYTES_MAX,
    DeliveryFailedError,
    Outbox,
    dead_letter,
    new_producer,
)
from tests.builders import MORNING

NOWHERE = "127.0.0.1:1"  # nobody listens there
QUIET: dict[str, Any] = {"log_level": 0}


def test_a_long_flush_shows_progress_and_ends() -> None:
    """The watchdog must not end a process because Kafka is away; a limit must."""
    beats: list[int] = []
    outbox = Outbox(new_producer(NOWHERE, **QUIET), lambda: beats.append(1))
    outbox.send(ALERTS, 0, "k", b"v")

    with pytest.raises(DeliveryFailedError, match="1 records not confirmed within 2"):
        outbox.flush(2.5)

    assert len(beats) >= 2


def test_a_full_queue_shows_progress() -> None:
    """Whoever hands over more than fits waits there, and may wait as long as for a flush."""
    beats: list[int] = []
    full: dict[str, Any] = {"queue.buffering.max.messages": 1, "delivery.timeout.ms": 300}
    outbox = Outbox(new_producer(NOWHERE, **QUIET, **full), lambda: beats.append(1))
    outbox.send(ALERTS, 0, "k", b"v")

    with pytest.raises(DeliveryFailedError, match="did not take a record"):
        outbox.send(ALERTS, 0, "k", b"v")

    assert len(beats) >= 2


def test_what_kafka_has_given_up_is_raised_at_once() -> None:
    """The loop fails before it commits: nothing that was handed over is taken for delivered."""
    outbox = Outbox(new_producer(NOWHERE, **QUIET, **{"delivery.timeout.ms": 300}))
    outbox.send(ALERTS, 0, "k", b"v")

    with pytest.raises(DeliveryFailedError, match="did not take a record"):
        outbox.flush(30)


def test_a_record_that_is_too_large_can_still_be_buried() -> None:
    """Kafka lets in a little more than the client sends: its letter must not stop its reader."""
    raw = bytes(2_000_000)
    letter = dead_letter(
        Rejected(Reason.TOO_LARGE, "2000000 bytes, at most 1 MiB"),
        raw,
        origin="kafka:herd.alerts.v1/3/7",
        service="alerts",
        farm_id=None,
        received_at=MORNING,
    )
    outbox = Outbox(new_producer(NOWHERE, **QUIET))

    outbox.send(DEAD_LETTERS, 3, letter.aggregate_id, Serde(FixedSchemaIds()).encode(letter))

    assert outbox.in_flight == 1  # taken, and waits for a Kafka
    assert len(letter.payload.raw) == LETTER_RAW_BYTES_MAX
    assert "of 2000000 bytes are not kept" in letter.payload.detail
