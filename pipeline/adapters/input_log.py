"""The worker's share of `herd.readings.v1`, read from offsets that its owner names explicitly.

Partitions move all at once (range), not cooperatively. Cooperatively the generation moves on while
a transaction is under way, which Kafka then refuses; and a static member that is restarted between
the two rounds of a handover is given its share of the first round again, so that what it was to
hand over belongs to nobody until somebody joins or leaves (seen: half of the partitions, for good).
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any, TypeVar, cast

import numpy as np
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from contracts.topics import READINGS
from pipeline.adapters.transactions import FENCED, SlotTakenError, TransactionFailedError
from pipeline.ports import Committed, Owner, Span
from runtime.consume import Limits, poll_batch
from runtime.kafka import new_consumer
from runtime.retry import retried

GROUP = "herd-pipeline"
SESSION_MS = 8_000  # a worker that is not replaced within this loses its partitions to the others
ASK_MAX_S = 20.0  # an open transaction of our predecessor makes Kafka hold back its offsets
ASK_AGAIN = {  # a leader or a coordinator is moving, or our client has yet to hear of it
    KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001  their names
    KafkaError._TRANSPORT,  # noqa: SLF001
    KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
    KafkaError._WAIT_COORD,  # noqa: SLF001
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.NOT_COORDINATOR,
}

T = TypeVar("T")


class _AgainError(RuntimeError):
    """Nobody could answer just now."""


class InputLog:
    """A static member of the group, reading what is committed only. name: of this process."""

    def __init__(
        self, bootstrap: str, slot: str, limits: Limits, name: str = "herd-pipeline"
    ) -> None:
        self._limits = limits
        self._consumer: Consumer = new_consumer(
            bootstrap,
            GROUP,
            **{
                # its successor of the same name gets the same partitions without a rebalance
                "group.instance.id": slot,
                "client.id": name,
                "session.timeout.ms": SESSION_MS,
                "partition.assignment.strategy": "range",
                # only offsets that we named: a silent jump to either end would lose or repeat
                "auto.offset.reset": "error",
            },
        )

    def subscribe(self, owner: Owner) -> None:
        """Join the group; `owner` is told which partitions come and go."""

        def assigned(consumer: Consumer, places: list[TopicPartition]) -> None:
            starts = [
                TopicPartition(READINGS.name, place.partition, start)
                for place, committed in self._committed(places)
                for start in [owner.assigned(place.partition, committed)]
            ]
            consumer.assign(starts)

        def revoked(_consumer: Consumer, places: list[TopicPartition]) -> None:
            for place in places:
                owner.revoked(place.partition)

        def lost(_consumer: Consumer, places: list[TopicPartition]) -> None:
            for place in places:
                owner.lost(place.partition)

        self._consumer.subscribe(
            [READINGS.name], on_assign=assigned, on_revoke=revoked, on_lost=lost
        )

    def poll(self) -> list[Span]:
        """What can be read now, at most a batch over all partitions, in order within each."""
        try:
            return spans_of(poll_batch(self._consumer, self._limits))
        except KafkaException as failure:
            if failure.args[0].code() in FENCED:
                raise SlotTakenError(f"another worker sits in our seat: {failure}") from failure
            raise

    def seek(self, partition: int, offset: int) -> None:
        """Read on from there."""
        self._consumer.seek(TopicPartition(READINGS.name, partition, offset))

    def written_at(self, partition: int, at: datetime) -> int | None:
        """The first offset of what Kafka took in at that time or later; None = nothing since."""
        asked = TopicPartition(READINGS.name, partition, int(at.timestamp() * 1000))
        (found,) = answered(
            lambda: _flawless(self._consumer.offsets_for_times([asked], timeout=ASK_MAX_S))
        )
        return found.offset if found.offset >= 0 else None

    def end_of(self, partition: int) -> int | None:
        """The end that the last fetch told of: asking the broker would cost a round trip."""
        place = TopicPartition(READINGS.name, partition)
        _, end = self._consumer.get_watermark_offsets(place, cached=True)
        return end if end >= 0 else None

    def group(self) -> Any:  # noqa: ANN401  opaque to us
        """The group's metadata as of now: what fences a commit of a member that was replaced."""
        return self._consumer.consumer_group_metadata()

    def close(self) -> None:
        """Leave off; a static member keeps its place for its successor until the session ends."""
        self._consumer.close()

    def _committed(self, places: list[TopicPartition]) -> list[tuple[TopicPartition, Committed]]:
        found = []
        stored = answered(lambda: _flawless(self._consumer.committed(places, timeout=ASK_MAX_S)))
        for place in stored:
            low = answered(partial(self._low, place))
            offset = place.offset if place.offset >= 0 else None
            found.append((place, Committed(offset, low)))
        return found

    def _low(self, place: TopicPartition) -> int:
        low, _ = self._consumer.get_watermark_offsets(place, timeout=ASK_MAX_S)
        return low


def _flawless(places: list[TopicPartition]) -> list[TopicPartition]:
    for place in places:
        if place.error is not None:
            raise KafkaException(place.error)
    return places


def answered(ask: Callable[[], T], total_max_s: float = ASK_MAX_S) -> T:
    """What Kafka answers, asked again while nobody is there to answer.

    Raises TransactionFailedError once that takes too long: who restores anew has a client that
    knows nothing yet of who leads what.
    """

    def once() -> T:
        try:
            return ask()
        except KafkaException as failure:
            error: KafkaError = failure.args[0]
            if error.code() in ASK_AGAIN:
                raise _AgainError(f"{error.name()}: {error.str()}") from failure
            raise

    try:
        return retried(once, on=_AgainError, total_max_s=total_max_s)
    except _AgainError as given_up:
        raise TransactionFailedError(f"no answer: {given_up}") from given_up


def spans_of(messages: list[Message]) -> list[Span]:
    """The records by partition, each in order.

    They come in runs of one partition, and of each record the client must be asked three things:
    whole runs are asked at once, which is all that a loop in Python may cost here.
    """
    partitions = np.array([message.partition() for message in messages], np.int64)
    cuts = [0, *(np.nonzero(np.diff(partitions))[0] + 1).tolist(), len(messages)]
    spans: dict[int, Span] = {}
    for begin, end in pairwise(cuts):
        if begin == end:
            continue
        run, partition = messages[begin:end], int(partitions[begin])
        span = spans.setdefault(partition, Span(partition, [], []))
        span.offsets.extend(cast("list[int]", [message.offset() for message in run]))
        span.values.extend([message.value() for message in run])
    return list(spans.values())
