"""What a poll gives: each partition's records in their order, however the client mixed them."""

from collections.abc import Callable

import pytest
from confluent_kafka import KafkaError, KafkaException, Message

from pipeline.adapters.input_log import answered, spans_of
from pipeline.adapters.transactions import TransactionFailedError


def a_message(partition: int, offset: int, value: bytes | None = b"v") -> Message:
    """A consumed record."""
    return Message(topic="t", partition=partition, offset=offset, value=value)


def test_records_of_a_poll_are_sorted_by_partition_and_keep_their_order() -> None:
    """The client hands out runs of one partition after the other, and comes back to the first."""
    messages = [
        a_message(3, 7, b"a"),
        a_message(3, 9, None),
        a_message(0, 1, b"b"),
        a_message(3, 12, b"c"),
    ]

    first, second = spans_of(messages)

    assert (first.partition, first.offsets, first.values) == (3, [7, 9, 12], [b"a", None, b"c"])
    assert (second.partition, second.offsets, second.values) == (0, [1], [b"b"])


def test_an_empty_poll_has_no_spans() -> None:
    """Nothing arrives for seconds at night."""
    assert spans_of([]) == []


def failing(code: int, times: int = 1_000) -> Callable[[], int]:
    """A question that Kafka answers with an error so many times, and with 7 then."""
    errors = iter([KafkaException(KafkaError(code))] * times)

    def ask() -> int:
        for error in errors:
            raise error
        return 7

    return ask


@pytest.mark.parametrize(
    "code",
    [
        KafkaError._UNKNOWN_PARTITION,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
    ],
)
def test_while_a_leader_moves_it_is_asked_again(code: int) -> None:
    """A broker that died is no reason to give up a restore."""
    assert answered(failing(code, times=1)) == 7


def test_whoever_gets_no_answer_for_long_restores_anew() -> None:
    """Its client may be what is wrong."""
    with pytest.raises(TransactionFailedError, match="no answer"):
        answered(failing(KafkaError._TRANSPORT), total_max_s=0.3)


def test_a_question_that_was_refused_is_not_asked_again() -> None:
    """No leader that moves would change that."""
    ask = failing(KafkaError.TOPIC_AUTHORIZATION_FAILED, times=1)

    with pytest.raises(KafkaException):
        answered(ask)
