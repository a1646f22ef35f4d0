"""Kafka topics with their keys, partitions and retention; the grammar of the MQTT topics.

The key is the animal, the partition is the farm's: a whole herd lies in one partition, so herd
contrast, outbreaks and grouping need no second pass. The number of partitions is fixed at
creation for life.
"""

from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from contracts.ids import CollarId, FarmId, checked_id, is_id

PARTITIONS = 12  # for life; 96 for a cluster; growing means new `.v2` topics filled by replay
READINGS_KEPT_DAYS = 400
LETTERS_DECIDED_WITHIN_DAYS = 30  # an undecided letter expires then, and that is an event
ADDRESSES_KEPT = 20_000  # of a busy minute; 10 MB
ADDRESS_CHARS_MAX = 100  # two ids of 40 between fixed words; a longer topic is none of ours
LETTERS_KEPT_DAYS = 60  # so that its expiry can be recorded before it is gone


@dataclass(frozen=True, slots=True)
class KafkaTopic:
    """One topic: retention_days None keeps for ever; compacted keeps the newest of each key."""

    name: str
    retention_days: int | None = None
    compacted: bool = False


READINGS = KafkaTopic("herd.readings.v1", retention_days=READINGS_KEPT_DAYS)
HOURS = KafkaTopic("herd.hours.v1")
DETECTIONS = KafkaTopic("herd.detections.v1")
ALERTS = KafkaTopic("herd.alerts.v1")
ANIMALS = KafkaTopic("herd.animals.v1")
COLLARS = KafkaTopic("herd.collars.v1", compacted=True)
SNAPSHOTS = KafkaTopic("herd.snapshots.v1", compacted=True)
DEAD_LETTERS = KafkaTopic("herd.dead-letters.v1", retention_days=LETTERS_KEPT_DAYS)

ALL = (READINGS, HOURS, DETECTIONS, ALERTS, ANIMALS, COLLARS, SNAPSHOTS, DEAD_LETTERS)


def partition_of_farm(farm_id: FarmId, partitions: int = PARTITIONS) -> int:
    """The partition that holds everything of a farm, in every topic but `herd.collars.v1`."""
    return crc32(farm_id.encode()) % partitions


def partition_of_collar(collar_id: CollarId, partitions: int = PARTITIONS) -> int:
    """The partition of a collar's assignments: a collar may change farms, its key may not move."""
    return crc32(collar_id.encode()) % partitions


def subject_name(kafka_topic: str, record: str) -> str:
    """The registry's subject of one record type in one topic (TopicRecordNameStrategy)."""
    return f"{kafka_topic}-{record}"


@dataclass(frozen=True, slots=True)
class MqttAddress:
    """Who speaks on an MQTT topic `herd/v1/{farm}/{collar}/{channel}`."""

    farm_id: FarmId
    collar_id: CollarId
    channel: str


MQTT_CHANNELS = ("readings", "ack", "rejects", "status")
MQTT_READINGS_FILTER = "herd/v1/+/+/readings"


def mqtt_topic(farm_id: FarmId, collar_id: CollarId, channel: str) -> str:
    """`herd/v1/{farm}/{collar}/{channel}`, channel one of MQTT_CHANNELS."""
    return f"herd/v1/{farm_id}/{collar_id}/{channel}"


def shared_readings_filter(group: str) -> str:
    """What gateways subscribe to: each upload goes to one of the members of `group`."""
    return f"$share/{group}/{MQTT_READINGS_FILTER}"


# A LoRaWAN server's own MQTT topic, behind the farm that it serves: `lorawan/v1/{farm}/…`
LORAWAN_FILTER = "lorawan/v1/+/#"


def shared_lorawan_filter(group: str) -> str:
    """What gateways subscribe to beside uplinks of our own payload."""
    return f"$share/{group}/{LORAWAN_FILTER}"


@dataclass(frozen=True, slots=True)
class LorawanAddress:
    """Which farm a LoRaWAN server speaks for, and its own topic behind that."""

    farm_id: FarmId
    server_topic: str


def parse_lorawan_topic(topic: str) -> LorawanAddress | None:
    """Farm and server's topic of `lorawan/v1/{farm}/…`; None if it is not one of those."""
    parts = topic.split("/", 3)
    if len(parts) != 4 or parts[:2] != ["lorawan", "v1"]:  # noqa: PLR2004  two names, farm, rest
        return None
    if not is_id(parts[2]) or not parts[3]:
        return None
    return LorawanAddress(FarmId(parts[2]), parts[3])


PROBES = "herd/v1/_"  # no farm can be called so: nobody but a prober may speak there
PROBES_FILTER = f"{PROBES}/+/readings"  # within MQTT_READINGS_FILTER
PROBE_ANSWERS_FILTER = f"{PROBES}/+/ack"


def probe_topic(instance: str, channel: str) -> str:
    """`herd/v1/_/{instance}/{channel}`: up as `readings`, answered as `ack`, like an upload."""
    return f"{PROBES}/{checked_id('prober', instance)}/{channel}"


def answered_probe_topic(topic: str) -> str | None:
    """Where a probe that came on this MQTT topic is answered; None if it is no probe."""
    if not topic.startswith(PROBES):
        return None  # nearly all that comes
    prober = topic.removeprefix(f"{PROBES}/").removesuffix("/readings")
    if not is_id(prober) or topic != probe_topic(prober, "readings"):
        return None
    return probe_topic(prober, "ack")


def parse_mqtt_topic(topic: str) -> MqttAddress | None:
    """Farm, collar and channel of an MQTT topic; None if it is not one of ours."""
    return _parsed(topic) if len(topic) <= ADDRESS_CHARS_MAX else None


@lru_cache(ADDRESSES_KEPT)
def _parsed(topic: str) -> MqttAddress | None:
    parts = topic.split("/")
    if len(parts) != 5 or parts[:2] != ["herd", "v1"]:  # noqa: PLR2004  the grammar's five levels
        return None
    farm, collar, channel = parts[2:]
    if not (is_id(farm) and is_id(collar)) or channel not in MQTT_CHANNELS:
        return None
    return MqttAddress(FarmId(farm), CollarId(collar), channel)
