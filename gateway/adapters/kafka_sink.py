"""Readings and dead letters into Kafka: idempotent, key and partition by contracts/topics.py."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from contracts.dead_letter import DeadLetter
from contracts.envelope import Event
from contracts.serde import Serde
from contracts.topics import DEAD_LETTERS, READINGS
from gateway.bridge import Arrived
from gateway.intake import Reading, Refusal
from runtime.kafka import Outbox, dead_letter, send_event

SERVICE = "gateway"


class KafkaSink:
    """The Sink of the bridge over one idempotent producer. For one thread."""

    def __init__(self, outbox: Outbox, serde: Serde) -> None:
        self._outbox = outbox
        self._serde = serde

    @property
    def in_flight(self) -> int:
        """Records handed over and not yet confirmed."""
        return self._outbox.in_flight

    def reading(self, event: Event[Reading], then: Callable[[], None]) -> None:
        """Send one reading to its farm's partition."""
        send_event(self._outbox, self._serde, READINGS, event, lambda _message: then())

    def letter(
        self,
        refusal: Refusal,
        arrived: Arrived,  # noqa: ARG002  the refusal itself says where it came from
        received_at: datetime,
        then: Callable[[], None],
    ) -> None:
        """Send one dead letter to the partition of the farm it came from."""
        letter = letter_of(refusal, received_at)
        send_event(self._outbox, self._serde, DEAD_LETTERS, letter, lambda _message: then())

    def poll(self, wait_s: float) -> None:
        """Serve confirmations; raises DeliveryFailedError if a record was given up."""
        self._outbox.poll(wait_s)


def letter_of(refusal: Refusal, received_at: datetime) -> Event[DeadLetter]:
    """The letter of one refusal; told again (a collar's second try), it is the same letter."""
    sender = refusal.sender
    letter: Event[Any] = dead_letter(
        refusal.rejected,
        refusal.raw,
        origin=sender.origin,
        service=SERVICE,
        farm_id=sender.farm_id,
        received_at=received_at,
        collar_id=sender.collar_id,
    )
    letter_id = refusal.letter_id
    return (
        letter if letter_id is None else replace(letter, event_id=letter_id, aggregate_id=letter_id)
    )
