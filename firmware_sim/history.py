"""A herd's readings over a span, in memory: what an evaluation and a test read. Pure.

The same readings that the herd's collars would send, times, seqs and event ids included.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from contracts.envelope import Event
from contracts.ids import AnimalId, CollarId, FarmId, reading_event_id
from contracts.messages import event_type_of
from contracts.reading import CollarReading
from firmware_sim.animal import Animal
from firmware_sim.collar import SITE, Buffered
from firmware_sim.conditions import Course, Laid, Silence
from firmware_sim.grid import BOOT_ID, Grid, grid_of

STEP = timedelta(hours=6)  # so much of a herd is held at once
ON_ITS_WAY = timedelta(seconds=2)  # from the collar to the gateway


@dataclass(frozen=True, slots=True)
class Wearer:
    """One animal and her collar."""

    animal_id: AnimalId
    collar_id: CollarId


def a_herd(farm_id: FarmId, count: int) -> list[Wearer]:
    """Animals and collars `{farm}-001` … as a simulated farm registers them."""
    return [
        Wearer(AnimalId(f"{farm_id}-{number:03}"), CollarId(f"{farm_id}-c{number:03}"))
        for number in range(1, count + 1)
    ]


def herd_readings(
    farm_id: FarmId,
    wearers: Sequence[Wearer],
    since: datetime,
    until: datetime,
    *,
    interval_s: int = 300,
    course: Course | None = None,
) -> Iterator[Event[CollarReading]]:
    """Every reading in (since, until] in the order in which it is received.

    A buffered silence's readings come when it is over; a lost one's never were.
    """
    course = course or Course()
    members = [
        (one, Animal(one.animal_id, farm_id, course.of(one.animal_id)), _silences(course, one))
        for one in wearers
    ]
    late: list[tuple[datetime, AnimalId, int, Event[CollarReading]]] = []
    begins = since
    while begins < until:
        ends = min(begins + STEP, until)
        for wearer, animal, silences in members:
            grid = grid_of(wearer.collar_id, interval_s)
            for one in measured(animal, wearer.collar_id, grid, begins, ends):
                at = heard_at(one.time, silences)
                if at is not None:
                    event = _event(farm_id, wearer.animal_id, one, at)
                    heapq.heappush(late, (at, wearer.animal_id, one.seq, event))
        while late and late[0][0] <= ends:
            yield heapq.heappop(late)[3]
        begins = ends


def measured(
    animal: Animal, collar_id: CollarId, grid: Grid, since: datetime, until: datetime
) -> list[Buffered]:
    """What an animal's collar measures at its places in (since, until]."""
    places = range(max(1, grid.last_until(since) + 1), grid.last_until(until) + 1)
    if not places:
        return []
    first_s = grid.time_of(places[0]).timestamp()
    times_s = first_s + grid.interval_s * np.arange(len(places), dtype=np.float64)
    return [
        Buffered(collar_id, BOOT_ID, place, grid.time_of(place), grid.interval_s, measures)
        for place, measures in zip(
            places, animal.measures_at(times_s, grid.interval_s), strict=True
        )
    ]


def heard_at(at: datetime, silences: Sequence[Silence]) -> datetime | None:
    """When a reading of that time is heard: at once, after the silence, or never (None)."""
    for silence in silences:
        if silence.covers(at):
            return silence.ends_at if silence.buffered else None
    return at


def silences_of(conditions: Sequence[Laid]) -> tuple[Silence, ...]:
    """The silences among some conditions."""
    return tuple(one for one in conditions if isinstance(one, Silence))


def _silences(course: Course, wearer: Wearer) -> tuple[Silence, ...]:
    return silences_of(course.of(wearer.animal_id))


def _event(
    farm_id: FarmId, animal_id: AnimalId, one: Buffered, at: datetime
) -> Event[CollarReading]:
    measures = one.measures
    return Event(
        event_id=reading_event_id(one.collar_id, one.boot_id, one.seq),
        event_type=_READING,
        timestamp=one.time,
        aggregate_id=animal_id,
        actor=f"collar:{one.collar_id}",
        farm_id=farm_id,
        payload=CollarReading(
            collar_id=one.collar_id,
            boot_id=one.boot_id,
            seq=one.seq,
            received_at=at + ON_ITS_WAY,
            sent_at=at,
            interval_s=one.interval_s,
            temperature_c=measures.temperature_c,
            temperature_site=SITE,
            rumination_minutes=measures.rumination_minutes,
            eating_minutes=measures.eating_minutes,
            lying_minutes=measures.lying_minutes,
            lying_bouts=measures.lying_bouts,
            steps=measures.steps,
            activity=measures.activity,
            drinking_minutes=measures.drinking_minutes,
        ),
    )


_READING = event_type_of(CollarReading)
