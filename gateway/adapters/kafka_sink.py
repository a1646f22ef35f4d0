"""Readings and dead letters into Kafka: idempotent, key and partition by contracts/topics.py."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from contracts.dead_letter import DeadLetter
from contracts.envelope import Event
from contracts.ids import AnimalId, FarmId
from contracts.reading_columns import ReadingRows
from contracts.serde import Serde
from contracts.topics import DEAD_LETTERS, READINGS, partition_of_farm
from gateway.intake import Readings, Refusal
from gateway.ports import Arrived
from gateway.taken import TakenReadings
from runtime.failpoints import Failpoint
from runtime.kafka import Delivered, Outbox, Record, dead_letter, send_event

SERVICE = "gateway"
ANIMALS_KEPT = 20_000  # of a busy minute

HALF_HANDED_OVER = Failpoint("gateway.half_handed_over")


class KafkaSink:
    """The Sink of the bridge over one idempotent producer. For one thread."""

    def __init__(self, outbox: Outbox, serde: Serde) -> None:
        self._outbox = outbox
        self._serde = serde
        self._taken: list[tuple[Readings, Delivered]] = []
        self._records_taken = 0

    @property
    def in_flight(self) -> int:
        """Records taken and not yet confirmed."""
        return self._outbox.in_flight + self._records_taken

    def readings(self, readings: Readings, then: Callable[[], None]) -> None:
        """Take the readings of one upload; they are sent by `hand_over`."""
        self._taken.append((readings, self._outbox.together(len(readings), then)))
        self._records_taken += len(readings)

    def hand_over(self) -> None:
        """Send what was taken: each reading to its farm's partition, uploads in their order."""
        records = self._records()
        self._taken.clear()
        half = len(records) // 2
        self._outbox.send_all(READINGS, records[:half])
        if records:
            HALF_HANDED_OVER.reached()
        self._outbox.send_all(READINGS, records[half:])
        self._records_taken = 0

    def _records(self) -> list[Record]:
        """All that was taken as records; collars' readings are written in columns, all at once."""
        rows = ReadingRows()
        for readings, _ in self._taken:
            if isinstance(readings, TakenReadings):
                readings.add_to(rows)
        values = iter(self._serde.encode_rows(rows))
        return [
            record
            for readings, delivered in self._taken
            for record in self._records_of(readings, values, delivered)
        ]

    def _records_of(
        self, readings: Readings, values: Iterator[bytes], delivered: Delivered
    ) -> Iterator[Record]:
        if isinstance(readings, TakenReadings):
            for worn in readings.worn:
                partition, key = _place_of(worn.animal_id, worn.farm_id)
                yield partition, key, next(values), delivered
            return
        for event in readings:
            partition = partition_of_farm(event.farm_id) if event.farm_id else 0
            key = event.aggregate_id.encode()
            yield partition, key, self._serde.encode(event), delivered

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


@lru_cache(ANIMALS_KEPT)
def _place_of(animal_id: AnimalId, farm_id: FarmId) -> tuple[int, bytes]:
    """A reading's partition and key."""
    return partition_of_farm(farm_id), animal_id.encode()


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
