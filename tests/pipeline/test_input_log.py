"""What a poll gives: each partition's records in their order, however the client mixed them."""

from confluent_kafka import Message

from pipeline.adapters.input_log import spans_of


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
