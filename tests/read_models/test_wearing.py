"""Whose a reading is, as the register says today: spans without overlap, and her readings."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contracts.animal_event import STATION, Assignment, CollarAssignments
from contracts.columns import micros
from contracts.dead_letter import Rejected
from contracts.ids import AnimalId, CollarId, FarmId
from gateway.attribution import Attribution
from read_models.analytics import NUMBERS, TIME_US_MAX, TIME_US_MIN
from read_models.wearing import (
    READINGS_MAX,
    CollarList,
    Span,
    animal_readings,
    assignment_rows,
    spans_of,
    worn_by,
)
from tests.builders import FARM, MORNING

COLLAR = CollarId("c-17")
START_US = micros(MORNING)
HOUR_US = 3_600_000_000


def worn(
    animal: str, since_hours: int, until_hours: int | None = None, farm: str = FARM
) -> Assignment:
    """An animal wore the collar, in hours after MORNING."""
    until = None if until_hours is None else MORNING + timedelta(hours=until_hours)
    return Assignment(
        animal_id=AnimalId(animal),
        farm_id=FarmId(farm),
        worn_from=MORNING + timedelta(hours=since_hours),
        worn_to=until,
    )


def in_hours(spans: tuple[Span, ...]) -> list[tuple[str, float, float | None]]:
    """Spans as (animal, since, until) in hours after MORNING; None = without end."""
    return [
        (
            span.animal_id,
            (span.since_us - START_US) / HOUR_US,
            None if span.until_us == TIME_US_MAX else (span.until_us - START_US) / HOUR_US,
        )
        for span in spans
    ]


def test_a_list_is_cut_into_spans_that_do_not_overlap() -> None:
    """Of two that say they wore it the one that began last did, and then the first again."""
    found = spans_of([worn("a", 0), worn("b", 2, 5), worn("c", 4, 6)])

    assert in_hours(found) == [("a", 0, 2), ("b", 2, 4), ("c", 4, 6), ("a", 6, None)]


def test_stations_wear_nothing_and_nobody_is_no_span() -> None:
    """A collar that became a barn's thermometer is no cow's any more."""
    station = Assignment(
        animal_id=AnimalId(COLLAR),
        farm_id=FARM,
        worn_from=MORNING + timedelta(hours=4),
        kind=STATION,
    )

    assert in_hours(spans_of([worn("a", 0, 2), station])) == [("a", 0, 2)]
    assert spans_of([]) == ()


def test_times_beyond_the_store_are_moved_to_its_edges_as_those_of_readings_are() -> None:
    """A register may say `always`."""
    always = Assignment(
        animal_id=AnimalId("a"), farm_id=FARM, worn_from=datetime(1, 1, 1, tzinfo=UTC)
    )

    assert spans_of([always]) == (Span(TIME_US_MIN, TIME_US_MAX, FARM, "a"),)


hours = st.integers(min_value=0, max_value=12)
assignments = st.builds(
    lambda animal, since, lasts, farm: worn(
        animal, since, None if lasts is None else since + lasts, farm
    ),
    st.sampled_from("abc"),
    hours,
    st.none() | st.integers(min_value=0, max_value=6),
    st.sampled_from(["farm-a", "farm-b"]),
)


@given(st.lists(assignments, max_size=8), st.lists(hours, min_size=1, max_size=20))
def test_a_span_says_what_a_gateway_says(told: list[Assignment], asked: list[int]) -> None:
    """A chart that attributes otherwise than the way in would show what nobody judged."""
    attribution = Attribution()
    attribution.apply(CollarAssignments(collar_id=COLLAR, assignments=tuple(told)))
    spans = spans_of(told)
    rows = [[COLLAR, *([getattr(span, name) for span in spans] for name in Span._fields)]]

    for hour in asked:
        time = MORNING + timedelta(hours=hour)
        wearer = attribution.wearer(COLLAR, FARM, time)
        at = micros(time)

        found = [animal for animal in "abc" if worn_by(FARM, animal, at, at + 1, rows)]

        assert found == ([] if isinstance(wearer, Rejected) else [wearer.animal_id])
    assert all(a.until_us <= b.since_us for a, b in pairwise(spans))


def test_what_an_animal_wore_is_cut_to_the_span_that_is_asked_for() -> None:
    """Another farm's animal of the same name wore nothing here."""
    rows: list[list[Any]] = [
        ["c-1", [0, 50], [50, 90], ["farm-a", "farm-b"], ["a", "a"]],
        ["c-2", [], [], [], []],
    ]

    assert worn_by("farm-a", "a", 10, 60, rows) == [("c-1", 10, 50)]
    assert worn_by("farm-b", "a", 10, 60, rows) == [("c-1", 50, 60)]
    assert worn_by("farm-a", "a", 60, 70, rows) == []


def test_a_list_is_one_row_with_an_array_a_column() -> None:
    """A newer list replaces it whole; an empty one says that nobody wears it."""
    lists = [
        CollarList("c-1", 7, (Span(1, 2, "farm-a", "it's"), Span(2, 3, "farm-b", "b"))),
        CollarList("c-2", 8, ()),
    ]

    assert assignment_rows(lists).decode().splitlines() == [
        "c-1\t7\t[1,2]\t[2,3]\t['farm-a','farm-b']\t['it\\'s','b']",
        "c-2\t8\t[]\t[]\t[]\t[]",
    ]


def test_an_answer_says_that_there_were_more() -> None:
    """A chart that ends early must not look as if she had fallen silent."""
    rows = READINGS_MAX + 1
    numbers: list[list[float | None]] = [[None] * rows for _ in NUMBERS]
    numbers[0][3] = 38.5

    found = animal_readings([list(range(rows)), ["c"] * rows, ["ok"] * rows, [""] * rows, *numbers])

    assert found.is_cut
    assert len(found.occurred_us) == len(found.sites) == READINGS_MAX
    assert list(found.measures) == [NUMBERS[0]]
    assert np.flatnonzero(np.isfinite(found.measures[NUMBERS[0]])).tolist() == [3]
