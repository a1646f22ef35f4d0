"""Which server a message is from: by its MQTT topic, or by the path of its webhook."""

import pytest

from contracts.dead_letter import Reason, Rejected
from contracts.ids import FarmId
from gateway.payloads import servers
from gateway.payloads.lorawan import Aside, Uplink
from tests.builders import MORNING
from tests.gateway.uplinks import DEV_EUI, fixture

OF_CHIRPSTACK = f"application/1/device/{DEV_EUI}/event"


def test_each_servers_topic_finds_its_format() -> None:
    """One subscription brings the messages of both."""
    up, whose = servers.on_topic(f"{OF_CHIRPSTACK}/up", fixture("chirpstack_up"), MORNING)
    of_other, _ = servers.on_topic(
        "v3/home-cows@ttn/devices/bolus-17/up", fixture("things_stack_up"), MORNING
    )

    assert isinstance(up, Uplink)
    assert isinstance(of_other, Uplink)
    assert whose == DEV_EUI


def test_the_topic_says_whose_an_unreadable_message_is() -> None:
    """People look for letters by the animal they miss."""
    found, whose = servers.on_topic(f"{OF_CHIRPSTACK}/up", b"{", MORNING)

    assert isinstance(found, Rejected)
    assert whose == DEV_EUI


def test_a_topic_of_no_server_is_a_letter() -> None:
    """Somebody's bridge carries more than it should, or its prefix is wrong."""
    found, whose = servers.on_topic("eu868/gateway/1/event/up", b"{}", MORNING)

    assert isinstance(found, Rejected)
    assert (found.reason, whose) == (Reason.BAD_MQTT_TOPIC, None)


def test_other_events_never_reach_a_decoder() -> None:
    """Their bodies have other fields, which are nobody's mistake."""
    assert servers.on_topic(f"{OF_CHIRPSTACK}/join", b"{", MORNING) == (Aside("join"), DEV_EUI)


def test_a_webhooks_path_says_farm_and_server() -> None:
    """What posts there, and what a dead letter's origin is read back from, is one grammar."""
    farm = FarmId("farm-a")
    for server in servers.SERVERS:
        assert servers.parse_webhook_path(servers.webhook_path(farm, server)) == (farm, server)


@pytest.mark.parametrize(
    "path",
    ["", "/v1/uplinks/Farm A/chirpstack", "/v1/uplinks/a/other", "/v1/uplinks/a/chirpstack/"],
)
def test_other_paths_are_no_webhooks(path: str) -> None:
    """A name that is no id must not choose a farm."""
    assert servers.parse_webhook_path(path) is None
