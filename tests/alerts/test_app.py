"""The whole service on real Kafka and PostgreSQL: detections in, the feed of cases out."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alerts import Status, open_alerts
from alerts.app import alerts_loops, registry_serde
from alerts.domain.alert import alert_id_of, alert_stream
from alerts.settings import AlertsSettings
from contracts.clock import SystemClock
from contracts.detection import Condition, Phase
from contracts.envelope import Event
from contracts.ids import FarmId, Subject, SubjectKind, UserId, new_id
from contracts.serde import Serde
from contracts.topics import ALERTS, DEAD_LETTERS, DETECTIONS, partition_of_farm
from event_store.adapters.postgres import MIGRATIONS
from farmbox.box import Addresses
from farmbox.ports import assign_ports
from farmbox.postgres import Postgres
from runtime.kafka import Outbox, new_producer, send_event
from tests.alerts.cases import acknowledge
from tests.builders import a_detection
from tests.databases import a_database
from tests.kafka_reader import events_in, events_of, letters_in
from tests.loops import loops_running
from tests.waiting import eventually

COW = Subject(SubjectKind.ANIMAL, "nl-0017")


class Service:
    """Alerts over a database and a consumer group of its own, and what its neighbours see."""

    def __init__(self, box: Addresses, dsn: str) -> None:
        self.box = box
        self.farm = FarmId(f"farm-{new_id()[:8]}")
        self.stream = alert_stream(self.farm, COW, Condition.FEVER)
        self.serde: Serde = registry_serde(box.registry_url)
        self.outbox = Outbox(new_producer(box.kafka_bootstrap))
        self.settings = AlertsSettings(
            kafka_bootstrap=box.kafka_bootstrap,
            registry_url=box.registry_url,
            postgres_dsn=dsn,
            consumer_group=f"alerts-{self.farm}",
        )
        self.loops = alerts_loops(self.settings, SystemClock(), lambda: self.serde)

    def detect(self, *detections: Event[Any]) -> None:
        """What the pipeline says."""
        for detection in detections:
            send_event(self.outbox, self.serde, DETECTIONS, detection)
        self.outbox.flush()

    def told(self, count: int) -> list[Event[Any]]:
        """The feed of this farm, once it holds so many events."""

        def events() -> list[Event[Any]] | None:
            found = events_of(self.box, ALERTS, self.farm)
            return found if len(found) >= count else None

        return eventually(events, why=f"{count} events in {ALERTS.name}")


@pytest.fixture
def service(box: Addresses) -> Iterator[Service]:
    """Not started yet."""
    with a_database(box.postgres_dsn, MIGRATIONS) as dsn:
        yield Service(box, dsn)


def test_a_detection_becomes_a_case_in_the_feed(service: Service) -> None:
    """With its place in the log, by which screens resume; a repeat adds nothing."""
    onset = a_detection(farm=service.farm)
    over = a_detection(farm=service.farm, revision=2, phase=Phase.END)
    with loops_running(service.loops):
        service.detect(onset, onset, over)

        raised, resolved = service.told(2)

    assert (raised.event_type, resolved.event_type) == ("alert.raised.v1", "alert.resolved.v1")
    assert raised.payload.alert_id == alert_id_of(service.stream, 1)
    assert raised.causation_id == onset.event_id
    assert raised.stored is not None
    assert resolved.stored is not None
    assert (raised.stored.stream, raised.stored.version) == (service.stream, 1)
    assert resolved.stored.position > raised.stored.position


def test_a_service_started_again_goes_on_where_it_was(service: Service) -> None:
    """Nothing twice, nothing left out, also what came while it was away and what it read before."""
    onset = a_detection(farm=service.farm)
    with loops_running(service.loops):
        service.detect(onset)
        service.told(1)

    service.detect(onset, a_detection(farm=service.farm, revision=2, phase=Phase.UPDATE))
    with loops_running(service.loops):
        told = service.told(2)

    assert [event.event_type for event in told] == ["alert.raised.v1", "alert.amended.v1"]
    assert len({event.event_id for event in told}) == 2


def test_people_and_the_machine_write_one_history(service: Service) -> None:
    """Acknowledged through the API's door: the feed tells it like everything else."""
    order = acknowledge(
        farm_id=service.farm, alert_id=alert_id_of(service.stream, 1), by=UserId("u-7")
    )
    alerts = open_alerts(service.settings.postgres_dsn)
    with loops_running(service.loops):
        service.detect(a_detection(farm=service.farm))
        service.told(1)

        alerts.handle(order)

        acknowledged = service.told(2)[1]
    assert acknowledged.actor == "user:u-7"
    assert alerts.case(service.farm, COW, Condition.FEVER).status is Status.ACKNOWLEDGED
    alerts.close()


def test_bad_records_cost_themselves_alone(service: Service) -> None:
    """Damaged bytes and a detection of nobody: to the dead letters, and the next one is taken."""
    nobody = replace(a_detection(farm=service.farm), aggregate_id="Nobody At All")
    partition = partition_of_farm(service.farm)
    service.outbox.send(DETECTIONS, partition, "x", b"damaged " + service.farm.encode())
    service.detect(nobody, a_detection(farm=service.farm))

    with loops_running(service.loops):
        service.told(1)

    letters = [
        letter
        for letter in letters_in(service.box, [partition])
        if service.farm.encode() in letter.raw and letter.service == "alerts"
    ]
    assert sorted(letter.reason for letter in letters) == ["damaged_avro", "out_of_range"]


def test_a_database_that_is_killed_is_waited_for(box: Addresses, tmp_path: Path) -> None:
    """Detections come late then, none is lost or buried, and no process dies of it."""
    port = assign_ports(tmp_path / "ports.json", ["postgres"], {}, "127.0.0.1")["postgres"]
    server = Postgres(tmp_path / "postgres", port, password="only-here")
    server.start()
    server.wait_ready()
    service = Service(box, server.dsn())
    with loops_running(service.loops):
        service.detect(a_detection(farm=service.farm))
        service.told(1)

        server.crash()
        service.detect(
            a_detection(farm=service.farm, revision=2, phase=Phase.UPDATE),
            a_detection(farm=service.farm, animal="nl-0018"),
        )
        server.start()
        server.wait_ready()

        told = service.told(3)
    server.stop()

    assert [event.event_type for event in told] == [
        "alert.raised.v1",
        "alert.amended.v1",
        "alert.raised.v1",
    ]
    partition = partition_of_farm(service.farm)
    letters = [event.farm_id for event in events_in(box, DEAD_LETTERS, [partition])]
    assert service.farm not in letters
