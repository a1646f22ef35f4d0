"""Days of a small herd, one reading an hour: logs for what is judged by the hour."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from contracts.envelope import Event
from pipeline.detectors.base import Detector
from pipeline.detectors.registry import ALL
from pipeline.state import PartitionState
from pipeline.tables import Arrays
from pipeline.telling import Told
from tests.builders import a_reading, a_tick, at
from tests.pipeline.logs import run_all, values_of

MIDNIGHT = at("2026-03-01T00:00Z")
HERD = tuple(f"nl-{number:02}" for number in range(12))
LEARNT_DAYS = 7  # of an hour of the day: three of them settled, each after three more
Measures = dict[str, Any]  # by column of a reading
Change = Callable[[str, int, Measures], Measures | None]  # animal, hour from midnight, what it was


def unchanged(_animal: str, _hour: int, measures: Measures) -> Measures | None:
    """An ordinary day."""
    return measures


def a_day(animal: str, hour: int) -> Measures:
    """What an animal does in an hour: more rumination at night, some noise of her own."""
    noise = Random(f"{animal}/{hour}")  # noqa: S311  made days, the same in every run
    night = hour % 24 < 6
    return {
        "temperature_c": 38.6 + 0.1 * noise.random(),
        "rumination_minutes": (30.0 if night else 18.0) + 4 * noise.random(),
        "eating_minutes": (4.0 if night else 12.0) + 2 * noise.random(),
        "lying_minutes": 30.0,
        "drinking_minutes": 1.0,
        "steps": 90.0 + noise.randrange(20),
        "activity": 100.0 + noise.randrange(20),
    }


def reading_of(animal: str, hour: int, measures: Measures) -> Event[Any]:
    """The one reading of an hour, taken at its end."""
    return a_reading(
        animal=animal,
        collar=f"c-{animal}",
        seq=hour,
        time=MIDNIGHT + timedelta(hours=hour + 1),
        interval_s=3600,
        temperature_site="rumen",
        **measures,
    )


def hour_of(hour: int, change: Change = unchanged, herd: Iterable[str] = HERD) -> list[Event[Any]]:
    """The herd's readings of one hour from midnight; a change of None is a silent collar."""
    changed = [(animal, change(animal, hour, a_day(animal, hour))) for animal in herd]
    return [reading_of(animal, hour, measures) for animal, measures in changed if measures]


def tick_at(hour: float) -> Event[Any]:
    """A tick so many hours from midnight."""
    return a_tick(MIDNIGHT + timedelta(hours=hour))


def weeks(days: int, change: Change = unchanged) -> list[Event[Any]]:
    """A log of so many days: each hour's readings, and a tick half an hour later."""
    return [
        event
        for hour in range(24 * days)
        for event in (*hour_of(hour, change), tick_at(hour + 1.5))
    ]


@cache
def _arrays_after_a_week(detectors: tuple[Detector, ...]) -> Arrays:
    state = PartitionState(detectors)
    return run_all(values_of(weeks(LEARNT_DAYS)), state=state)[0].to_arrays()


def state_after_a_week(detectors: tuple[Detector, ...] = ALL) -> PartitionState:
    """The state after LEARNT_DAYS of ordinary days."""
    return PartitionState.from_arrays(_arrays_after_a_week(detectors), detectors)


def after_a_week(later: Iterable[Event[Any]], detectors: tuple[Detector, ...] = ALL) -> Told:
    """What is told of a log that follows LEARNT_DAYS of ordinary days."""
    return run_all(values_of(later), state=state_after_a_week(detectors))[1]


def days_after(days: float, change: Change) -> list[Event[Any]]:
    """A log of so many days that follows the week; hours are counted from its end."""
    start = 24 * LEARNT_DAYS
    return [
        event
        for hour in range(start, start + round(24 * days))
        for event in (
            *hour_of(hour, lambda animal, hour, m: change(animal, hour - start, m)),
            tick_at(hour + 1.5),
        )
    ]


def when(hour: float) -> datetime:
    """The time so many hours after the week."""
    return MIDNIGHT + timedelta(days=LEARNT_DAYS, hours=hour)


def eventful(animal: str, hour: int, measures: Measures) -> Measures | None:
    """One ill and feverish, one in oestrus, one silent for a while, hours after the week."""
    if animal == HERD[3] and hour >= 2:
        low = {name: measures[name] * 0.4 for name in ("rumination_minutes", "eating_minutes")}
        return measures | low | {"temperature_c": 40.6 if hour % 12 > 5 else 38.9}
    if animal == HERD[5] and 6 <= hour < 21:
        return measures | {"activity": measures["activity"] * 3, "rumination_minutes": 12.0}
    return None if animal == HERD[7] and 8 <= hour < 20 else measures
