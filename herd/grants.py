"""Who of our services may do what: in Kafka by topic, group and transaction, in Postgres by role.

Everything that is not said here is refused. The names are those of the secrets that
deploy/secrets.sh makes.
"""

from dataclasses import dataclass

from contracts.topics import (
    ALERTS,
    ANIMALS,
    COLLARS,
    DEAD_LETTERS,
    DETECTIONS,
    HOURS,
    READINGS,
    SNAPSHOTS,
    KafkaTopic,
)


@dataclass(frozen=True, slots=True)
class KafkaGrant:
    """What one principal may. group, transactions: its own names begin so; empty = none."""

    reads: tuple[KafkaTopic, ...] = ()
    writes: tuple[KafkaTopic, ...] = ()
    group: str = ""
    transactions: str = ""


KAFKA_GRANTS: dict[str, KafkaGrant] = {
    "gateway": KafkaGrant((COLLARS, DEAD_LETTERS), (READINGS, DEAD_LETTERS), "herd-gateway"),
    "clock": KafkaGrant((ANIMALS, COLLARS, READINGS), (READINGS, DEAD_LETTERS), "herd-clock"),
    "pipeline": KafkaGrant(
        (READINGS, SNAPSHOTS, DETECTIONS, HOURS),
        (DETECTIONS, HOURS, SNAPSHOTS, DEAD_LETTERS),
        "herd-pipeline",
        "pipeline-",
    ),
    "herdbook": KafkaGrant((), (ANIMALS, COLLARS)),
    "alerts": KafkaGrant((DETECTIONS,), (ALERTS, DEAD_LETTERS), "herd-alerts"),
    "read_models": KafkaGrant(
        (READINGS, HOURS, ALERTS, ANIMALS, COLLARS, DEAD_LETTERS),
        (DEAD_LETTERS,),
        "herd-read-models",
    ),
}
REGISTRY = "registry"  # keeps its schemas in a topic of its own
REGISTRY_TOPIC = "_schemas"
REGISTRY_GROUP = "schema-registry"

# Each logs in as itself and takes the role of what it is doing; none of them owns a table.
POSTGRES_ROLES: dict[str, tuple[str, ...]] = {
    "herdbook": ("herd_append", "herd_feed"),
    "alerts": ("herd_append", "herd_feed"),
    "api": ("herd_append", "herd_api"),
    "read_models": ("herd_history",),
}
