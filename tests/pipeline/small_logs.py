"""Logs of two or three partitions, a few dozen records each: what crash schedules are run over."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from random import Random

from contracts.dead_letter import Rejected
from contracts.envelope import Event
from contracts.ids import FarmId, derived_id
from contracts.reading import CollarReading
from contracts.tick import DeafSpan
from contracts.topics import READINGS
from pipeline.state import PartitionState
from tests.builders import MORNING, a_reading, a_tick
from tests.pipeline.logs import READER, SERDE, moved, run_all

COUNT = 6
STEPS = 9  # of ten minutes
HOT = 41.0


@dataclass(frozen=True, slots=True)
class Expected:
    """What an undisturbed run over one partition tells; letters by their origin."""

    detections: list[bytes]
    hours: list[bytes]
    letters: list[str]
    state: PartitionState


@dataclass(frozen=True, slots=True)
class SmallLog:
    """Values by partition, and what they must give."""

    values: dict[int, list[bytes]]
    expected: dict[int, Expected]


@cache
def small_log(number: int) -> SmallLog:
    """One of COUNT logs."""
    values = {partition: _values(number, partition) for partition in range(2 + number % 2)}
    return SmallLog(values, {p: _expected(p, some) for p, some in values.items()})


def _expected(partition: int, values: list[bytes]) -> Expected:
    state, told = run_all(values, batch=len(values))
    rejected: list[tuple[int, Rejected]] = list(READER.read(values).rejected)
    return Expected(
        detections=[SERDE.encode(event) for event in told.detections],
        hours=[SERDE.encode(event) for event in told.hour_events()],
        letters=[f"kafka:{READINGS.name}/{partition}/{offset}" for offset, _ in rejected],
        state=state,
    )


def _values(number: int, partition: int) -> list[bytes]:
    rng = Random(f"{number}/{partition}")  # noqa: S311  made logs, the same in every run
    farm = FarmId(f"farm-{partition}")
    hot_from = rng.randrange(STEPS - 4)
    held: list[Event[CollarReading]] = []
    values: list[bytes] = []
    for step in range(1, STEPS + 1):
        for animal in range(2 + number % 2):
            hot = animal == 0 and step > hot_from and (step - hot_from) % 8 < 5
            reading = a_reading(
                farm=farm,
                animal=f"{farm}-{animal}",
                collar=f"c-{farm}-{animal}",
                seq=step,
                time=MORNING + timedelta(minutes=10 * step),
                interval_s=600,
                temperature_c=HOT if hot else 38.5,
                temperature_site="rumen",
                rumination_minutes=3.0,
            )
            if rng.random() < 0.1:  # it comes later
                held.append(reading)
                continue
            values += [SERDE.encode(reading)] * (2 if rng.random() < 0.1 else 1)
            if animal == 0 and step in {3, 4}:
                again = moved(reading, f"{farm}-1", by=1, first_offset=step)
                held.append(again)
        if step % 3 == 0:
            values.append(_tick(farm, step))
        if step % 5 == 0:
            values += [SERDE.encode(event) for event in held]
            held = []
        if rng.random() < 0.1:
            values.append(b"\x00\x00\x00\x00\x01" + rng.randbytes(5))
    values += [SERDE.encode(event) for event in held]
    return [*values, _tick(farm, STEPS + 8)]


def _tick(farm: str, step: int) -> bytes:
    when = MORNING + timedelta(minutes=10 * step + 1)
    deaf = (DeafSpan(began_at=when - timedelta(minutes=5), ended_at=when),) if step % 2 else ()
    tick = a_tick(when, deaf=deaf)
    return SERDE.encode(replace(tick, event_id=derived_id("tick", farm, step)))
