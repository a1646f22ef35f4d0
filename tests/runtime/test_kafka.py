"""Records on their way to a Kafka that is away: waited for in the open, and given up in words."""

from typing import Any

import pytest

from contracts.topics import ALERTS
from runtime.kafka import DeliveryFailedError, Outbox, new_producer

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


def test_what_kafka_has_given_up_is_raised_at_once() -> None:
    """The loop fails before it commits: nothing that was handed over is taken for delivered."""
    outbox = Outbox(new_producer(NOWHERE, **QUIET, **{"delivery.timeout.ms": 300}))
    outbox.send(ALERTS, 0, "k", b"v")

    with pytest.raises(DeliveryFailedError, match="did not take a record"):
        outbox.flush(30)
