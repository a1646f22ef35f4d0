"""Rows of animals that left: freed by log time, taken again, the same for any cut of the log."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from numpy.typing import NDArray

from contracts.animal_event import CollarRemoved
from contracts.context import Context
from contracts.detection import Condition
from contracts.envelope import Event
from contracts.ids import AnimalId, CollarId, FarmId
from contracts.tick import DeafSpan
from pipeline.canonical import canonical
from pipeline.leaving import LEFT_DAYS
from pipeline.state import PartitionState
from tests.builders import FARM, MORNING, a_reading, a_tick, an_event
from tests.pipeline.logs import run_all, values_of

HERD = 12
GENERATIONS = 10
AWAY = timedelta(days=LEFT_DAYS + 1)
BYTES_OF_AN_ANIMAL_MAX = 10_500  # tests/pipeline/test_state.py, and her ids and her collar's


def collar_off(animal: str, at: datetime, offset: int, farm: FarmId = FARM) -> Event[Context]:
    """Her collar is taken off: she is waited for no more."""
    off = CollarRemoved(collar_id=CollarId("c-1"), animal_id=AnimalId(animal), worn_to=at)
    said = Context(
        source_offset=offset,
        source_event_id=f"off-{offset}",
        source_event_type="collar.removed.v1",
        details_json=msgspec.json.encode(off).decode(),
    )
    return an_event(said, timestamp=at, aggregate_id=animal, farm_id=farm)


def generation(number: int, at: datetime, *, farm: FarmId = FARM) -> list[Event[Any]]:
    """A herd that is heard for a quarter of an hour, is hot, and gives its collars back."""
    log: list[Event[Any]] = [a_tick(at)]
    for n in range(HERD):
        animal = f"nl-{number}-{n}"
        log += [
            a_reading(
                animal=animal,
                collar=f"c-{n}",
                boot_id=number,
                seq=seq,
                time=at + timedelta(minutes=5 * seq),
                temperature_c=41.0 if n == number and seq < 4 else 38.6,
                temperature_site="rumen",
                farm=farm,
            )
            for seq in range(1, 8)
        ]
    log.append(a_tick(at + timedelta(minutes=36)))
    offset = number * HERD
    return [*log, *(collar_off(f"nl-{number}-{n}", at, offset + n, farm) for n in range(HERD))]


def after(log: list[Event[Any]], batch: int = 10_000) -> PartitionState:
    """The state after a log."""
    return run_all(values_of(log), batch=batch)[0]


def test_a_herd_that_is_replaced_ten_times_over_keeps_its_memory_and_its_answers() -> None:
    """Bulls stay for a year: else memory were that of all who ever stood there."""
    log = [e for n in range(GENERATIONS) for e in generation(n, MORNING + n * AWAY)]
    values = values_of(log)

    state, told = run_all(values)

    assert len(state.animals) == HERD
    assert state.rows_of_farm[FARM].tolist() == list(range(HERD))
    assert len(state.sequences.boots) <= 3 * HERD
    assert state.counted_freed == (GENERATIONS - 1) * HERD * 7
    assert set(state.counted_by_animal()) == {(FARM, f"nl-9-{n}") for n in range(HERD)}
    fevers = [e for e in told.detections if e.payload.condition is Condition.FEVER]
    assert {e.aggregate_id for e in fevers} == {f"nl-{n}-{n}" for n in range(GENERATIONS)}
    for batch in (1, 100):
        other, told_again = run_all(values, batch=batch)
        assert canonical(told_again.detections) == canonical(told.detections)
        assert told_again == told
        for name, array in other.to_arrays().items():
            assert array.tobytes() == state.to_arrays()[name].tobytes(), name


def test_a_freed_row_holds_nothing_of_who_stood_there() -> None:
    """The next animal must not begin with another's hours, usual or fever."""
    log = generation(0, MORNING)
    state = after([*log, a_tick(MORNING + AWAY)])
    untouched = PartitionState()
    for table in untouched.tables():
        table.reach(len(state.animals))

    assert state.animals.index.held == 0
    assert state.rows_of_farm == {}
    for table, empty in zip(state.tables(), untouched.tables(), strict=True):
        left, fills = table.to_arrays(HERD), empty.to_arrays(HERD)
        assert all(_same(array, fills[name]) for name, array in left.items())


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return one.tobytes() == other.tobytes()  # NaN is NaN here


@pytest.mark.parametrize("days", [LEFT_DAYS, LEFT_DAYS + 1])
def test_she_has_left_when_unheard_for_thirty_days_and_not_before(days: int) -> None:
    """Log time decides, by its days."""
    state = after([*generation(0, MORNING), a_tick(MORNING + timedelta(days=days))])

    assert state.animals.index.held == (HERD if days == LEFT_DAYS else 0)


def test_whose_collar_is_waited_for_has_not_left() -> None:
    """A collar that is silent for months is a case; only taking it off says that she has gone."""
    worn = [event for event in generation(0, MORNING) if not isinstance(event.payload, Context)]

    state = after([*worn, a_tick(MORNING + AWAY)])

    assert state.animals.index.held == HERD


def test_whose_case_is_open_has_not_left() -> None:
    """Her detection must find its end."""
    hot = [a_reading(seq=n, temperature_c=41.0, temperature_site="rumen") for n in range(1, 4)]

    state = after(
        [a_tick(MORNING), *hot, collar_off("nl-0017", MORNING, 1), a_tick(MORNING + AWAY)]
    )

    assert state.animals.find((FARM.encode(), b"nl-0017")) is not None
    assert len(state.episodes.of_farm(FARM)) == 1


def test_who_comes_back_starts_anew() -> None:
    """Her row was another's meanwhile; a repeat of her old readings still counts for nobody."""
    log = [*generation(0, MORNING), *generation(1, MORNING + AWAY)]

    state = after([*log, log[1], a_reading(animal="nl-0-0", collar="c-0", boot_id=3, seq=1)])

    counted = state.counted_by_animal()
    assert counted[FARM, "nl-0-0"] == 1
    assert len(counted) == HERD + 1


def test_an_outage_is_told_once_though_the_farms_first_animal_left() -> None:
    """What is known of the farm itself lies at its first animal's row."""
    soon = MORNING + AWAY
    deaf = DeafSpan(began_at=soon - timedelta(hours=3), ended_at=soon - timedelta(hours=2))
    stays = [a_reading(animal="nl-stays", collar="c-s", seq=n, time=soon) for n in range(1, 3)]
    log = [
        *generation(0, MORNING),
        a_tick(soon - timedelta(hours=8)),
        *stays,
        a_tick(soon - timedelta(hours=1), deaf=(deaf,)),
        a_tick(soon + timedelta(hours=23), deaf=(deaf,)),
    ]

    told = run_all(values_of(log))[1]

    deafness = [e for e in told.detections if e.payload.condition is Condition.SYSTEM_DEAF]
    assert [event.payload.revision for event in deafness] == [1, 2]


def test_an_animal_costs_little_more_with_her_share_of_keys() -> None:
    """A million animals have to fit into a cluster's memory."""
    herd = [a_reading(animal=f"nl-{n}", collar=f"c-{n}") for n in range(1024)]

    assert after(list(herd)).bytes_per_animal() <= BYTES_OF_AN_ANIMAL_MAX
