"""The Things Stack's messages, with what its JSON leaves out."""

from datetime import UTC, datetime

import pytest

from contracts.dead_letter import Reason, Rejected
from gateway.payloads import things_stack
from gateway.payloads.lorawan import Aside, Uplink
from tests.builders import MORNING
from tests.gateway.uplinks import DEV_EUI, changed, fixture


def frame_in(message: bytes) -> Uplink:
    """The frame in a message that must hold one."""
    found = things_stack.decode(message, MORNING)
    assert isinstance(found, Uplink), found
    return found


def test_an_uplink_is_read_whole() -> None:
    """Device, session, counter, port, bytes, time and who heard it: all of it is needed."""
    uplink = frame_in(fixture("things_stack_up"))

    assert (uplink.dev_eui, uplink.dev_addr, uplink.f_cnt) == (DEV_EUI, 0x260BC4D5, 7)
    assert (uplink.frame.f_port, len(uplink.frame.data)) == (1, 19)
    assert uplink.frame.received_at == datetime(2026, 3, 1, 4, 0, 0, 886745, UTC)
    assert uplink.decoder_names == ("example-collar", "home-cows")
    assert uplink.station_id == "barn-2"


def test_empty_fields_are_left_out() -> None:
    """0, false and "" are absent: no counter is frame 0, no rssi is no receiver to choose."""
    uplink = frame_in(fixture("things_stack_first_frame"))

    assert (uplink.f_cnt, uplink.station_id) == (0, None)


def test_an_application_may_name_the_decoder() -> None:
    """Devices that are in no repository have no brand and model."""
    assert frame_in(fixture("things_stack_by_application")).decoder_names == ("example-collar",)


def test_what_was_simulated_was_measured_by_nobody() -> None:
    """Somebody tries his webhook from the console: no animal has this temperature."""
    found = things_stack.decode(fixture("things_stack_simulated"), MORNING)

    assert found == Aside("simulated")


def test_other_messages_of_a_webhook_are_known_by_their_key() -> None:
    """A webhook may be told to send them all to one address."""
    assert things_stack.decode(fixture("things_stack_join"), MORNING) == Aside("join_accept")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (fixture("things_stack_no_eui"), Reason.WRONG_TYPE),
        (fixture("chirpstack_up"), Reason.WRONG_TYPE),
        (
            changed("things_stack_join", "join_accept", to=None).replace(b"join", b"x"),
            Reason.WRONG_TYPE,
        ),
        (changed("things_stack_up", "uplink_message", "frm_payload", to="é"), Reason.WRONG_TYPE),
        (changed("things_stack_up", "uplink_message", "f_cnt", to=2**32), Reason.OUT_OF_RANGE),
        (changed("things_stack_up", "uplink_message", "f_port", to=10**400), Reason.OUT_OF_RANGE),
        (changed("things_stack_up", "end_device_ids", "dev_addr", to=""), Reason.WRONG_TYPE),
        (b"\xff", Reason.NOT_JSON),
        (b'{"end_device_ids":{},"\xff":1}', Reason.NOT_JSON),
    ],
)
def test_what_cannot_be_read_has_its_reason(message: bytes, reason: Reason) -> None:
    """The server only sends it again; somebody must see why nothing arrives."""
    found = things_stack.decode(message, MORNING)

    assert isinstance(found, Rejected), found
    assert found.reason is reason


@pytest.mark.parametrize("named", [("other", "bolus-17"), ("home-cows", "bolus-18")])
def test_a_message_of_another_device_than_its_topic_is_refused(named: tuple[str, str]) -> None:
    """Whoever may publish as one device must not speak for the next."""
    found = things_stack.decode(fixture("things_stack_up"), MORNING, named=named)

    assert isinstance(found, Rejected)
    assert found.reason is Reason.BAD_MQTT_TOPIC


@pytest.mark.parametrize(
    ("topic", "found"),
    [
        ("v3/home@ttn/devices/d-1/up", ("up", "home", "d-1")),
        ("v3/home/devices/d-1/up", ("up", "home", "d-1")),
        ("v3/home@ttn/devices/d-1/down/queued", ("down", "home", "d-1")),
        ("v3/home@ttn/devices/d-1/up/normalized", ("other", "home", "d-1")),
        ("v3/home@ttn/devices/d-1", None),
        ("v3/home@ttn/gateways/g-1/up", None),
    ],
)
def test_the_servers_own_topic_is_understood(
    topic: str, found: tuple[str, str, str] | None
) -> None:
    """With and without a tenant; a bridge carries along more than uplinks."""
    assert things_stack.parse_topic(topic) == found
