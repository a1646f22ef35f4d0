"""Partitions never move, and MQTT topics say who speaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import CollarId, FarmId
from contracts.topics import (
    ALL,
    MQTT_CHANNELS,
    PARTITIONS,
    MqttAddress,
    answered_probe_topic,
    mqtt_topic,
    parse_mqtt_topic,
    partition_of_collar,
    partition_of_farm,
    probe_topic,
    subject_name,
)


@pytest.mark.parametrize(
    ("farm", "partition"), [("farm-a", 4), ("farm-b", 2), ("demo", 0), ("f1", 0)]
)
def test_a_farms_partition_is_the_same_for_ever(farm: str, partition: int) -> None:
    """A herd whose log continues in another partition would be two herds."""
    assert partition_of_farm(FarmId(farm)) == partition


@given(st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True))
def test_every_id_has_a_partition(name: str) -> None:
    """No id may fall outside the topic."""
    assert 0 <= partition_of_farm(FarmId(name)) < PARTITIONS
    assert 0 <= partition_of_collar(CollarId(name)) < PARTITIONS


@given(
    st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True),
    st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True),
    st.sampled_from(MQTT_CHANNELS),
)
def test_an_mqtt_topic_is_read_as_it_was_written(farm: str, collar: str, channel: str) -> None:
    """Farm and collar of a reading come from nowhere else."""
    topic = mqtt_topic(FarmId(farm), CollarId(collar), channel)

    assert parse_mqtt_topic(topic) == MqttAddress(FarmId(farm), CollarId(collar), channel)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "herd/v1/farm-a/c-1",
        "herd/v1/farm-a/c-1/readings/more",
        "herd/v2/farm-a/c-1/readings",
        "/herd/v1/farm-a/c-1/readings",
        "herd/v1/farm-a/c-1/secrets",
        "herd/v1/Farm/c-1/readings",
        "herd/v1//c-1/readings",
        "herd/v1/+/c-1/readings",
        "herd/v1/farm-a/c-1/readings\n",
    ],
)
def test_any_other_mqtt_topic_is_none_of_ours(topic: str) -> None:
    """A topic that is nearly right must not be taken for somebody else's."""
    assert parse_mqtt_topic(topic) is None


def test_a_probe_speaks_where_no_farm_can() -> None:
    """Its place is no farm's by the grammar of ids, so no collar can be given it."""
    assert answered_probe_topic(probe_topic("1", "readings")) == "herd/v1/_/1/ack"
    assert parse_mqtt_topic(probe_topic("1", "readings")) is None


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "herd/v1/_/1/ack",
        "herd/v1/_/readings",
        "herd/v1/_//readings",
        "herd/v1/_/1/2/readings",
        "herd/v1/_/A/readings",
        "herd/v1/farm-a/c-1/readings",
        "c-1",
        "c-1/readings",
    ],
)
def test_any_other_mqtt_topic_is_no_probe(topic: str) -> None:
    """What is taken for a probe leaves no reading."""
    assert answered_probe_topic(topic) is None


def test_what_must_be_kept_for_ever_is_neither_compacted_nor_aged() -> None:
    """Each alert and each event of the register counts, not only the last of its key."""
    kept = {topic.name: topic for topic in ALL}

    for name in ("herd.alerts.v1", "herd.animals.v1", "herd.detections.v1", "herd.hours.v1"):
        assert kept[name].retention_days is None
        assert not kept[name].compacted


def test_a_subject_names_topic_and_record() -> None:
    """One topic carries several records; each has its own history in the registry."""
    assert subject_name("herd.readings.v1", "herdlog.Tick") == "herd.readings.v1-herdlog.Tick"
