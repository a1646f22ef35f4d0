"""kill -9 of every process, one after the other, under load: nothing lost, nothing doubled."""

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from contracts.alert_event import AlertRaised
from contracts.detection import Condition
from contracts.ids import FarmId
from contracts.topics import ALERTS, PARTITIONS, READINGS, partition_of_farm
from farmbox.service import Service
from firmware_sim.herd import Herd
from firmware_sim.ledger import PRODUCED, Entry, read_ledger
from herd.simulated import a_farm_id, herd_on, register_animals
from herd.supervisor import Farm
from pipeline.adapters.snapshots import newest_state
from tests.flows.conftest import WatchedFarm
from tests.kafka_reader import events_of

ANIMALS, READINGS_PER_S = 25, 50.0
ROUNDS = 3 if os.environ.get("HERD_PROOF") else 1
STEADY_FOR_S = 2.0  # of answered readings between two kills
OURS = ("gateway", "herd-clock", "pipeline", "alerts", "herdbook", "read-models", "api")
SERVERS = ("kafka", "mqtt", "postgres", "redis", "registry")


def victim(farm: Farm, name: str) -> Service:
    """A service of ours or of the box by its name."""
    return farm.own[name].service if name in farm.own else farm.box.services[name]


def goes_on(watched: WatchedFarm, herd: Herd, more: int) -> None:
    """Wait until so many more readings are answered: the way in works again."""
    target = herd.counts().acknowledged + more
    watched.eventually(
        lambda: herd.counts().acknowledged >= target,
        within_s=120,
        why=f"{more} more readings are answered",
    )


@pytest.mark.timeout(900 * ROUNDS)
def test_nothing_is_lost_and_nothing_counts_twice_whatever_is_killed(
    watched_farm: WatchedFarm, tmp_path: Path
) -> None:
    """The promise that everything else rests on, against the simulator's own ledger."""
    farm, farm_id = watched_farm.farm, a_farm_id("kill")
    worn = register_animals(farm.file, farm_id, ANIMALS)
    ledger = tmp_path / "ledger.csv"
    herd = herd_on(farm.file, worn, readings_per_s=READINGS_PER_S, ledger=ledger)
    ill = [one.animal_id for one in worn[: len(OURS) + len(SERVERS)]]
    herd.start()
    try:
        goes_on(watched_farm, herd, 100)
        for animal_id, name in zip(ill * ROUNDS, (OURS + SERVERS) * ROUNDS, strict=True):
            herd.make_feverish(animal_id)  # her alert is on its way while the process dies
            victim(farm, name).crash()
            watched_farm.eventually(
                victim(farm, name).answers, within_s=90, why=f"{name} is back by itself"
            )
            goes_on(watched_farm, herd, round(STEADY_FOR_S * READINGS_PER_S))
        herd.pause()
        watched_farm.eventually(
            lambda: herd.counts().buffered == 0, within_s=120, why="every reading is answered"
        )
        raised = watched_farm.eventually(
            lambda: found if len(found := raised_of(farm, farm_id)) >= len(ill) else None,
            within_s=120,
            why="every ill animal has her case",
        )
    finally:
        herd.stop()
    produced = [entry for entry in read_ledger(ledger) if entry.what == PRODUCED]
    in_the_log = set_of_event_ids(farm, farm_id)
    counted = counted_by_the_pipeline(watched_farm, farm_id, produced)

    lost = {entry.event_id for entry in produced} - in_the_log
    doubled = counted - Counter(str(entry.animal_id) for entry in produced)

    assert len(produced) > 500
    assert lost == set()
    assert in_the_log == {entry.event_id for entry in produced}
    assert doubled == Counter()
    assert counted == Counter(str(entry.animal_id) for entry in produced)
    assert raised == dict.fromkeys(map(str, ill), 1)


def raised_of(farm: Farm, farm_id: FarmId) -> dict[str, int]:
    """How many cases of fever each animal of a farm has got, by the feed of the event store.

    Of fever: that nobody could be heard for a while may well be a case of the farm by then.
    """
    events = events_of(farm.box.addresses, ALERTS, farm_id)
    raised = {
        (event.aggregate_id, event.payload.alert_id)
        for event in events
        if isinstance(event.payload, AlertRaised) and event.payload.condition == Condition.FEVER
    }
    return dict(Counter(animal_id for animal_id, _ in raised))


def set_of_event_ids(farm: Farm, farm_id: FarmId) -> set[str]:
    """The readings of a farm in the log."""
    events = events_of(farm.box.addresses, READINGS, farm_id)
    return {event.event_id for event in events if event.event_type == "collar.reading.v1"}


def counted_by_the_pipeline(
    watched: WatchedFarm, farm_id: FarmId, produced: list[Entry]
) -> Counter[str]:
    """How often each animal's readings were counted, by the state the pipeline leaves behind."""
    farm = watched.farm
    partition = partition_of_farm(farm_id, PARTITIONS)
    deadline = time.monotonic() + 60
    while True:
        farm.own["pipeline"].service.stop()  # SIGTERM: it leaves a snapshot of all it counted
        found = newest_state(farm.file.fields["KAFKA_BOOTSTRAP"], partition)
        counts = {} if found is None else found[0].counted_by_animal()
        counted = Counter(
            {animal: n for (farm_of, animal), n in counts.items() if farm_of == farm_id}
        )
        if counted.total() >= len(produced) or time.monotonic() > deadline:
            return counted
        farm.own["pipeline"].spawn()
        watched.eventually(farm.own["pipeline"].service.answers, why="the pipeline is ready")
