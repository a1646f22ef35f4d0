"""An assignment typed in late, through the real servers: judgements follow it, openly."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.detection import Condition, Phase
from contracts.envelope import Event
from contracts.hour import AnimalHour
from contracts.ids import AnimalId, CollarId, FarmId, UserId, new_id
from contracts.reading import NOBODY, CollarReading
from contracts.topics import DETECTIONS, HOURS, READINGS
from event_store.adapters.postgres import MIGRATIONS
from farmbox.box import Addresses
from herdbook import AssignCollar, Herdbook, RemoveCollar, import_csv, open_herdbook
from herdbook.app import herdbook_loops, registry_serde
from herdbook.settings import HerdbookSettings
from runtime.kafka import Outbox, new_producer, send_event
from tests.builders import a_reading
from tests.databases import a_database
from tests.gateway.surroundings import Process, serde_of
from tests.kafka_reader import events_of
from tests.loops import loops_running
from tests.waiting import eventually

US = UserId("test")
BELLA, CLARA, DORA, EMMA = map(AnimalId, ("bella", "clara", "dora", "emma"))
EVERY = timedelta(minutes=5)
MOVED_WITHIN_S = 60.0


@pytest.fixture
def herdbook(box: Addresses) -> Iterator[Herdbook]:
    """A register of its own, with its relay."""
    with a_database(box.postgres_dsn, MIGRATIONS) as dsn:
        settings = HerdbookSettings(
            kafka_bootstrap=box.kafka_bootstrap, registry_url=box.registry_url, postgres_dsn=dsn
        )
        loops = herdbook_loops(settings, lambda: registry_serde(box.registry_url))
        with open_herdbook(dsn) as herdbook, loops_running(loops):
            yield herdbook


@pytest.fixture
def services(box: Addresses, tmp_path: Path) -> Iterator[None]:
    """Herd-clock and a worker as processes."""
    clock = Process(box, tmp_path, "HERD_CLOCK_", "gateway", "clock")
    worker = Process(box, tmp_path, "HERD_PIPELINE_", "pipeline")
    try:
        clock.start()
        worker.start()
        yield
    finally:
        clock.kill()
        worker.kill()


def hour_of(moment: datetime) -> datetime:
    """The hour in which a reading of that time counts: that of the middle of what it covers."""
    return (moment - EVERY / 2).replace(minute=0, second=0, microsecond=0)


def latest_hours(box: Addresses, farm_id: FarmId) -> dict[tuple[str, datetime], AnimalHour]:
    """The newest revision of each hour of a farm."""
    found: dict[tuple[str, datetime], AnimalHour] = {}
    for event in events_of(box, HOURS, farm_id):
        key = (event.aggregate_id, event.timestamp)
        if key not in found or event.payload.revision > found[key].revision:
            found[key] = event.payload
    return found


def heard(box: Addresses, farm_id: FarmId) -> dict[tuple[str, datetime], int]:
    """How many readings each hour holds, by what was told last of it."""
    hours = latest_hours(box, farm_id)
    return {key: hour.readings for key, hour in hours.items() if hour.readings}


def fevers(box: Addresses, farm_id: FarmId) -> list[tuple[str, Phase]]:
    """Animal and phase of each revision of a fever on a farm."""
    told = {event.event_id: event for event in events_of(box, DETECTIONS, farm_id)}
    return [
        (event.aggregate_id, event.payload.phase)
        for event in told.values()
        if event.payload.condition is Condition.FEVER
    ]


def moved(box: Addresses, farm_id: FarmId) -> list[Event[CollarReading]]:
    """The moved readings of a farm, each once."""
    found = {
        (event.event_id, event.payload.taken_by): event
        for event in events_of(box, READINGS, farm_id)
        if isinstance(event.payload, CollarReading) and event.payload.taken_by is not None
    }
    return list(found.values())


def three_hours(farm_id: FarmId, base: datetime) -> list[Event[Any]]:
    """Bella and Dora since `base`, every five minutes; Bella's collar is hot after two hours."""
    return [
        a_reading(
            animal=animal,
            collar=collar_of(animal, farm_id),
            farm=farm_id,
            seq=seq,
            time=base + EVERY * seq,
            temperature_c=41.0 if animal == BELLA and seq >= 24 else 38.6,
            temperature_site="rumen",
        )
        for seq in range(1, 37)
        for animal in (BELLA, DORA)
    ]


def collar_of(animal: AnimalId, farm_id: FarmId) -> CollarId:
    """The collar that an animal wears at first."""
    return CollarId(f"{animal}-{farm_id}")


def register_both(herdbook: Herdbook, farm_id: FarmId, other_farm: FarmId, base: datetime) -> None:
    """Bella and Dora wear a collar since `base`, Clara none; Emma is another farm's."""
    worn = "".join(f"{a},{collar_of(a, farm_id)},{base.isoformat()}\n" for a in (BELLA, DORA))
    import_csv(herdbook, f"animal_id,collar_id,worn_from\n{worn}{CLARA},,\n", farm_id, by=US)
    import_csv(herdbook, f"animal_id\n{EMMA}\n", other_farm, by=US)


@pytest.mark.usefixtures("services")
def test_readings_go_to_whom_the_register_says_today_and_to_no_other_farm(
    box: Addresses, herdbook: Herdbook
) -> None:
    """Promise 2: judgements move within a minute, and a fever with them."""
    farm_id, other_farm = (FarmId(f"late-{new_id()[:8]}") for _ in range(2))
    base = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
    register_both(herdbook, farm_id, other_farm, base)
    herdbook.move_time(farm_id, base, by=US)  # the farm's log time goes as the test says
    log = three_hours(farm_id, base)
    send(box, log)
    herdbook.move_time(farm_id, base + timedelta(hours=3, minutes=30), by=US)
    eventually(lambda: len(latest_hours(box, farm_id)) == 6, within_s=60, why="three hours each")
    assert fevers(box, farm_id) == [(BELLA, Phase.ONSET)]

    typed_in_s, at = time.monotonic(), base + timedelta(hours=1, minutes=32)
    first, second = collar_of(BELLA, farm_id), collar_of(DORA, farm_id)
    for command in (
        AssignCollar(collar_id=first, animal_id=CLARA, farm_id=farm_id, worn_from=at),
        RemoveCollar(collar_id=second, farm_id=farm_id, worn_to=at),
        AssignCollar(collar_id=second, animal_id=EMMA, farm_id=other_farm, worn_from=at),
    ):
        herdbook.handle(command, by=US)

    now = {BELLA: CLARA, DORA: NOBODY}
    late = {e.event_id: now[AnimalId(e.aggregate_id)] for e in log if e.timestamp >= at}
    again = eventually(
        lambda: found if len(found := moved(box, farm_id)) >= len(late) else None,
        within_s=MOVED_WITHIN_S,
        why="readings are moved",
    )
    took_s = time.monotonic() - typed_in_s
    assert {event.event_id: event.aggregate_id for event in again} == late
    herdbook.move_time(farm_id, base + timedelta(hours=3, minutes=40), by=US)
    whose = Counter((late.get(e.event_id, e.aggregate_id), hour_of(e.timestamp)) for e in log)
    right = {key: readings for key, readings in whose.items() if key[0] != NOBODY}
    eventually(lambda: heard(box, farm_id) == right, within_s=60, why="hours are told again")
    hours = latest_hours(box, farm_id)
    assert [hours[BELLA, base + timedelta(hours=n)].revision for n in range(3)] == [1, 2, 2]
    assert hours[BELLA, base + timedelta(hours=2)].readings == 0
    assert fevers(box, farm_id) == [
        (BELLA, Phase.ONSET),
        (BELLA, Phase.RETRACTED),
        (CLARA, Phase.ONSET),
    ]
    theirs = events_of(box, READINGS, other_farm)
    assert [event for event in theirs if isinstance(event.payload, CollarReading)] == []
    print(  # noqa: T201  a figure to be read
        f"\n{len(late)} readings moved {took_s:.1f} s after the register was set right"
    )


def send(box: Addresses, log: list[Event[Any]]) -> None:
    """Into Kafka, as the gateway does."""
    outbox, serde = Outbox(new_producer(box.kafka_bootstrap)), serde_of(box)
    for event in log:
        send_event(outbox, serde, READINGS, event)
    outbox.flush()
