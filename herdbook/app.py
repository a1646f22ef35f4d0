"""Wires the herdbook: the relay of what was registered; and the commands for api and herd."""

from collections.abc import Callable
from pathlib import Path

from contracts.clock import Clock
from contracts.serde import Serde
from event_store.adapters.postgres import FEED_ROLE, MIGRATIONS, PostgresEventStore
from event_store.relay import relay
from herdbook.adapters.mqtt_users import MqttCredentials
from herdbook.feed import RELAY, register_records
from herdbook.handlers import Herdbook
from herdbook.settings import HerdbookSettings
from runtime.kafka import Outbox, new_producer
from runtime.lifecycle import Loop, Running, run
from runtime.postgres import migrate
from runtime.registry import RegistrySchemaIds


def main() -> int:
    """Run the service; returns the exit status."""
    settings = HerdbookSettings()
    loops = herdbook_loops(settings, lambda: registry_serde(settings.registry_url))
    return run("herdbook", settings, loops)


def herdbook_loops(settings: HerdbookSettings, serde_of: Callable[[], Serde]) -> dict[str, Loop]:
    """The one loop; nothing connects before it runs."""

    def forward(running: Running) -> None:
        migrate(settings.postgres_dsn, MIGRATIONS)
        outbox = Outbox(new_producer(settings.kafka_bootstrap), running.beat)
        with PostgresEventStore(settings.postgres_dsn, role=FEED_ROLE) as store:
            to_records = register_records(store, serde_of())
            running.ready()
            relay(store, RELAY, to_records, outbox, running)

    return {"relay": forward}


def registry_serde(url: str) -> Serde:
    """Avro with ids from the registry, all of this build's schemas registered."""
    schema_ids = RegistrySchemaIds(url)
    schema_ids.register_all()
    return Serde(schema_ids)


def open_herdbook(
    dsn: str, mqtt_users_dir: Path | None = None, clock: Clock | None = None
) -> Herdbook:
    """The commands of the register over the store at `dsn`; close it, or use it in a `with`.

    mqtt_users_dir: where the MQTT broker's users are kept; None = collars cannot be added here.
    clock: the farm's; None = the machine's.
    """
    migrate(dsn, MIGRATIONS)
    credentials = MqttCredentials(mqtt_users_dir) if mqtt_users_dir is not None else None
    return Herdbook(PostgresEventStore(dsn), credentials, clock)
