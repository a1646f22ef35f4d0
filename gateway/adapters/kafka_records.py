"""What becomes of one message, into Kafka: for those who hand over few at a time."""

from collections.abc import Callable
from datetime import datetime

from contracts.serde import Serde
from contracts.topics import DEAD_LETTERS, READINGS
from gateway.adapters.kafka_sink import letter_of
from gateway.intake import Verdict
from runtime.kafka import Outbox, send_event


class KafkaRecords:
    """Readings and letters of a verdict over one idempotent producer. For one thread."""

    def __init__(self, outbox: Outbox, serde: Serde) -> None:
        self._outbox = outbox
        self._serde = serde

    @property
    def in_flight(self) -> int:
        """Records handed over and not yet confirmed."""
        return self._outbox.in_flight

    def send(self, verdict: Verdict, received_at: datetime, then: Callable[[], None]) -> None:
        """Hand over all of it; `then` runs in `poll`, once for each record confirmed."""
        for event in verdict.readings:
            send_event(self._outbox, self._serde, READINGS, event, lambda _message: then())
        for refusal in verdict.refusals:
            letter = letter_of(refusal, received_at)
            send_event(self._outbox, self._serde, DEAD_LETTERS, letter, lambda _message: then())

    def poll(self, wait_s: float) -> None:
        """Serve confirmations; raises DeliveryFailedError if a record was given up."""
        self._outbox.poll(wait_s)
