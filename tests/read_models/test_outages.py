"""Stores that die, forget or are emptied while their projector works: each goes on by itself."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis as RedisClient

from contracts.animal_event import AnimalRegistered
from contracts.columns import columns_of
from contracts.ids import AnimalId
from contracts.topics import ALERTS, ANIMALS, COLLARS, HOURS, READINGS, partition_of_farm
from farmbox.clickhouse import ClickHouse
from farmbox.ports import assign_ports
from farmbox.postgres import Postgres
from farmbox.redis import Redis
from read_models import analytics, animal_history, latest
from read_models.adapters.clickhouse import ClickHouseAnalyticsStore
from read_models.adapters.clickhouse_http import ClickHouseHttp
from read_models.adapters.clickhouse_queries import Analytics
from read_models.adapters.postgres import open_history_store
from read_models.adapters.postgres_queries import MIGRATIONS, open_history
from read_models.adapters.redis_latest import Latest, RedisLatestStore
from read_models.base import (
    GenerationStore,
    LogReader,
    Measured,
    P,
    Place,
    ReadModelUnavailableError,
)
from read_models.projector import project
from read_models.worklist import Canonical
from runtime.lifecycle import Running
from runtime.postgres import migrate
from tests.builders import FARM, a_reading
from tests.read_models.feed import Feed, MemoryLog
from tests.read_models.measured import MeasuredLog, a_list, an_hour, this_month
from tests.waiting import eventually

pytestmark = pytest.mark.services
READINGS_PLACE = Place(READINGS.name, partition_of_farm(FARM))
HOURS_PLACE = Place(HOURS.name, partition_of_farm(FARM))


@contextmanager
def projecting(
    store: GenerationStore[P], log: LogReader[P], *, fold_version: int
) -> Iterator[None]:
    """A projector at work in a thread, as its process runs it."""
    running = Running()
    thread = threading.Thread(
        target=project, args=(store, log, running), kwargs={"fold_version": fold_version}
    )
    thread.start()
    try:
        yield
    finally:
        running.stop()
        thread.join(30)
    assert not thread.is_alive()


def lines(ask: Callable[[Any], Canonical]) -> int:
    """How many lines there are of the farm; -1 while nobody can say."""
    try:
        return len(ask(FARM).lines)
    except ReadModelUnavailableError:
        return -1


def measured(batches: int, *, first: int = 0) -> list[Measured]:
    """Of an animal a batch: some readings, an hour, and since when she wears her collar."""
    day = this_month()
    pieces = []
    for batch in range(first, first + batches):
        readings = [
            a_reading(
                animal=f"cow-{batch}",
                collar=f"c-{batch}",
                seq=seq,
                time=day + timedelta(minutes=5 * seq),
            )
            for seq in range(3)
        ]
        worn = a_list(f"c-{batch}", batch, (f"cow-{batch}", day))
        ends = {
            READINGS_PLACE: 3 * (batch + 1),
            HOURS_PLACE: batch + 1,
            Place(COLLARS.name, 0): batch + 1,
        }
        hour = an_hour(batch, animal=f"cow-{batch}", activity=1.0)
        columns = columns_of(list(enumerate(readings)))
        pieces.append(Measured(ends, columns, (hour,), lists=(worn,)))
    return pieces


def test_a_clickhouse_killed_in_the_middle_goes_on_and_one_emptied_is_filled(
    tmp_path: Path,
) -> None:
    """Charts need no operator to come back."""
    port = assign_ports(tmp_path / "ports.json", ["clickhouse"], {}, "127.0.0.1")["clickhouse"]
    server = ClickHouse(tmp_path / "clickhouse", port)
    server.start()
    server.wait_ready()
    client = ClickHouseHttp(server.url)
    log, asked = MeasuredLog(measured(5)), Analytics(client)
    store = ClickHouseAnalyticsStore(client)

    with projecting(store, log, fold_version=analytics.FOLD_VERSION):
        eventually(lambda: lines(asked.canonical) == 10)
        server.crash()
        log.add(measured(5, first=5))
        server.start()
        server.wait_ready()
        eventually(lambda: lines(asked.canonical) == 20)
        before = asked.canonical(FARM)
        for (table,) in client.rows("SHOW TABLES"):
            client.run(f"DROP TABLE {table}")
        eventually(lambda: lines(asked.canonical) == 20)

    assert asked.canonical(FARM) == before
    client.close()
    server.stop()


def test_an_emptied_redis_gets_its_latest_values_again(
    redis: RedisClient, redis_server: Redis
) -> None:
    """Whoever deletes it must find it equal a moment later."""
    log, asked = MeasuredLog(measured(10)), Latest(redis)

    with projecting(RedisLatestStore(redis), log, fold_version=latest.FOLD_VERSION):
        eventually(lambda: lines(asked.canonical) == 10)
        before = asked.canonical(FARM)
        redis_server.crash()
        redis_server.start()
        redis_server.wait_ready()
        redis.flushall()
        eventually(lambda: lines(asked.canonical) == 10)

    assert asked.canonical(FARM) == before


def test_a_postgres_killed_in_the_middle_goes_on_and_one_emptied_is_filled(
    tmp_path: Path,
) -> None:
    """The history is a copy of what the log says, and needs no backup of its own."""
    port = assign_ports(tmp_path / "ports.json", ["postgres"], {}, "127.0.0.1")["postgres"]
    server = Postgres(tmp_path / "postgres", port, password="only-here")
    server.start()
    server.wait_ready()
    migrate(server.dsn(), MIGRATIONS)
    feed, log = Feed(), MemoryLog(ALERTS, ANIMALS, batch_max=7)
    add_animals(feed, log, 20)
    store, asked = open_history_store(server.dsn()), open_history(server.dsn())

    with projecting(store, log, fold_version=animal_history.FOLD_VERSION):
        eventually(lambda: lines(asked.canonical) == 40)
        server.crash()
        add_animals(feed, log, 20, first=20)
        server.start()
        server.wait_ready()
        eventually(lambda: lines(asked.canonical) == 80, within_s=30)
        before = asked.canonical(FARM)
        store._run("DELETE FROM history.generations", ())
        eventually(lambda: lines(asked.canonical) == 80, within_s=30)

    assert asked.canonical(FARM) == before
    asked.close()
    store.close()
    server.stop()


def add_animals(feed: Feed, log: MemoryLog, count: int, *, first: int = 0) -> None:
    """Animals register: each is a line of the roster and one of her events."""
    before = len(feed.records)
    for number in range(first, first + count):
        feed.add(AnimalRegistered(animal_id=AnimalId(f"cow-{number}"), external_id=f"NL {number}"))
    log.take(feed.records[before:])
