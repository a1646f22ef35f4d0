"""The log of two dozen farms, made once and the same every time: what determinism is tested with.

Days with fever, oestrus, drops of rumination, silences and deaf spans, with readings that come
late, twice, ahead, for the wrong animal or not at all until their letter is retried, and with
records that cannot be read. Three kinds of farms, since each has its log time from elsewhere:

* live ones hear the ticks of their partition, which are the same in every partition;
* copied ones come from partitions with ticks of their own each; a copy keeps a farm's sequence as
  it is and makes its partition's ticks the farm's;
* one or more import their past and go live.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from heapq import merge
from random import Random
from typing import Any

from contracts.context import Context
from contracts.envelope import Event
from contracts.ids import FarmId, derived_id
from contracts.reading import CollarReading
from contracts.tick import DeafSpan
from contracts.topics import partition_of_farm
from pipeline.windows import FARM_IS_LIVE
from tests.builders import a_reading, a_tick, an_event
from tests.pipeline.logs import SERDE, moved
from tests.pipeline.weeks import MIDNIGHT, Measures, a_day

LIVE, COPIED = 11, 12
DEAF = timedelta(minutes=25)
BETWEEN = timedelta(minutes=2)
COUNTED = ("rumination_minutes", "eating_minutes", "lying_minutes", "drinking_minutes", "steps")


@dataclass(frozen=True, slots=True)
class Size:
    """How much of it. hours: of each farm's log; past_hours: what importers tell of."""

    animals: int
    hours: int
    cadence_minutes: int
    tick_minutes: int
    past_hours: int
    past_animals: int
    importers: int


SMALL = Size(3, 9, 15, 15, 206, 5, 1)
FULL = Size(6, 72, 30, 30, 230, 12, 4)


@dataclass(frozen=True, slots=True)
class Said:
    """One record at its place. farm None = a tick of every partition. at: minutes from midnight."""

    at: float
    farm: FarmId | None
    value: bytes


@cache
def farm_log(size: Size) -> tuple[Said, ...]:
    """The log of all farms, in order."""
    live = [_course(FarmId(f"live-{number:02}"), size) for number in range(LIVE)]
    copied = [own_ticked(copied_farm(n), source_of(n, size)) for n in range(COPIED)]
    imported = [_imported(FarmId(f"imported-{n:02}"), size) for n in range(size.importers)]
    courses = merge(_ticks(size), *live, *copied, *imported, key=lambda said: said.at)
    return tuple(courses)


def copied_farm(number: int) -> FarmId:
    """Its id."""
    return FarmId(f"copied-{number:02}")


def source_of(number: int, size: Size) -> list[Said]:
    """A copied farm in the partition that it comes from, with the ticks of that alone."""
    ticks = _ticks(
        size,
        every=size.tick_minutes + 5 * (number % 3),
        phase=number,
        name=f"source-{number}",
        deaf=False,
    )
    return list(merge(_course(copied_farm(number), size), ticks, key=lambda said: said.at))


def own_ticked(farm: FarmId, source: Sequence[Said]) -> list[Said]:
    """The same sequence, its partition's ticks made the farm's own."""
    return [_owned(farm, said) if said.farm is None else said for said in source]


def in_partitions(log: Sequence[Said], partitions: int) -> dict[int, list[bytes]]:
    """The log over so many partitions: a farm lies in one, ticks without a farm in all."""
    logs: dict[int, list[bytes]] = {number: [] for number in range(partitions)}
    for said in log:
        for number in places_of(said, partitions):
            logs[number].append(said.value)
    return logs


def places_of(said: Said, partitions: int) -> Sequence[int]:
    """The partitions in which a record stands."""
    if said.farm is None:
        return range(partitions)
    return (partition_of_farm(said.farm, partitions),)


def _owned(farm: FarmId, said: Said) -> Said:
    tick = SERDE.decode(said.value)
    return Said(said.at, farm, SERDE.encode(replace(tick, farm_id=farm, aggregate_id=farm)))


def _ticks(
    size: Size, *, every: int = 0, phase: int = 0, name: str = "common", deaf: bool = True
) -> Iterator[Said]:
    """Ticks of a partition; twice in the log the way in was not open."""
    every = every or size.tick_minutes
    count = size.hours * 60 // every
    deaf_at = {count // 3, 2 * count // 3} if deaf else set[int]()
    for number in range(count + 9):  # the last hours are judged too
        minutes = number * every + phase + 0.5
        when = MIDNIGHT + timedelta(minutes=minutes)
        spans = (DeafSpan(began_at=when - DEAF, ended_at=when),) if number in deaf_at else ()
        yield Said(minutes, None, _named(a_tick(when, deaf=spans), "tick", name, number))
        # and one that crosses no line: it moves log time only
        yield Said(minutes + 2, None, _named(a_tick(when + BETWEEN), "between", name, number))


def _imported(farm: FarmId, size: Size) -> list[Said]:
    """A farm that tells its past by ticks of its own, is live after two thirds, and goes on."""
    past = replace(size, animals=size.past_animals, hours=size.past_hours, cadence_minutes=60)
    ago = timedelta(hours=size.past_hours)
    live_at = size.hours * 60 * 2 // 3
    told = merge(
        _course(farm, past, start=MIDNIGHT - ago),
        (
            Said(
                60.0 * hour,
                farm,
                _named(
                    replace(
                        a_tick(MIDNIGHT - ago + timedelta(hours=hour)),
                        farm_id=farm,
                        aggregate_id=farm,
                    ),
                    "tick",
                    farm,
                    hour,
                ),
            )
            for hour in range(1, size.past_hours + 2)
        ),
        key=lambda said: said.at,
    )
    pace = live_at / (size.past_hours * 60 + 120)
    past_log = [replace(said, at=said.at * pace) for said in told]
    goes_live = Context(
        source_offset=7,
        source_event_id="goes-live",
        source_event_type=FARM_IS_LIVE,
        details_json="{}",
    )
    live = Said(live_at, farm, _named(an_event(goes_live, farm_id=farm), "live"))
    after = [
        said
        for said in _course(farm, replace(size, animals=size.past_animals), boot_id=2)
        if said.at > live_at
    ]
    return [*past_log, live, *after]


def _course(
    farm: FarmId,
    size: Size,
    *,
    start: datetime = MIDNIGHT,
    boot_id: int = 1,
) -> Iterator[Said]:
    """A farm's readings as its partition would hold them."""
    rng = Random(f"{farm}/{boot_id}")  # noqa: S311  a made log, the same in every run
    steps = size.hours * 60 // size.cadence_minutes
    herd = [f"{farm}-{number}" for number in range(size.animals)]
    found: list[tuple[float, Event[CollarReading]]] = []
    for place, animal in enumerate(herd):
        story = _Story(place, size.hours, rng)
        for step in range(1, steps + 1):
            minutes = step * size.cadence_minutes
            measures = story.measures(animal, minutes / 60, size.cadence_minutes)
            if measures is None:
                continue
            delay = story.delay_minutes(minutes / 60)
            time = start + timedelta(minutes=minutes)
            reading = a_reading(
                farm=farm,
                animal=animal,
                collar=f"c-{animal}",
                boot_id=boot_id,
                seq=step,
                time=time,
                received_at=time + timedelta(minutes=delay, seconds=1),
                interval_s=size.cadence_minutes * 60,
                temperature_site="rumen",
                clock="ahead" if rng.random() < 0.003 else "ok",
                **measures,
            )
            at = minutes + delay + rng.random() / 10
            found.append((at, reading))
            if rng.random() < 0.04:  # a PUBACK was lost: at once, or an hour later
                found.append((at + rng.choice([0.1, 60.0]), reading))
    found += _moved(found, herd, size)
    noise = [(rng.random() * size.hours * 60, b"\x00\x00\x00\x00\x01" + rng.randbytes(9))]
    values = [(at, SERDE.encode(reading)) for at, reading in found] + noise
    for at, value in sorted(values, key=lambda one: one[0]):
        yield Said(at, farm, value)


def _moved(
    found: Sequence[tuple[float, Event[CollarReading]]], herd: Sequence[str], size: Size
) -> list[tuple[float, Event[CollarReading]]]:
    """The last animal wore the first one's collar for an eighth of the time: told later."""
    first, last = size.hours * 60 * 4 // 8, size.hours * 60 * 5 // 8
    wrong = [
        (at, reading)
        for at, reading in sorted(found, key=lambda one: one[0])
        if reading.aggregate_id == herd[0] and first <= at < last
    ]
    told_at = size.hours * 60 * 0.8
    return [
        (told_at + place / 1000, moved(reading, herd[-1], by=1, first_offset=place))
        for place, (_, reading) in enumerate(wrong)
    ]


class _Story:
    """What becomes of one animal and her collar; hours are counted from the log's beginning."""

    def __init__(self, place: int, hours: int, rng: Random) -> None:
        self._kind = place % 6
        self._begins = hours * (0.72 + 0.1 * rng.random())
        self._lasts = min(hours * 0.25, 16.0)
        self._silent = hours * (0.3 + 0.1 * rng.random())
        self._silent_hours = max(2.5, hours * 0.04)
        self._rng = rng

    def measures(self, animal: str, hour: float, cadence_minutes: int) -> Measures | None:
        """What her collar measures; None = it is silent, or its reading was lost."""
        share = cadence_minutes / 60
        measured = {
            name: value * share if name in COUNTED else value
            for name, value in a_day(animal, int(hour)).items()
        }
        measured["activity"] *= share
        measured["temperature_c"] += self._rng.random() / 10
        if self._kind == 2 and self._silent <= hour < self._silent + self._silent_hours:
            return None
        if not self._begins <= hour < self._begins + self._lasts:
            return measured
        match self._kind:
            case 0 | 5:  # ill
                low = {name: measured[name] * 0.4 for name in COUNTED[:2]}
                return measured | low | {"temperature_c": 40.6 + self._rng.random() / 2}
            case 1:
                return measured | {
                    "activity": measured["activity"] * 3,
                    "rumination_minutes": measured["rumination_minutes"] * 0.6,
                }
            case _:
                return measured

    def delay_minutes(self, hour: float) -> float:
        """How long it is on its way: a dead zone, then a letter that is retried, now and then."""
        if self._kind == 2 and 0 < self._silent - hour < 0.5:
            return 17.0  # the last sign of life before a silence comes late
        if self._kind == 3 and 0.4 <= (hour / 8) % 1 < 0.6:
            return 90.0
        return 0.0 if self._rng.random() > 0.01 else 200.0


def _named(event: Event[Any], *parts: str | int) -> bytes:
    """The event under an id of its own that is the same in every run, as bytes."""
    return SERDE.encode(replace(event, event_id=derived_id("farm-log", *parts)))
