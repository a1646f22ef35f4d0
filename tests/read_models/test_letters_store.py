"""Dead letters in a real PostgreSQL: found by what people know of them, rebuilt equal, let go."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Thread

import psycopg
import pytest
from prometheus_client.registry import REGISTRY

from contracts.clock import FakeClock
from contracts.dead_letter import LetterExpired, Reason
from contracts.ids import FarmId
from contracts.serde import FixedSchemaIds, Serde
from contracts.topics import KafkaTopic
from read_models.adapters.postgres_letters import (
    Letters,
    PostgresLetterStore,
    open_letter_store,
    open_letters,
)
from read_models.base import ReadModelUnavailableError
from read_models.dead_letters import LetterFilter, LetterState
from read_models.letter_upkeep import OPEN, expire, keep_up
from read_models.rebuild import build
from runtime.kafka import Outbox, new_producer
from runtime.lifecycle import Running
from tests.builders import MORNING
from tests.read_models.letters import MemoryLetterLog, Post
from tests.waiting import eventually

pytestmark = pytest.mark.services
OTHER = FarmId("farm-b")


@pytest.fixture
def store(postgres_dsn: str) -> Iterator[PostgresLetterStore]:
    """The store under the projector's role."""
    store = open_letter_store(postgres_dsn)
    yield store
    store.close()


@pytest.fixture
def letters(postgres_dsn: str) -> Iterator[Letters]:
    """The questions."""
    letters = open_letters(postgres_dsn)
    yield letters
    letters.close()


def ids(letters: Letters, **wanted: object) -> list[str]:
    """The ids of the letters that are meant, newest first."""
    return [row.letter_id for row in letters.newest(LetterFilter(**wanted))]  # type: ignore[arg-type]


def test_letters_are_found_by_what_people_know_of_them(
    store: PostgresLetterStore, letters: Letters
) -> None:
    """Farm, collar, reason, service, time, and what became of them."""
    post, other = Post(), Post(partition=5)
    post.letter("a")
    post.letter("b", reason=Reason.CLOCK, collar_id="c-18", received_at=MORNING - timedelta(1))
    post.letter("c", service="pipeline", collar_id=None)
    post.letter("d")
    post.taken("d")
    other.letter("e", farm=OTHER)
    build(store, MemoryLetterLog(post, other), Running())

    assert ids(letters) == ["c", "b", "e", "a"]
    assert ids(letters, farm_id=OTHER) == ["e"]
    assert ids(letters, reason=Reason.CLOCK) == ["b"]
    assert ids(letters, collar_id="c-17") == ["e", "a"]
    assert ids(letters, service="pipeline") == ["c"]
    assert ids(letters, since=MORNING) == ["c", "e", "a"]
    assert ids(letters, state=LetterState.TAKEN) == ["d"]
    assert set(ids(letters, state=None)) == set("abcde")
    assert letters.open_by_reason() == {Reason.UNKNOWN_COLLAR: 3, Reason.CLOCK: 1}
    assert letters.count(LetterFilter(collar_id="c-17")) == 2
    assert set(letters.by_id(["a", "d", "nobody"])) == {"a", "d"}


def test_a_flood_is_read_in_pages_each_letter_once(
    store: PostgresLetterStore, letters: Letters
) -> None:
    """Also while decisions about the pages before come in."""
    post = Post()
    names = [f"letter-{number * 7 % 25:02}" for number in range(25)]
    for name in names:
        post.letter(name)
        post.appended_at = MORNING  # within one millisecond: the log's order counts
    log = MemoryLetterLog(post)
    build(store, log, Running())
    generation = store.current()
    assert generation is not None

    seen: list[str] = []
    for rows in letters.pages(LetterFilter(), page=10):
        seen += [row.letter_id for row in rows]
        assert len(rows) <= 10
        for row in rows:
            post.taken(row.letter_id)
        log = MemoryLetterLog(post)
        log.read_from(generation.offsets)
        for piece in log.poll():
            generation = store.apply(generation, piece)

    assert seen == names
    assert letters.open_by_reason() == {}


def test_a_rebuild_gives_the_same_rows_whatever_the_batches(
    store: PostgresLetterStore, letters: Letters, postgres_dsn: str
) -> None:
    """The letters can be thrown away at any time; what is decided about them stands in Kafka."""
    post = Post()
    for number in range(30):
        post.letter(f"letter-{number}")
    for number in range(0, 30, 3):
        post.asked(f"letter-{number}")
        post.refused(f"letter-{number}")
        post.discarded(f"letter-{number + 1}")
        post.letter(f"letter-{number + 2}")
    build(store, MemoryLetterLog(post, batch_max=7), Running())
    before = letters.canonical()

    build(store, MemoryLetterLog(post), Running())

    assert letters.canonical() == before
    assert len(before) == 30
    with psycopg.connect(postgres_dsn) as owner:
        count = owner.execute("SELECT count(DISTINCT generation) FROM letters.letters").fetchone()
        assert count == (1,)


def test_before_anything_is_read_it_says_so(letters: Letters) -> None:
    """No letters, and not yet known, are two answers."""
    with pytest.raises(ReadModelUnavailableError, match="ask again"):
        letters.newest(LetterFilter())


class Told:
    """Kafka as expiry sees it."""

    def __init__(self) -> None:
        self.values: list[tuple[int, str, bytes]] = []

    def send(self, topic: KafkaTopic, partition: int, key: str, value: bytes) -> None:
        """Note a record."""
        del topic
        self.values.append((partition, key, value))


def test_a_letter_nobody_decided_on_expires_once_and_that_is_an_event(
    store: PostgresLetterStore, letters: Letters
) -> None:
    """Two processes say it under the same id; a letter that is decided, or young, does not."""
    post, serde, outbox = Post(), Serde(FixedSchemaIds()), Told()
    post.letter("old")
    post.letter("old-and-decided")
    post.discarded("old-and-decided")
    post.appended_at = MORNING + timedelta(days=29)
    post.letter("young")
    build(store, MemoryLetterLog(post), Running())
    clock = FakeClock(MORNING + timedelta(days=31))

    told = expire(letters, serde, outbox, clock.now(), set())
    again = expire(letters, serde, outbox, clock.now(), told)
    expire(letters, serde, outbox, clock.now(), set())

    assert told == again == {"old"}
    first, of_another = outbox.values
    events = [serde.decode(value) for _, _, value in (first, of_another)]
    assert first[:2] == (3, "old")
    assert events[0].event_id == events[1].event_id
    assert events[0].payload == LetterExpired(letter_id="old", kept_days=30)


def test_decided_letters_are_forgotten_when_kafka_forgets_them(
    store: PostgresLetterStore, letters: Letters
) -> None:
    """An open one never: first its expiry is recorded."""
    post = Post()
    post.letter("decided")
    post.letter("open")
    post.taken("decided")
    build(store, MemoryLetterLog(post), Running())

    def left(at: datetime) -> set[str]:
        letters.prune(at)
        return set(ids(letters, state=None))

    assert left(MORNING) == {"decided", "open"}
    assert left(MORNING + timedelta(days=1)) == {"open"}


def test_open_letters_are_counted_by_reason_and_a_reason_without_any_is_none(
    store: PostgresLetterStore, letters: Letters
) -> None:
    """The alarm for letters that wait must fall silent once they are decided."""
    post, running = Post(), Running()
    post.letter("a")
    post.letter("b", reason=Reason.CLOCK)
    post.discarded("b")
    build(store, MemoryLetterLog(post), running)
    outbox = Outbox(new_producer("127.0.0.1:1"))  # nothing is overdue: nothing is sent
    OPEN.labels(reason="clock").set(7)
    loop = Thread(
        target=keep_up,
        args=(letters, Serde(FixedSchemaIds()), outbox, FakeClock(MORNING), running),
    )

    loop.start()
    try:
        eventually(lambda: _open("clock") == 0, why="it has counted")
    finally:
        running.stop()
        loop.join(10)

    assert _open("unknown_collar") == 1


def _open(reason: str) -> float | None:
    return REGISTRY.get_sample_value("herd_letters_open", {"reason": reason})
