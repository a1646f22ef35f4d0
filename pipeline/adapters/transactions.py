"""One Kafka transaction a batch: what is told, what is buried, and how far was read, or none of it.

librdkafka lacks the second half of KIP-890, so a call that timed out leaves the producer unknown:
only an error Kafka calls retriable is tried again. Anything else ends this producer, and the next
one aborts what it left open (the transactional id is its slot's). That is no rare event: a
generation that moves on because another worker joins refuses the commit under way.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from contracts.topics import READINGS, KafkaTopic
from pipeline import failpoints
from pipeline.ports import Record
from runtime.kafka import Outbox, new_producer
from runtime.retry import retried

RETRY_BACKOFF_MS = 5
TRANSACTION_MAX_MS = 10_000  # an owner that died mid-way holds read_committed readers this long
CALL_MAX_S = 10.0  # as the transaction's own limit: later, the broker has aborted it anyway
OPEN_MAX_S = 40.0  # the coordinator may be starting, or finishing what our predecessor left

FENCED = {KafkaError._FENCED, KafkaError.FENCED_INSTANCE_ID}  # noqa: SLF001  its name


class TransactionFailedError(RuntimeError):
    """A transaction that cannot be tried again; state must be restored from what was committed."""


class SlotTakenError(RuntimeError):
    """Another process holds our slot now: going on would only throw it out in its turn."""


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
        _called(lambda: self._producer.init_transactions(OPEN_MAX_S), total_max_s=OPEN_MAX_S)

    def commit(self, records: Iterable[Record], offsets: Mapping[int, int]) -> None:
        """Write the records and, by partition, the offset to go on from: all or nothing."""
        self._producer.begin_transaction()
        failpoints.BEFORE_RECORDS.reached()
        for record in records:
            self._outbox.send(record.kafka_topic, record.partition, record.key, record.value)
        places = [TopicPartition(self._source.name, p, offset) for p, offset in offsets.items()]
        failpoints.BEFORE_OFFSETS.reached()
        # a generation from an earlier turn would be fenced after a rebalance, or worse, pass
        _called(
            lambda: self._producer.send_offsets_to_transaction(places, self._group(), CALL_MAX_S)
        )
        failpoints.BEFORE_COMMIT.reached()
        _called(lambda: self._producer.commit_transaction(CALL_MAX_S))


def _called(call: Callable[[], None], total_max_s: float = CALL_MAX_S) -> None:
    def once() -> None:
        try:
            call()
        except KafkaException as failure:
            error: KafkaError = failure.args[0]
            if error.retriable() and error.code() != KafkaError._TIMED_OUT:  # noqa: SLF001  its name
                raise _RetriableError(error.str()) from failure
            if error.fatal() or error.code() in FENCED:
                raise SlotTakenError(
                    f"another worker has taken this worker's slot ({error.name()}: {error.str()}): "
                    "give each its own HERD_PIPELINE_SLOT"
                ) from failure
            raise TransactionFailedError(f"{error.name()}: {error.str()}") from failure

    retried(once, on=_RetriableError, total_max_s=total_max_s)
