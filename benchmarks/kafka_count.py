"""What stands in `herd.readings.v1` from some offsets on: counted, and by whom it must be found."""

from dataclasses import dataclass

from confluent_kafka import Consumer, TopicPartition

from contracts.topics import PARTITIONS, READINGS
from runtime.kafka import new_consumer

ASK_MAX_S = 10.0
READ_MAX_S = 60.0
EVENT_ID = slice(6, 42)  # behind Confluent's header and the length of the first field


@dataclass(frozen=True, slots=True)
class Found:
    """event_ids: in the log. records: repeats included. last_s: when Kafka took the last, POSIX."""

    event_ids: frozenset[str]
    records: int
    last_s: float


class ReadingsLog:
    """The topic of the readings, as an onlooker who commits nothing."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer: Consumer = new_consumer(bootstrap, "herd-bench")

    def ends(self) -> dict[int, int]:
        """The next offset of each partition."""
        return {
            partition: self._consumer.get_watermark_offsets(
                TopicPartition(READINGS.name, partition), timeout=ASK_MAX_S
            )[1]
            for partition in range(PARTITIONS)
        }

    def between(self, begin: dict[int, int], end: dict[int, int]) -> Found:
        """The records at `begin` and above, below `end`."""
        event_ids, last_ms, left = set(), 0, sum(end.values()) - sum(begin.values())
        records = left
        self._consumer.assign(
            [
                TopicPartition(READINGS.name, partition, offset)
                for partition, offset in begin.items()
            ]
        )
        while left:
            messages = self._consumer.consume(min(left, 10_000), READ_MAX_S)
            if not messages:
                raise TimeoutError(f"{left} records of {READINGS.name} could not be read")
            for message in messages:
                value = message.value()
                if message.error() is not None or value is None:
                    raise TimeoutError(f"{READINGS.name} could not be read: {message.error()}")
                event_ids.add(value[EVENT_ID].decode())
                last_ms = max(last_ms, message.timestamp()[1])
            left -= len(messages)
        self._consumer.unassign()
        return Found(frozenset(event_ids), records, last_ms / 1000)

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()
