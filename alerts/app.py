"""Wires alerts: the intake of detections, the relay of what followed; and the commands for api."""

from collections.abc import Callable

from alerts.feed import RELAY, alert_records
from alerts.handlers import Alerts
from alerts.intake import SERVICE, Intake
from alerts.settings import AlertsSettings
from contracts.clock import Clock
from contracts.serde import Serde
from contracts.topics import DETECTIONS
from event_store.adapters.postgres import FEED_ROLE, MIGRATIONS, PostgresEventStore
from event_store.relay import relay
from runtime.consume import Limits, consume
from runtime.kafka import Outbox, new_consumer, new_producer
from runtime.lifecycle import Loop, Running, run
from runtime.postgres import migrate
from runtime.registry import RegistrySchemaIds


def main() -> int:
    """Run the service; returns the exit status."""
    settings = AlertsSettings()
    loops = alerts_loops(settings, settings.clock(), lambda: registry_serde(settings.registry_url))
    return run(SERVICE, settings, loops)


def alerts_loops(
    settings: AlertsSettings, clock: Clock, serde_of: Callable[[], Serde]
) -> dict[str, Loop]:
    """The two loops; nothing connects before they run."""

    def intake(running: Running) -> None:
        migrate(settings.postgres_dsn, MIGRATIONS)
        serde, letters = serde_of(), Outbox(new_producer(settings.kafka_bootstrap))
        consumer = new_consumer(settings.kafka_bootstrap, settings.consumer_group)
        # ready once the group has given us our share, be it nothing
        consumer.subscribe([DETECTIONS.name], on_assign=lambda *_: running.ready())
        with PostgresEventStore(settings.postgres_dsn) as store:
            handle = Intake(store, serde, letters, clock).handle
            limits = Limits(tries_max=settings.tries_max)
            consume(
                consumer, handle, serde, letters, clock, running, service=SERVICE, limits=limits
            )

    def forward(running: Running) -> None:
        migrate(settings.postgres_dsn, MIGRATIONS)
        outbox = Outbox(new_producer(settings.kafka_bootstrap), running.beat)
        with PostgresEventStore(settings.postgres_dsn, role=FEED_ROLE) as store:
            relay(store, RELAY, alert_records(serde_of()), outbox, running)

    return {"intake": intake, "relay": forward}


def registry_serde(url: str) -> Serde:
    """Avro with ids from the registry, all of this build's schemas registered."""
    schema_ids = RegistrySchemaIds(url)
    schema_ids.register_all()
    return Serde(schema_ids)


def open_alerts(dsn: str) -> Alerts:
    """The commands of alerts over the store at `dsn`, for whoever serves people; close it."""
    migrate(dsn, MIGRATIONS)
    return Alerts(PostgresEventStore(dsn))
