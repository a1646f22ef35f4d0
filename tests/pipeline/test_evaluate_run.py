"""An evaluated farm's log is the log that the farm would have had."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from contracts.animal_event import AnimalCalved
from contracts.columns import Batch, columns_of, micros
from contracts.context import Context
from contracts.envelope import Event
from contracts.ids import AnimalId, FarmId
from contracts.reading import MEASUREMENTS, CollarReading
from contracts.tick import Tick
from firmware_sim.conditions import Course, Fever
from firmware_sim.history import a_herd, herd_readings
from pipeline.engine import step
from pipeline.evaluate_input import (
    NUMBERS,
    EvaluatedFarm,
    Fact,
    Heard,
    batches,
    tick_us_of,
)
from pipeline.evaluate_run import run
from pipeline.state import PartitionState
from tests.builders import a_tick

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE_US = 60_000_000
FARM = FarmId("home")


def a_farm(until_us: int, facts: tuple[Fact, ...] = ()) -> EvaluatedFarm:
    """A farm of one cow."""
    return EvaluatedFarm(
        farm_id=FARM,
        animals=("berta",),
        since_us=micros(SINCE),
        until_us=micros(SINCE) + until_us,
        facts=facts,
    )


def heard_at(*minutes: float, until: float, deaf: tuple[tuple[int, int], ...] = ()) -> Heard:
    """Readings of one cow, so many minutes after the begin."""
    at_us = micros(SINCE) + np.array([round(one * MINUTE_US) for one in minutes], np.int64)
    zeros = np.zeros(len(at_us), np.int64)
    return Heard(
        until_us=micros(SINCE) + round(until * MINUTE_US),
        heard_us=at_us,
        time_us=at_us,
        animal=zeros,
        seq=1 + np.arange(len(at_us)),
        interval_s=zeros + 60,
        station=zeros - 1,
        site=zeros,
        columns={"activity": np.ones(len(at_us))},
        deaf=tuple((micros(SINCE) + a * MINUTE_US, micros(SINCE) + b * MINUTE_US) for a, b in deaf),
    )


def as_spans(events: list[Event[CollarReading]], animals: list[AnimalId]) -> Heard:
    """Readings that came one by one, as one span of columns."""
    rows = [event.payload for event in events]
    values = {name: [getattr(one, name) for one in rows] for name in NUMBERS}
    return Heard(
        until_us=micros(SINCE + timedelta(days=1)),
        heard_us=np.array([micros(one.received_at) for one in rows]),
        time_us=np.array([micros(event.timestamp) for event in events]),
        animal=np.array([animals.index(AnimalId(event.aggregate_id)) for event in events]),
        seq=np.array([one.seq for one in rows]),
        interval_s=np.array([one.interval_s for one in rows]),
        station=np.full(len(rows), -1),
        site=np.zeros(len(rows), np.int64),
        columns={
            name: np.array([np.nan if value is None else value for value in some])
            for name, some in values.items()
        },
    )


def test_readings_as_columns_give_what_the_same_readings_give_one_by_one() -> None:
    """Figures of an engine that was fed otherwise would be those of another engine."""
    wearers = a_herd(FARM, 3)
    animals = [one.animal_id for one in wearers]
    until = SINCE + timedelta(days=1)
    begins_at = SINCE + timedelta(hours=12)
    course = Course({animals[1]: (Fever(begins_at, 2.5, ends_at=None),)})
    events = list(herd_readings(FARM, wearers, SINCE, until, interval_s=900, course=course))
    farm = EvaluatedFarm(
        farm_id=FARM, animals=animals, since_us=micros(SINCE), until_us=micros(until)
    )

    found = run(farm, [as_spans(events, animals)])

    assert found.readings == len(events)
    assert [one.subject_id for one in found.findings if one.condition == "fever"] == [animals[1]]
    told = step(PartitionState(), log_of(events, until)).detections
    onsets = {one.payload.detection_id: micros(one.payload.known_at) for one in reversed(told)}
    assert {one.detection_id: one.known_us for one in found.findings} == onsets


def log_of(events: list[Event[CollarReading]], until: datetime) -> Batch:
    """The same readings with a tick every five minutes, as a log brings them."""
    readings: list[tuple[int, Event[CollarReading]]] = []
    ticks: list[tuple[int, Event[Tick]]] = []
    tick_at = SINCE
    for event in events:
        while event.payload.received_at >= tick_at:
            ticks.append((len(readings) + len(ticks), a_tick(tick_at)))
            tick_at += timedelta(minutes=5)
        readings.append((len(readings) + len(ticks), event))
    while tick_at <= until:
        ticks.append((len(readings) + len(ticks), a_tick(tick_at)))
        tick_at += timedelta(minutes=5)
    return Batch(len(readings) + len(ticks), columns_of(readings), tuple(ticks))


def test_all_measurements_of_a_reading_reach_the_engine() -> None:
    """A column that was forgotten would make a detector blind in evaluations alone."""
    batch = next(batches(a_farm(10 * MINUTE_US), [heard_at(1, until=10)]))

    assert {*NUMBERS, "temperature_site"} == set(MEASUREMENTS)
    assert set(batch.readings.floats) == set(NUMBERS)
    assert batch.readings.floats["activity"].tolist() == [1.0]
    whole = columns_of([])
    assert set(batch.readings.longs) == set(whole.longs)
    assert set(batch.readings.texts) == set(whole.texts)


def test_what_is_heard_in_the_moment_of_a_tick_comes_after_it() -> None:
    """As a gateway's batch would: else the last reading of an hour came before its end."""
    batch = next(batches(a_farm(10 * MINUTE_US), [heard_at(4, 5, 6, until=10)]))

    ticks = [place for place, event in batch.events if isinstance(event.payload, Tick)]
    assert ticks == [0, 2, 5]
    assert batch.readings.place.tolist() == [1, 3, 4]


def test_each_tick_tells_the_part_of_a_deaf_span_that_lies_before_it() -> None:
    """Told only at its end, an outage of hours would first look like a herd of silent collars."""
    batch = next(batches(a_farm(20 * MINUTE_US), [heard_at(1, until=20, deaf=((3, 12),))]))

    told = [
        [(micros(one.began_at), micros(one.ended_at)) for one in event.payload.deaf_spans]
        for _, event in batch.events
        if isinstance(event.payload, Tick)
    ]
    since_us = micros(SINCE)
    parts = [[], [(3, 5)], [(5, 10)], [(10, 12)], []]
    assert told == [
        [(since_us + a * MINUTE_US, since_us + b * MINUTE_US) for a, b in one] for one in parts
    ]


def test_a_deaf_span_is_told_whole_by_ticks_that_are_further_apart() -> None:
    """Slices end within it, and the ticks of a slow herd lie between them."""
    farm = replace(a_farm(30 * MINUTE_US), tick_us=tick_us_of(600))
    some = [heard_at(until=5, deaf=((2, 5),)), heard_at(until=10, deaf=((5, 10),))]

    made = list(batches(farm, [*some, heard_at(until=30, deaf=((10, 12),))]))

    told = [
        (micros(one.began_at) - micros(SINCE), micros(one.ended_at) - micros(SINCE))
        for batch in made
        for _, event in batch.events
        if isinstance(event.payload, Tick)
        for one in event.payload.deaf_spans
    ]
    assert told == [(a * MINUTE_US, b * MINUTE_US) for a, b in ((2, 5), (5, 10), (10, 12))]


def test_the_register_is_told_in_its_time_once_each() -> None:
    """A calving that was told with the first batch would be known weeks before it."""
    calved = AnimalCalved(animal_id=AnimalId("berta"), calved_at=SINCE + timedelta(minutes=12))
    facts = (
        Fact(at_us=micros(SINCE), payload=calved),
        Fact(at_us=micros(SINCE) + 12 * MINUTE_US, payload=calved),
    )

    made = list(batches(a_farm(20 * MINUTE_US, facts), [heard_at(until=10), heard_at(until=20)]))

    told = [
        [(place, event.payload.source_offset) for place, event in batch.events
         if isinstance(event.payload, Context)]
        for batch in made
    ]  # fmt: skip
    assert told == [[(0, 0)], [(0, 1)]]


def test_days_on_which_she_was_heard_are_counted_once() -> None:
    """Animal-days are what false alerts are held against."""
    farm = a_farm(3 * 24 * 60 * MINUTE_US)
    day = 24 * 60

    found = run(
        farm, [heard_at(1, 2, day + 5, until=2 * day), heard_at(2 * day + 1, until=3 * day)]
    )

    assert found.days.days == {0: [micros(SINCE) // (day * MINUTE_US) + n for n in range(3)]}
    assert found.days.first_us == {0: micros(SINCE) + MINUTE_US}
