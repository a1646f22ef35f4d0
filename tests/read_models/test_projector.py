"""The loop that keeps the worklist up, over a real Redis that is emptied, cut off and rebuilt."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from redis import Redis as RedisClient

from farmbox.redis import Redis
from read_models.adapters.redis import RedisWorklistStore
from read_models.adapters.redis_queries import Worklist
from read_models.base import ReadModelUnavailableError
from read_models.projector import project
from read_models.rebuild import build
from read_models.worklist import FOLD_VERSION
from runtime.lifecycle import Running
from runtime.redis import new_redis
from tests.builders import FARM
from tests.read_models.feed import Feed, MemoryLog
from tests.waiting import eventually

pytestmark = pytest.mark.services


@contextmanager
def projecting(
    redis_server: Redis, log: MemoryLog, *, fold_version: int = FOLD_VERSION
) -> Iterator[None]:
    """A projector at work in a thread, as its process runs it."""
    running, client = Running(), new_redis(redis_server.url)
    thread = threading.Thread(
        target=project,
        args=(RedisWorklistStore(client), log, running),
        kwargs={"fold_version": fold_version},
    )
    thread.start()
    try:
        yield
    finally:
        running.stop()
        thread.join(20)
        client.close()
    assert not thread.is_alive()


def position(worklist: Worklist) -> int | None:
    """Where the farm stands; None while nobody can say."""
    try:
        return worklist.head(FARM).position
    except ReadModelUnavailableError:
        return None


def a_busy_farm(feed: Feed, log: MemoryLog, cases: int, *, first: int = 0) -> None:
    """Some cases raised, every second one taken on, every third closed."""
    before = len(feed.records)
    for number in range(first, first + cases):
        feed.raised(f"case-{number}")
        if number % 2:
            feed.acknowledged(f"case-{number}")
        if number % 3 == 0:
            feed.closed(f"case-{number}")
    log.take(feed.records[before:])


def test_the_worklist_follows_the_feed(redis_server: Redis, redis: RedisClient) -> None:
    """What happens on the farm is on the screen without anybody asking."""
    feed, log, worklist = Feed(), MemoryLog(batch_max=7), Worklist(redis)

    with projecting(redis_server, log):
        a_busy_farm(feed, log, 10)
        eventually(lambda: position(worklist) == feed.position, within_s=10)
        a_busy_farm(feed, log, 10, first=10)
        eventually(lambda: position(worklist) == feed.position, within_s=10)

    assert len(worklist.canonical(FARM).lines) == 20


def test_an_emptied_redis_is_filled_again_by_itself(
    redis_server: Redis, redis: RedisClient
) -> None:
    """A read model can be deleted while the farm runs, and is then equal."""
    feed, log, worklist = Feed(), MemoryLog(batch_max=7), Worklist(redis)
    a_busy_farm(feed, log, 30)

    with projecting(redis_server, log):
        eventually(lambda: position(worklist) == feed.position, within_s=10)
        before = worklist.canonical(FARM)
        redis.flushall()
        eventually(lambda: position(worklist) == feed.position, within_s=10)

    assert worklist.canonical(FARM) == before


def test_a_redis_that_lost_its_newest_second_is_told_it_again(
    redis_server: Redis, redis: RedisClient
) -> None:
    """The append-only file may lack the last second after a power cut: offsets lack it too."""
    feed, log, worklist = Feed(), MemoryLog(batch_max=5), Worklist(redis)
    a_busy_farm(feed, log, 10)

    with projecting(redis_server, log):
        eventually(lambda: position(worklist) == feed.position, within_s=10)
        old = redis_server.directory / "appendonly.aof"
        size_then = old.stat().st_size
        a_busy_farm(feed, log, 10, first=10)
        eventually(lambda: position(worklist) == feed.position, within_s=10)
        expected = worklist.canonical(FARM)
        redis_server.crash()
        with old.open("r+b") as file:
            file.truncate(size_then)
        redis_server.start()
        redis_server.wait_ready()
        eventually(lambda: position(worklist) == feed.position, within_s=20)

    assert worklist.canonical(FARM) == expected


def test_a_restarted_projector_goes_on_where_redis_stands(
    redis_server: Redis, redis: RedisClient
) -> None:
    """No generation is built anew for a restart: a year's log would take its time."""
    feed, log, worklist = Feed(), MemoryLog(), Worklist(redis)
    a_busy_farm(feed, log, 10)
    with projecting(redis_server, log):
        eventually(lambda: position(worklist) == feed.position, within_s=10)
    generation = redis.get("herd:worklist:current")
    a_busy_farm(feed, log, 10, first=10)

    with projecting(redis_server, log):
        eventually(lambda: position(worklist) == feed.position, within_s=10)

    assert redis.get("herd:worklist:current") == generation
    assert len(worklist.canonical(FARM).lines) == 20


def test_a_rebuild_beside_the_running_projector_gives_the_same(
    redis_server: Redis, redis: RedisClient
) -> None:
    """`herd rebuild worklist` on a farm at work: never a moment without an answer."""
    feed, log, worklist = Feed(), MemoryLog(batch_max=3), Worklist(redis)
    a_busy_farm(feed, log, 40)
    beside = MemoryLog(batch_max=3)
    beside.places = log.places

    with projecting(redis_server, log):
        eventually(lambda: position(worklist) == feed.position, within_s=10)
        before = worklist.canonical(FARM)
        report = build(RedisWorklistStore(redis), beside, Running())
        after = worklist.canonical(FARM)
        a_busy_farm(feed, log, 5, first=40)
        eventually(lambda: position(worklist) == feed.position, within_s=10)

    assert before == after
    assert report is not None
    assert redis.get("herd:worklist:current") == report.generation
    assert len(worklist.canonical(FARM).lines) == 45


def test_a_restored_event_store_gets_a_worklist_of_its_own_history(
    redis_server: Redis, redis: RedisClient
) -> None:
    """Cases that the restore forgot must not haunt the list."""
    old, new, log, worklist = Feed(), Feed(epoch="epoch-b"), MemoryLog(), Worklist(redis)
    a_busy_farm(old, log, 10)

    with projecting(redis_server, log):
        eventually(lambda: position(worklist) == old.position, within_s=10)
        new.appended_at = old.appended_at + timedelta(hours=1)
        new.raised("case-of-the-new-history")
        log.take(new.records)
        eventually(lambda: position(worklist) == 1, within_s=10)

    view = worklist.open_alerts(FARM)
    assert view.epoch == "epoch-b"
    assert [row.alert_id for row in view.alerts] == ["case-of-the-new-history"]


def test_a_fold_that_changed_rebuilds_the_worklist(
    redis_server: Redis, redis: RedisClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an upgrade no row may be left that the old version folded."""
    feed, log, worklist = Feed(), MemoryLog(), Worklist(redis)
    a_busy_farm(feed, log, 10)
    with projecting(redis_server, log):
        eventually(lambda: position(worklist) == feed.position, within_s=10)
    generation = redis.get("herd:worklist:current")
    monkeypatch.setattr("read_models.adapters.redis.FOLD_VERSION", FOLD_VERSION + 1)

    with projecting(redis_server, log, fold_version=FOLD_VERSION + 1):
        eventually(lambda: redis.get("herd:worklist:current") != generation, within_s=10)

    assert len(worklist.canonical(FARM).lines) == 10


def test_two_projectors_at_once_do_no_harm(redis_server: Redis, redis: RedisClient) -> None:
    """One that hung comes back while its successor works: only one gets through."""
    feed, log, worklist = Feed(), MemoryLog(batch_max=2), Worklist(redis)
    twin = MemoryLog(batch_max=3)
    twin.places = log.places
    a_busy_farm(feed, log, 30)

    with projecting(redis_server, log), projecting(redis_server, twin):
        eventually(lambda: position(worklist) == feed.position, within_s=20)
        a_busy_farm(feed, log, 30, first=30)
        eventually(lambda: position(worklist) == feed.position, within_s=20)

    changes = worklist.changes_since(FARM, feed.epoch, 0)
    assert changes is not None
    assert [change.position for change in changes] == list(range(1, feed.position + 1))
