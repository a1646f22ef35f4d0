"""Latest values in a real Redis: the newest reading of each animal, and when a farm was heard."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from redis import Redis as RedisClient

from contracts.columns import columns_of
from contracts.envelope import Event
from contracts.ids import FarmId
from contracts.reading import CLOCK_AHEAD, NOBODY
from contracts.topics import PARTITIONS, READINGS, partition_of_farm
from farmbox.redis import Redis
from read_models.adapters.redis_latest import Latest, RedisLatestStore
from read_models.base import (
    Generation,
    GenerationLostError,
    Measured,
    Offsets,
    Place,
    ReadModelUnavailableError,
)
from read_models.latest import LatestReading, Pulse
from read_models.rebuild import build
from runtime.lifecycle import Running
from tests.builders import FARM, MORNING, a_reading
from tests.conftest import FULL_SIZE
from tests.read_models.measured import MeasuredLog, moved

pytestmark = pytest.mark.services
PLACE = Place(READINGS.name, partition_of_farm(FARM))
OTHER = Place(READINGS.name, (partition_of_farm(FARM) + 1) % PARTITIONS)


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


def test_a_moved_reading_stands_where_it_belongs(redis: RedisClient) -> None:
    """The register learns that the collar was on another cow: hers must not show its fever."""
    store, latest = RedisLatestStore(redis), Latest(redis)
    hot = a_reading(animal="a", seq=1, temperature_c=40.5)
    generation = store.apply(answering(store), a_piece(1, hot))

    store.apply(generation, a_piece(2, moved(hot, "b", taken_by=2, first_offset=0)))

    assert list(latest.of(FARM)) == ["b"]
    assert latest.pulse(FARM).heard == 1


def test_what_stands_is_left_when_an_older_reading_is_moved(redis: RedisClient) -> None:
    """She wore it in the morning, another at noon, she again now."""
    store, latest = RedisLatestStore(redis), Latest(redis)
    old, new = a_reading(animal="a", seq=1, steps=1.0), a_reading(animal="a", seq=9, steps=9.0)
    of_b = a_reading(animal="b", collar="c-2", seq=5, steps=5.0)
    generation = store.apply(answering(store), a_piece(3, old, of_b, new))

    store.apply(generation, a_piece(4, moved(old, "b", taken_by=2, first_offset=0)))

    assert {animal: reading.measures for animal, reading in latest.of(FARM).items()} == {
        "a": {"steps": 9.0},
        "b": {"steps": 5.0},
    }


def test_a_reading_that_nobody_wore_is_shown_nowhere(redis: RedisClient) -> None:
    """No row of the herd is called nobody."""
    store, latest = RedisLatestStore(redis), Latest(redis)
    reading = a_reading(animal="a", seq=1)
    generation = store.apply(answering(store), a_piece(1, reading))

    store.apply(generation, a_piece(2, moved(reading, NOBODY, taken_by=2, first_offset=0)))

    assert latest.of(FARM) == {}
    assert latest.pulse(FARM).heard == 0


def test_a_move_told_again_and_a_repeat_of_the_upload_bring_nothing_back(
    redis: RedisClient,
) -> None:
    """Two may move at once, and a collar without an answer sends once more."""
    store, latest = RedisLatestStore(redis), Latest(redis)
    reading = a_reading(animal="a", seq=1)
    there = moved(reading, "b", taken_by=2, first_offset=0)
    back = moved(there, "a", taken_by=3, first_offset=0)
    on = moved(back, "c", taken_by=4, first_offset=0)
    generation = store.apply(answering(store), a_piece(4, reading, there, back, on))

    store.apply(generation, a_piece(8, on, there, back, reading))

    assert list(latest.of(FARM)) == ["c"]


@pytest.mark.parametrize("seed", range(20 if FULL_SIZE else 4))
def test_however_a_log_with_moves_is_cut_the_same_stands(redis: RedisClient, seed: int) -> None:
    """A rebuild reads in other batches than the projector did."""
    draw, store, latest = Random(seed), RedisLatestStore(redis), Latest(redis)  # noqa: S311  a seed
    log: list[Event[Any]] = []
    for number in range(60):
        sent = [event for event in log if event.payload.taken_by is None]
        match draw.choice(["new", "new", "repeat", "move"]) if sent else "new":
            case "repeat":
                log.append(draw.choice(sent))
            case "move":
                to = draw.choice(["a", "b", "c", NOBODY])
                by, offset = draw.randint(1, 6), draw.randint(0, 60)
                log.append(moved(draw.choice(log), to, taken_by=by, first_offset=offset))
            case _:
                collar, animal = draw.choice(["c-1", "c-2"]), draw.choice("abc")
                seq = draw.randint(1, 12)
                log.append(a_reading(animal=animal, collar=collar, seq=seq, steps=number))
    generation = answering(store)
    for end, event in enumerate(log):
        generation = store.apply(generation, a_piece(end + 1, event))
    before = latest.canonical(FARM)

    again, start = store.begin("", None), 0
    while start < len(log):
        end = min(len(log), start + draw.randint(1, 25))
        again = store.apply(again, a_piece(end, *log[start:end]))
        start = end
    assert store.swap(again, {PLACE: len(log)})

    assert latest.canonical(FARM) == before
    assert {key for key in redis.keys("herd:latest:*") if generation.id in key} == set()


class ForgetfulLog(MeasuredLog):
    """One whose oldest records are gone: it ends where it ended, and holds less."""

    is_at_its_end = False

    def reached(self, offsets: Offsets, ends: Offsets) -> bool:
        """Read to its end: behind what is gone there is nothing to wait for."""
        del offsets, ends
        return self.is_at_its_end

    def poll(self) -> list[Measured]:
        """What is left."""
        found = super().poll()
        self.is_at_its_end = not found
        return found

    def ends(self) -> Offsets:
        """Two partitions, of which the second is empty by now."""
        return {PLACE: 2, OTHER: 7}


def test_a_rebuild_comes_to_its_end_though_the_log_let_go_of_what_was_read_before(
    redis: RedisClient,
) -> None:
    """A partition that was quiet for longer than the log keeps would hold it up for ever."""
    store, latest = RedisLatestStore(redis), Latest(redis)
    before = store.apply(answering(store), Measured({OTHER: 7}, columns_of([])))
    store.apply(before, a_piece(2, a_reading(seq=1), a_reading(seq=2)))

    report = build(store, ForgetfulLog([a_piece(2, a_reading(seq=2))]), a_few_turns())

    assert report is not None
    assert list(latest.of(FARM)) == ["nl-0017"]


def a_few_turns() -> Running:
    """One that is to stop before a test hangs."""
    running = Running()
    turns = iter(range(50))
    running.goes_on = lambda: next(turns, None) is not None  # type: ignore[method-assign]
    return running


def test_while_nothing_is_built_it_says_so(redis: RedisClient, redis_server: Redis) -> None:
    """Never heard, not ready and away are three different sentences."""
    with pytest.raises(ReadModelUnavailableError, match="being built"):
        Latest(redis).pulse(FARM)

    redis_server.crash()
    with pytest.raises(ReadModelUnavailableError, match="does not answer"):
        Latest(redis).of(FARM)
