"""The register's collars from `herd.collars.v1`: all of them first, then every change."""

from collections.abc import Mapping
from typing import Any, Protocol

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from contracts.animal_event import CollarAssignments
from contracts.ids import CollarId
from contracts.serde import Serde, UnreadableRecordError
from contracts.topics import COLLARS
from runtime.consume import Limits, place_of, poll_batch
from runtime.kafka import new_consumer
from runtime.retry import retried

log = structlog.get_logger()

GROUP = "herd-gateway-collars"  # a name only: partitions are taken by hand, nothing is committed
ASK_MAX_S = 10.0
WAIT_S = 0.2


Ends = Mapping[int, int]  # partition → the offset after its newest record, where there is one


class Reached:
    """How far a CollarFeed has come. Its thread writes, others ask."""

    def __init__(self) -> None:
        self._positions: Ends = {}

    def note(self, positions: Ends) -> None:
        """Everything before these offsets is applied."""
        self._positions = positions

    def covers(self, ends: Ends) -> bool:
        """Whether everything before these ends is applied."""
        positions = self._positions
        return all(positions.get(partition, 0) >= end for partition, end in ends.items())


class CollarEnds:
    """Where the topic ends now, for whoever must know what the register has said by now."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = new_consumer(bootstrap, GROUP)

    def ask(self) -> Ends:
        """Of each partition that holds anything; raises KafkaException."""
        ends = retried(lambda: _ends(self._consumer), on=KafkaException, total_max_s=30.0)
        return {partition: high for partition, (low, high) in ends.items() if high > low}

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()


class Collars(Protocol):
    """Whoever keeps collars as the register knows them: an Attribution, say."""

    def apply(self, told: CollarAssignments) -> None:
        """A collar's newest list."""
        ...

    def forget(self, collar_id: CollarId) -> None:
        """The register knows the collar no longer."""
        ...


class CollarFeed:
    """Keeps them equal to the topic. For one thread."""

    def __init__(
        self,
        bootstrap: str,
        serde: Serde,
        collars: Collars,
        reached: Reached | None = None,
        *,
        group: str = GROUP,
    ) -> None:
        self._consumer = new_consumer(bootstrap, group)
        self._serde = serde
        self._collars = collars
        self._reached = reached or Reached()
        self._places: list[TopicPartition] = []
        self._behind: dict[int, int] = {}  # partition → the offset it must reach once

    def open(self) -> None:
        """Begin at the beginning of every partition, and note where each ends now."""
        ends = retried(lambda: _ends(self._consumer), on=KafkaException, total_max_s=30.0)
        self._behind = {partition: high for partition, (low, high) in ends.items() if high > low}
        self._places = [TopicPartition(COLLARS.name, partition) for partition in ends]
        self._consumer.assign(
            [TopicPartition(COLLARS.name, partition, OFFSET_BEGINNING) for partition in ends]
        )

    def turn(self) -> None:
        """Apply what came; waits a little for something to come."""
        for message in poll_batch(self._consumer, Limits(wait_s=WAIT_S)):
            _, partition, offset = place_of(message)
            self._apply(message.key(), message.value(), partition, offset)
        # positions, not records: the newest offsets may be gone by compaction
        positions = {
            place.partition: place.offset for place in self._consumer.position(self._places)
        }
        self._reached.note(positions)
        self._behind = {
            partition: end for partition, end in self._behind.items() if positions[partition] < end
        }

    def loaded(self) -> bool:
        """Whether everything that was there at `open` is applied."""
        return not self._behind

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()

    def _apply(self, key: Any, value: bytes | None, partition: int, offset: int) -> None:  # noqa: ANN401  bytes or text, by the client's version
        if value is None:
            collar_id = key.decode() if isinstance(key, bytes) else str(key)
            self._collars.forget(CollarId(collar_id))
            return
        try:
            event = self._serde.decode(value)
        except UnreadableRecordError as error:
            # one collar stays as it was; the herdbook writes its whole list again on any change
            log.error(  # noqa: TRY400  the detail says it all, the stack nothing
                "collar_unreadable", partition=partition, offset=offset, why=error.detail
            )
            return
        if isinstance(event.payload, CollarAssignments):
            self._collars.apply(event.payload)


def _ends(consumer: Consumer) -> dict[int, tuple[int, int]]:
    known = consumer.list_topics(COLLARS.name, timeout=ASK_MAX_S).topics[COLLARS.name]
    if known.error is not None:
        raise KafkaException(known.error)
    return {
        partition: consumer.get_watermark_offsets(
            TopicPartition(COLLARS.name, partition), timeout=ASK_MAX_S
        )
        for partition in known.partitions
    }
