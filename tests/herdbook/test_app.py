"""The whole service on real Kafka and PostgreSQL: what was registered reaches the gateways."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.animal_event import Assignment, CollarAssignments
from contracts.ids import AnimalId, CollarId, FarmId, UserId, new_id
from contracts.topics import ANIMALS, COLLARS
from event_store.adapters.postgres import MIGRATIONS
from farmbox.box import Addresses
from herdbook import import_csv, open_herdbook
from herdbook.app import herdbook_loops, registry_serde
from herdbook.settings import HerdbookSettings
from runtime.lifecycle import Loop
from tests.builders import MORNING
from tests.databases import a_database
from tests.kafka_reader import events_of
from tests.loops import loops_running

CLI = UserId("cli")


@pytest.fixture
def farm() -> FarmId:
    """A farm of this test's own."""
    return FarmId(f"farm-{new_id()[:8]}")


@pytest.fixture
def dsn(box: Addresses) -> Iterator[str]:
    """An empty store."""
    with a_database(box.postgres_dsn, MIGRATIONS) as dsn:
        yield dsn


@pytest.fixture
def loops(box: Addresses, dsn: str) -> dict[str, Loop]:
    """The service over it, not started yet."""
    settings = HerdbookSettings(
        kafka_bootstrap=box.kafka_bootstrap, registry_url=box.registry_url, postgres_dsn=dsn
    )
    return herdbook_loops(settings, lambda: registry_serde(box.registry_url))


def test_an_import_is_in_kafka_when_it_returns(
    box: Addresses, dsn: str, loops: dict[str, Loop], farm: FarmId
) -> None:
    """Whoever sends the first reading right after `herd import` is known to the gateways."""
    collar = CollarId(f"c-{farm}")
    text = f"animal_id,collar_id,worn_from\nbella,{collar},2026-03-01T04:00:00Z\n"
    with open_herdbook(dsn) as herdbook, loops_running(loops):
        result = import_csv(herdbook, text, farm, by=CLI)
        assert result.position is not None

        relayed = herdbook.wait_until_relayed(result.position, within_s=20.0)

        told = [event.payload for event in events_of(box, COLLARS, farm)]
        animals = events_of(box, ANIMALS, farm)
    assert relayed
    worn = Assignment(animal_id=AnimalId("bella"), farm_id=farm, worn_from=MORNING)
    assert told[-1] == CollarAssignments(collar_id=collar, assignments=(worn,), version=1)
    assert [event.event_type for event in animals] == ["animal.registered.v1", "collar.assigned.v1"]
    assert [event.stored.position for event in animals if event.stored] == [1, 2]


def test_what_was_registered_while_the_service_was_away_is_told(
    box: Addresses, dsn: str, loops: dict[str, Loop], farm: FarmId, tmp_path: Path
) -> None:
    """A restart takes up where the last one had everything confirmed."""
    with open_herdbook(dsn, tmp_path) as herdbook:
        with loops_running(loops):
            first = import_csv(herdbook, "animal_id\nbella", farm, by=CLI)
            assert herdbook.wait_until_relayed(first.position or 0, within_s=20.0)
        herdbook.add_collar(CollarId(f"c-{farm}"), farm, by=CLI)
        with loops_running(loops):
            assert herdbook.wait_until_relayed(2, within_s=20.0)

    told = events_of(box, ANIMALS, farm)
    assert [event.event_type for event in told] == ["animal.registered.v1", "collar.added.v1"]
