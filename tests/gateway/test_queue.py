"""Live before backlog, fair between collars, and nobody waits for ever."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gateway.queue import LIVE_BYTES_MAX, LIVE_IN_A_ROW_BYTES, FairQueue

LIVE, LARGE = 300, 150_000
Queue = FairQueue[tuple[str, int]]


def a_queue(*, count_max: int = 1_000_000, bytes_max: int = 2**40) -> Queue:
    """A queue without bounds, unless named."""
    return FairQueue(count_max=count_max, bytes_max=bytes_max)


def fill(queue: Queue, whose: str, uploads: int, size_bytes: int) -> None:
    """So many uploads of one collar, numbered from 0."""
    for number in range(uploads):
        queue.put(whose, size_bytes, (whose, number))


def taken(queue: Queue, count: int) -> list[tuple[str, int]]:
    """The next so many."""
    found = [queue.take() for _ in range(count)]
    return [one for one in found if one is not None]


def test_a_live_upload_goes_before_any_backlog_that_came_earlier() -> None:
    """It may be of a cow that is down; the backlog is hours old and can wait milliseconds more."""
    queue = a_queue()
    for collar in range(20):
        fill(queue, f"backlog-{collar}", 1, LARGE)
    fill(queue, "live", 1, LIVE)

    assert queue.take() == ("live", 0)


def test_a_collar_with_many_uploads_waits_for_itself_alone() -> None:
    """Whoever floods makes others wait for one of his, not for all of them."""
    queue = a_queue()
    fill(queue, "flood", 1000, LIVE)
    for collar in range(5):
        fill(queue, f"honest-{collar}", 1, LIVE)

    first = taken(queue, 6)

    assert Counter(whose.split("-")[0] for whose, _ in first) == {"flood": 1, "honest": 5}


def test_a_backlog_is_never_starved_by_live_uploads_without_end() -> None:
    """A herd of ten thousand is never quiet; a collar that was away must come to its turn too."""
    queue = a_queue()
    fill(queue, "backlog", 3, LARGE)
    live_between = []
    for _ in range(3):
        count = 0
        while True:
            fill(queue, f"live-{count}", 1, LIVE)
            upload = queue.take()
            assert upload is not None
            if upload[0] == "backlog":
                break
            count += 1
        live_between.append(count)

    assert all(count == -(-LIVE_IN_A_ROW_BYTES // LIVE) for count in live_between)


def test_live_uploads_of_a_time_when_nothing_else_waited_are_held_against_nobody() -> None:
    """A backlog that comes after a busy hour is no reason to let the next live upload wait."""
    queue = a_queue()
    for number in range(2 * LIVE_IN_A_ROW_BYTES // LIVE):
        queue.put("live", LIVE, ("live", number))
        queue.take()
    fill(queue, "backlog", 1, LARGE)
    fill(queue, "live", 1, LIVE)

    assert queue.take() == ("live", 0)


def test_backlog_is_left_where_only_live_is_wanted() -> None:
    """Kafka has enough of it in hand: what is live must not stand behind more."""
    queue = a_queue()
    fill(queue, "backlog", 1, LARGE)

    assert queue.take(backlog_too=False) is None
    assert queue.take() == ("backlog", 0)
    assert queue.take() is None


def test_it_says_when_it_is_full_by_count_and_by_bytes() -> None:
    """Then the socket is not read: memory has an end, and the broker keeps the rest."""
    by_count, by_bytes = a_queue(count_max=3), a_queue(bytes_max=1000)
    told = []
    for _ in range(4):
        fill(by_count, "c", 1, LIVE)
        fill(by_bytes, "c", 1, LIVE)
        told.append((by_count.is_full, by_bytes.is_full))
    for _ in range(2):
        by_count.take()
        by_bytes.take()
        told.append((by_count.is_full, by_bytes.is_full))

    assert told == [
        (False, False), (False, False), (True, False), (True, True), (True, False), (False, False),
    ]  # fmt: skip


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from("abc"), st.sampled_from([LIVE, LIVE_BYTES_MAX + 1])),
            st.sampled_from([None, "live only"]),
        ),
        max_size=60,
    )
)
def test_everything_put_in_comes_out_once_and_each_collar_in_its_order(
    steps: list[tuple[str, int] | str | None],
) -> None:
    """Whatever overtakes what: a collar's readings lie in the log in the order it sent them."""
    queue, put, out = a_queue(), list[tuple[str, int]](), list[tuple[str, int]]()
    for step in steps:
        if isinstance(step, tuple):
            put.append((step[0], len(put)))
            queue.put(step[0], step[1], put[-1])
        else:
            one = queue.take(backlog_too=step is None)
            out += [] if one is None else [one]
        assert len(queue) == len(put) - len(out)
    out += taken(queue, len(queue))

    assert sorted(out) == sorted(put)
    for whose in "abc":
        numbers = [number for of, number in out if of == whose]
        assert numbers == sorted(numbers)
