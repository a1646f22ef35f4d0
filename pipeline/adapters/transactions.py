"""One Kafka transaction a batch: what is told, what is buried, and how far was read, or none of it.

librdkafka lacks the second half of KIP-890, so a call that timed out leaves the producer unknown:
only an error Kafka calls retriable is tried again. Anything else ends this producer, and the next
one aborts what it left open (the transactional id is its slot's). That is no rare event: a
generation that moves on because another worker joins refuses the commit under way.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from contracts.topics import READINGS, KafkaTopic
from pipeline import failpoints
from pipeline.ports import Record
from runtime.kafka import DeliveryFailedError, Outbox, new_producer
from runtime.retry import retried

RETRY_BACKOFF_MS = 5
TRANSACTION_MAX_MS = 10_000  # an owner that died mid-way holds read_committed readers this long
CALL_MAX_S = 10.0  # as the transaction's own limit: later, the broker has aborted it anyway
OPEN_MAX_S = 40.0  # the coordinator may be starting, or finishing what our predecessor left

# a consumer says no more than fatal, and nothing else is that to it
FENCED = {
    KafkaError._FENCED,  # noqa: SLF001  their names
    KafkaError._FATAL,  # noqa: SLF001
    KafkaError.FENCED_INSTANCE_ID,
}
# while a slot is taken: its last transaction is being closed, or its coordinator has just moved
AGAIN_AT_OPENING = {
    KafkaError.CONCURRENT_TRANSACTIONS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.NOT_COORDINATOR,
    KafkaError._TRANSPORT,  # noqa: SLF001
}


class TransactionFailedError(RuntimeError):
    """A transaction that cannot be tried again; state must be restored from what was committed."""


class SlotTakenError(RuntimeError):
    """Another process holds our slot now: going on would only throw it out in its turn."""


# whatever Kafka's clients raise: they are dropped with the state, and new ones restore it
RECOVERABLE = (
    TransactionFailedError,
    SlotTakenError,
    DeliveryFailedError,
    KafkaException,
    TimeoutError,
)


class _RetriableError(RuntimeError):
    """Kafka asks for the same call again."""


class Transactions:
    """The writing half of a worker. group: the consumer's live metadata, asked at every commit.

    source: the topic whose offsets are committed.
    """

    def __init__(
        self,
        bootstrap: str,
        slot: str,
        group: Callable[[], Any],
        source: KafkaTopic = READINGS,
    ) -> None:
        self._group, self._source = group, source
        settings: dict[str, Any] = {
            "transactional.id": slot,
            "transaction.timeout.ms": TRANSACTION_MAX_MS,
            # the broker refuses a transaction's first call while it still closes the one before;
            # the client's default of 100 ms would then be the delay of every second alert
            "retry.backoff.ms": RETRY_BACKOFF_MS,
            # a record given up later than its transaction would only hide the cause
            "delivery.timeout.ms": TRANSACTION_MAX_MS,
        }
        self._producer: Producer = new_producer(
            bootstrap,
            **settings,
        )
        self._outbox = Outbox(self._producer)

    def open(self) -> None:
        """Take the slot: fences its last holder and aborts what that one left open."""
        called(
            lambda: self._producer.init_transactions(OPEN_MAX_S),
            again=AGAIN_AT_OPENING,
            total_max_s=OPEN_MAX_S,
        )

    def commit(self, records: Iterable[Record], offsets: Mapping[int, int]) -> None:
        """Write the records and, by partition, the offset to go on from: all or nothing."""
        called(self._producer.begin_transaction)
        failpoints.BEFORE_RECORDS.reached()
        for record in records:
            self._outbox.send(record.kafka_topic, record.partition, record.key, record.value)
        places = [TopicPartition(self._source.name, p, offset) for p, offset in offsets.items()]
        failpoints.BEFORE_OFFSETS.reached()
        # a generation from an earlier turn would be fenced after a rebalance, or worse, pass
        called(
            lambda: self._producer.send_offsets_to_transaction(places, self._group(), CALL_MAX_S)
        )
        failpoints.BEFORE_COMMIT.reached()
        called(lambda: self._producer.commit_transaction(CALL_MAX_S))


def called(
    call: Callable[[], None], *, again: Collection[int] = (), total_max_s: float = CALL_MAX_S
) -> None:
    """Do it, tried again while Kafka asks for that or answers with one of the codes `again`.

    Raises SlotTakenError or TransactionFailedError.
    """

    def once() -> None:
        try:
            call()
        except KafkaException as failure:
            error: KafkaError = failure.args[0]
            asked = error.retriable() and error.code() != KafkaError._TIMED_OUT  # noqa: SLF001  its name
            if asked or error.code() in again:
                raise _RetriableError(f"{error.name()}: {error.str()}") from failure
            if error.fatal() or error.code() in FENCED:
                raise SlotTakenError(
                    f"another worker has taken this worker's slot ({error.name()}: {error.str()}): "
                    "give each its own HERD_PIPELINE_SLOT"
                ) from failure
            raise TransactionFailedError(f"{error.name()}: {error.str()}") from failure

    try:
        retried(once, on=_RetriableError, total_max_s=total_max_s)
    except _RetriableError as given_up:
        raise TransactionFailedError(f"after {total_max_s:.0f} s: {given_up}") from given_up
