"""Days of a small herd that measures everything and whose register tells what it knows."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any

import msgspec

from contracts.animal_event import (
    AnimalCalved,
    AnimalInseminated,
    AnimalMoved,
    AnimalPregnancyChecked,
    Corner,
    FenceDrawn,
)
from contracts.context import Context
from contracts.envelope import Event
from contracts.ids import AnimalId
from contracts.messages import event_type_of
from contracts.reading import MEASUREMENTS
from pipeline.detectors.base import Detector
from pipeline.state import PartitionState
from pipeline.tables import Arrays
from tests.builders import a_reading, an_event
from tests.pipeline.logs import run_all, values_of
from tests.pipeline.weeks import HERD, MIDNIGHT, Measures, a_day, eventful, tick_at

LEARNT_HOURS = 24 * 8
HOME = (52.0, 5.0)
Change = Callable[[str, int, Measures], Measures | None]


def whole(animal: str, hour: int) -> Measures:
    """All that any collar measures in an hour of an ordinary day."""
    noise = Random(f"whole/{animal}/{hour}")  # noqa: S311  made days, the same in every run
    night = hour % 24 < 6
    return {
        **a_day(animal, hour),
        "temperature_site": "rumen",
        "lying_minutes": (45.0 if night else 22.0) + 4 * noise.random(),
        "lying_bouts": float(noise.randrange(2)),
        "drinking_minutes": 0.5 + noise.random(),
        "heart_rate_bpm": 66.0 + 6 * noise.random(),
        "latitude": HOME[0] + 0.0004 * noise.random(),
        "longitude": HOME[1] + 0.0004 * noise.random(),
        "ambient_c": 12.0 + 4 * noise.random(),
        "humidity_pct": 60.0,
        "battery_v": 3.6 - 0.0001 * hour,
        "station_id": "barn-1",
    }


def ordinary(_animal: str, _hour: int, measures: Measures) -> Measures | None:
    """Nothing happens."""
    return measures


def troubled(animal: str, hour: int, measures: Measures) -> Measures | None:
    """Whatever can happen within days: `eventful`, and what else collars measure of it."""
    if hour < LEARNT_HOURS:
        return measures
    after, place = hour - LEARNT_HOURS, HERD.index(animal)
    if place == 1 and after >= 5:  # she does not rise
        still = {"lying_minutes": 60.0, "lying_bouts": 0.0, "steps": 0.0, "activity": 0.0}
        return measures | still | {"eating_minutes": 0.0, "temperature_c": 37.0}
    if place == 9 and after >= 4:  # she is outside, and far away
        return measures | {"latitude": HOME[0] + 0.05, "battery_v": 2.5}
    if place == 10 and after >= 10:
        return measures | {"drinking_minutes": 0.0, "eating_minutes": 1.0}
    return eventful(animal, after, measures)


def log_of(
    hours: Iterable[int], change: Change = ordinary, *, every: int = 1, only: str | None = None
) -> list[Event[Any]]:
    """A reading an animal each `every` hours, and a tick half an hour later.

    only: of all that is measured this alone; "" = nothing.
    """
    log: list[Event[Any]] = []
    for hour in hours:
        if hour % every == every - 1:
            for animal in HERD:
                found = change(animal, hour, whole(animal, hour))
                if found is not None:
                    log.append(_reading(animal, hour, _spread(found, every), every, only))
        log.append(tick_at(hour + 1.5))
    return log


def _reading(
    animal: str, hour: int, measures: Measures, every: int, only: str | None
) -> Event[Any]:
    kept = {
        name: value
        for name, value in measures.items()
        if only is None or name in {only, "station_id", "temperature_site"} - {""}
    }
    return a_reading(
        animal=animal,
        collar=f"c-{animal}",
        seq=hour,
        time=MIDNIGHT + timedelta(hours=hour + 1),
        interval_s=3600 * every,
        **kept,
    )


def _spread(measures: Measures, every: int) -> Measures:
    """Of an hour, as of so many: minutes and counts add up."""
    return {
        name: value * every
        if name.endswith("_minutes") or name in {"steps", "activity", "lying_bouts"}
        else value
        for name, value in measures.items()
    }


@cache
def register() -> tuple[Event[Context], ...]:
    """What the register tells before the first day."""
    facts: list[Any] = [
        FenceDrawn(
            fence_id="home",
            name="home",
            corners=tuple(
                Corner(latitude=HOME[0] + north, longitude=HOME[1] + east)
                for north, east in ((-0.01, -0.01), (-0.01, 0.01), (0.01, 0.01), (0.01, -0.01))
            ),
        )
    ]
    for place, animal in enumerate(AnimalId(one) for one in HERD):
        ago = timedelta(days=30 * place - 3)
        facts.append(AnimalCalved(animal_id=animal, calved_at=MIDNIGHT - ago, parity=2))
        facts.append(AnimalMoved(animal_id=animal, moved_at=MIDNIGHT - ago, group="A"))
        if place > 8:
            served = MIDNIGHT - timedelta(days=270)
            facts.append(AnimalInseminated(animal_id=animal, inseminated_at=served))
            facts.append(
                AnimalPregnancyChecked(
                    animal_id=animal, checked_at=MIDNIGHT - timedelta(days=200), pregnant=True
                )
            )
    return tuple(_context(offset, fact) for offset, fact in enumerate(facts))


@cache
def after_learning(change: Change, hours: int) -> list[bytes]:
    """The log that follows the ordinary days, as bytes; made once, as its ticks' ids are random."""
    return values_of(log_of(range(LEARNT_HOURS, LEARNT_HOURS + hours), change))


def learnt(detectors: tuple[Detector, ...]) -> PartitionState:
    """The state of these detectors after the ordinary days, of which they have seen nothing yet."""
    of_nobody = _learnt_by_nobody()
    state = PartitionState(detectors)
    for memory in state.memories.values():
        memory.reach(len(HERD))
    arrays = state.to_arrays()
    theirs = {f"memory.{name}" for name in state.memories} | {"judged"}
    for name, array in of_nobody.items():
        if name.split("/")[0] not in theirs:
            arrays[name] = array
    for name, table in state.memories.items():
        rows = table.to_arrays(len(HERD))
        arrays |= {f"memory.{name}/{column}": array for column, array in rows.items()}
    return PartitionState.from_arrays(arrays, detectors)


@cache
def _learnt_by_nobody() -> Arrays:
    log = [*register(), *log_of(range(LEARNT_HOURS))]
    return run_all(values_of(log), state=PartitionState(()))[0].to_arrays()


def measured_names() -> tuple[str, ...]:
    """The columns that hold numbers."""
    return tuple(name for name in MEASUREMENTS if name != "temperature_site")


def _context(offset: int, payload: Any) -> Event[Context]:  # noqa: ANN401  of contracts.animal_event
    return an_event(
        Context(
            source_offset=offset,
            source_event_id=f"e-{offset}",
            source_event_type=event_type_of(type(payload)),
            details_json=msgspec.json.encode(payload).decode(),
        ),
        event_id=f"context-{offset}",
    )
