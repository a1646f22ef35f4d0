"""Promise 3: a farm's log gives the same answers, however it is read, whatever befalls workers."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from contracts.detection import Condition
from contracts.envelope import Event
from contracts.reading import CollarReading
from tests.conftest import FULL_SIZE
from tests.pipeline.crash_schedules import quiet
from tests.pipeline.farm_log import COPIED, FULL, LIVE, SMALL, copied_farm, own_ticked, source_of
from tests.pipeline.few import FEW
from tests.pipeline.logs import run_all
from tests.pipeline.same_every_time import (
    POINTS,
    Outcome,
    differences,
    hash_of,
    outcome_of,
    table,
    undisturbed,
    variants,
)
from tests.pipeline.weeks import after_a_week, days_after, eventful

SOME = ("batches of 100", "12 partitions, 4 workers", "crashes at each, live")
HOURLY = (Condition.OESTRUS, Condition.RUMINATION_DROP)


@pytest.fixture(scope="module")
def expected() -> Outcome:
    """Each partition read in one batch, by no worker."""
    return undisturbed(SMALL)


@pytest.mark.parametrize("name", SOME)
def test_one_log_gives_one_answer_however_it_is_read(name: str, expected: Outcome) -> None:
    """(a): the same bytes, counts and letters; `python -m tests.pipeline.same_every_time`: all."""
    (variant,) = [one for one in variants() if one.name == name]

    with quiet():
        found = outcome_of(variant, SMALL)

    print(found.line(variant.name))  # noqa: T201  the row of the table
    assert differences(found, expected) == []
    assert len(found.crashed) == len(variant.crashes)


@pytest.mark.proof
def test_the_whole_table_has_one_hash() -> None:
    """(a) at full size: days of two dozen farms, and a crash at every failpoint."""
    with quiet():
        assert table(FULL) == []


def test_the_table_is_as_wide_as_promised() -> None:
    """Batches, partitions, workers, crashes at every failpoint, both paces: nothing left out."""
    rows = variants()

    assert len(rows) >= 20
    assert LIVE + COPIED + 1 >= 24
    assert {1, 10_000} <= {row.batch for row in rows}
    assert {1, 2, 3, 4, 6, 12} == {row.partitions for row in rows}
    assert {1, 2, 3, 4} == {row.workers for row in rows}
    assert set(POINTS) == {name for row in rows for name in row.crashes}
    assert {True, False} == {bool(row.fed) for row in rows}


def test_the_log_holds_what_can_go_wrong(expected: Outcome) -> None:
    """A log in which nothing happens would be the same every time, too."""
    conditions = {event.payload.condition for event in expected.told}

    assert conditions >= {
        Condition.FEVER,
        Condition.OESTRUS,
        Condition.RUMINATION_DROP,
        Condition.COLLAR_SILENT,
        Condition.SYSTEM_DEAF,
    }
    assert expected.letters > LIVE


@pytest.mark.parametrize("number", range(3 if not FULL_SIZE else COPIED))
def test_a_copied_farm_is_told_what_it_was_told_in_its_own_partition(number: int) -> None:
    """Its partition's ticks made its own: a copy of a log is worth as much as the log."""
    source = source_of(number, SMALL)

    _, there = run_all([said.value for said in source])
    _, here = run_all([said.value for said in own_ticked(copied_farm(number), source)])

    assert there.detections
    assert hash_of(here.detections) == hash_of(there.detections)
    assert here.hour_events() == there.hour_events()


@pytest.mark.parametrize("seed", range(20 if FULL_SIZE else 2))
def test_order_within_an_hour_changes_no_hourly_detection(seed: int) -> None:
    """(b): the same records in another order, none crossing the tick that closes its herd hour."""
    log = days_after(2.5, eventful)

    told = after_a_week(log, FEW).detections
    shuffled = after_a_week(_shuffled(log, Random(seed)), FEW).detections  # noqa: S311  the same again

    final = _final_states(told)
    assert {condition for _, condition, *_ in final} == set(HOURLY)
    assert _final_states(shuffled) == final


def _shuffled(log: Sequence[Event[Any]], rng: Random) -> list[Event[Any]]:
    """The readings between two ticks in any order; each tick closes the hour before it."""
    found: list[Event[Any]] = []
    waiting: list[Event[Any]] = []
    for event in log:
        if isinstance(event.payload, CollarReading):
            waiting.append(event)
            continue
        rng.shuffle(waiting)
        found += [*waiting, event]
        waiting = []
    return found + waiting


def _final_states(told: Sequence[Event[Any]]) -> set[tuple[Any, ...]]:
    """The last revision of each hourly detection, as far as it speaks of the animal."""
    last = {e.payload.detection_id: e for e in told if e.payload.condition in HOURLY}
    return {
        (
            e.aggregate_id,
            e.payload.condition,
            e.payload.phase,
            e.payload.onset_at,
            e.payload.evidence,
        )
        for e in last.values()
    }
