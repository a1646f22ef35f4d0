"""What becomes of a worker by the error that Kafka answers a call of its transaction with."""

from collections.abc import Callable

import pytest
from confluent_kafka import KafkaError, KafkaException

from pipeline.adapters.transactions import (
    AGAIN_AT_OPENING,
    SlotTakenError,
    TransactionFailedError,
    called,
)


def failing(error: KafkaError, times: int = 1_000) -> Callable[[], None]:
    """A call that Kafka refuses so many times."""
    errors = iter([KafkaException(error)] * times)

    def call() -> None:
        for refusal in errors:
            raise refusal

    return call


@pytest.mark.parametrize(
    "code",
    [
        KafkaError.CONCURRENT_TRANSACTIONS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
    ],
)
def test_a_slot_is_asked_for_until_its_coordinator_is_there(code: int) -> None:
    """A broker has just died, or closes what our predecessor left open."""
    called(failing(KafkaError(code), times=1), again=AGAIN_AT_OPENING)


def test_a_call_that_kafka_asks_for_again_is_made_again() -> None:
    """It is Kafka that knows which."""
    asked_again = KafkaError(KafkaError.COORDINATOR_LOAD_IN_PROGRESS, "", retriable=True)

    called(failing(asked_again, times=1))


@pytest.mark.parametrize("again", [(), AGAIN_AT_OPENING])
def test_a_coordinator_that_stays_away_ends_the_transaction_and_not_the_worker(
    again: set[int],
) -> None:
    """The worker restores its state from what was committed, and tries with new clients."""
    error = KafkaError(KafkaError.COORDINATOR_NOT_AVAILABLE, "", retriable=not again)

    with pytest.raises(TransactionFailedError, match="COORDINATOR_NOT_AVAILABLE"):
        called(failing(error), again=again, total_max_s=0.3)


def test_a_call_that_timed_out_is_not_made_again() -> None:
    """Nobody knows what became of the first, and the client mixes up its answer and the second."""
    timed_out = KafkaError(KafkaError._TIMED_OUT, "", retriable=True)

    with pytest.raises(TransactionFailedError):
        called(failing(timed_out, times=1))


@pytest.mark.parametrize(
    "code", [KafkaError._FENCED, KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID]
)
def test_whoever_was_replaced_is_told_so(code: int) -> None:
    """A consumer of the client says of it no more than that it is fatal."""
    with pytest.raises(SlotTakenError):
        called(failing(KafkaError(code), times=1))
