"""Latest values in a real Redis: the newest reading of each animal, and when a farm was heard."""

from datetime import timedelta
from typing import Any

import pytest
from redis import Redis as RedisClient

from contracts.columns import columns_of
from contracts.envelope import Event
from contracts.ids import FarmId
from contracts.reading import CLOCK_AHEAD
from contracts.topics import READINGS, partition_of_farm
from farmbox.redis import Redis
from read_models.adapters.redis_latest import Latest, RedisLatestStore
from read_models.base import (
    Generation,
    GenerationLostError,
    Measured,
    Place,
    ReadModelUnavailableError,
)
from read_models.latest import LatestReading, Pulse
from tests.builders import FARM, MORNING, a_reading

pytestmark = pytest.mark.services
PLACE = Place(READINGS.name, partition_of_farm(FARM))


def a_piece(end: int, *readings: Event[Any]) -> Measured:
    """What a poll gives, the place going on at `end`."""
    return Measured({PLACE: end}, columns_of(list(enumerate(readings))))


def answering(store: RedisLatestStore) -> Generation:
    """An empty generation that answers questions."""
    generation = store.begin("", None)
    assert store.swap(generation, {})
    return generation


def test_the_newest_reading_of_each_animal_with_what_it_measured(redis: RedisClient) -> None:
    """The top of an animal's card, and the collar it came from."""
    store, latest = RedisLatestStore(redis), Latest(redis)
    older = a_reading(seq=1, temperature_c=38.4)
    newer = a_reading(seq=2, temperature_c=38.6, activity=41.0)

    store.apply(answering(store), a_piece(2, newer, older))

    time = MORNING + timedelta(minutes=10)
    measures = {"temperature_c": pytest.approx(38.6), "activity": 41.0}
    expected = LatestReading(time, time + timedelta(seconds=1), "c-17", measures)  # type: ignore[arg-type]
    assert latest.of(FARM) == {"nl-0017": expected}
    assert latest.of(FarmId("farm-b")) == {}


def test_a_late_reading_does_not_become_the_latest(redis: RedisClient) -> None:
    """After a night without radio the buffer comes in: what stands there is newer."""
    store, latest = RedisLatestStore(redis), Latest(redis)
    generation = store.apply(answering(store), a_piece(1, a_reading(seq=9, activity=9.0)))

    store.apply(generation, a_piece(2, a_reading(seq=3, activity=3.0)))

    assert latest.of(FARM)["nl-0017"].measures == {"activity": 9.0}


def test_the_pulse_of_a_farm_counts_who_was_heard_within_the_hour(redis: RedisClient) -> None:
    """Whoever looks at the board must see how old it is, and how many are missing."""
    store, latest = RedisLatestStore(redis), Latest(redis)
    newest = a_reading(animal="a", seq=20)
    readings = [newest, a_reading(animal="b", seq=9), a_reading(animal="c", seq=7)]

    store.apply(answering(store), a_piece(3, *readings))

    assert latest.pulse(FARM) == Pulse(newest.timestamp, newest.payload.received_at, heard=2)
    assert latest.pulse(FarmId("farm-b")) == Pulse(None, None, 0)


def test_a_clock_that_runs_ahead_makes_nothing_look_fresh(redis: RedisClient) -> None:
    """One wrong collar would otherwise hide for days that the others are silent."""
    store, latest = RedisLatestStore(redis), Latest(redis)
    right = a_reading(seq=1, activity=1.0)
    ahead = a_reading(seq=999, activity=2.0, clock=CLOCK_AHEAD)

    store.apply(answering(store), a_piece(2, right, ahead))

    assert latest.of(FARM)["nl-0017"].measures == {"activity": 1.0}
    assert latest.pulse(FARM).newest_reading_at == right.timestamp


def test_a_batch_that_does_not_start_where_redis_stands_changes_nothing(
    redis: RedisClient,
) -> None:
    """Redis lost its newest second, or another projector was quicker: the store decides."""
    store, latest = RedisLatestStore(redis), Latest(redis)
    begun = answering(store)
    store.apply(begun, a_piece(1, a_reading(seq=1)))

    with pytest.raises(GenerationLostError):
        store.apply(begun, a_piece(2, a_reading(seq=2)))

    assert latest.of(FARM)["nl-0017"].at == MORNING + timedelta(minutes=5)
    current = store.current()
    assert current is not None
    assert current.offsets == {PLACE: 1}


def test_a_replay_in_other_batches_gives_the_same_lines(
    redis: RedisClient,
) -> None:
    """Two collars may measure at the same moment: which one counts must not depend on luck."""
    store, latest = RedisLatestStore(redis), Latest(redis)
    readings = [
        a_reading(animal=f"cow-{seq % 3}", collar=f"c-{seq}", seq=seq, time=MORNING, activity=seq)
        for seq in range(9)
    ]
    store.apply(answering(store), a_piece(9, *readings))
    before = latest.canonical(FARM)

    again = store.begin("", None)
    for end in range(1, 10):
        again = store.apply(again, a_piece(end, readings[end - 1]))
    assert store.swap(again, {PLACE: 9})

    assert latest.canonical(FARM) == before
    assert (before.position, len(before.lines)) == (9, 3)
    others = {key for key in redis.keys("herd:latest:*") if again.id not in key}
    assert others == {"herd:latest:current", "herd:latest:generations"}


def test_while_nothing_is_built_it_says_so(redis: RedisClient, redis_server: Redis) -> None:
    """Never heard, not ready and away are three different sentences."""
    with pytest.raises(ReadModelUnavailableError, match="being built"):
        Latest(redis).pulse(FARM)

    redis_server.crash()
    with pytest.raises(ReadModelUnavailableError, match="does not answer"):
        Latest(redis).of(FARM)
