"""ChirpStack's messages, with what its JSON leaves out and adds."""

from datetime import UTC, datetime

import pytest

from contracts.dead_letter import Reason, Rejected
from gateway.payloads import chirpstack
from gateway.payloads.lorawan import Aside, Uplink
from tests.builders import MORNING
from tests.gateway.uplinks import DEV_EUI, changed, fixture


def frame_in(message: bytes) -> Uplink:
    """The frame in a message that must hold one."""
    found = chirpstack.decode(message, MORNING, event="up", device=DEV_EUI)
    assert isinstance(found, Uplink), found
    return found


def test_an_uplink_is_read_whole() -> None:
    """Device, session, counter, port, bytes, time and who heard it: all of it is needed."""
    uplink = frame_in(fixture("chirpstack_up"))

    assert (uplink.dev_eui, uplink.dev_addr, uplink.f_cnt) == (DEV_EUI, 0x01A2B3C4, 7)
    assert (uplink.frame.f_port, len(uplink.frame.data)) == (1, 19)
    assert uplink.frame.received_at == datetime(2026, 3, 1, 4, 0, 0, 775023, UTC)
    assert uplink.decoder_names == ("example-collar",)
    assert uplink.station_id == "a84041ffff1eb2c4"


def test_the_first_frame_of_a_session_has_no_counter() -> None:
    """proto3's JSON leaves out zero: an absent fCnt is frame 0, not a broken message."""
    assert frame_in(fixture("chirpstack_first_frame")).f_cnt == 0


def test_a_device_is_one_in_whatever_case_its_eui_is_written() -> None:
    """Versions and tools differ; the collar does not."""
    assert frame_in(fixture("chirpstack_upper_case")).dev_eui == DEV_EUI


def test_the_owners_tag_names_the_decoder() -> None:
    """A profile may be shared by devices of several kinds."""
    uplink = frame_in(fixture("chirpstack_tag"))

    assert (uplink.decoder_names, uplink.named) == (("example-collar",), True)


def test_a_frame_of_the_network_itself_is_no_upload() -> None:
    """Devices answer the network without a payload all day: no letter for each."""
    found = chirpstack.decode(fixture("chirpstack_mac_only"), MORNING, event="up")

    assert found == Aside("mac_only")


@pytest.mark.parametrize(
    ("event", "kind"),
    [("join", "join"), ("status", "status"), ("txack", "txack"), ("log", "log"), ("new", "other")],
)
def test_other_events_are_no_uploads(event: str, kind: str) -> None:
    """They come on the same subscription; their kinds are few, since each is a metric's label."""
    assert chirpstack.decode(fixture("chirpstack_join"), MORNING, event=event) == Aside(kind)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (fixture("chirpstack_damaged_base64"), Reason.WRONG_TYPE),
        (changed("chirpstack_up", "data", to="010"), Reason.WRONG_TYPE),
        (changed("chirpstack_join", "deviceInfo", "devEui", to=None), Reason.WRONG_TYPE),
        (changed("chirpstack_up", "devAddr", to="12"), Reason.WRONG_TYPE),
        (changed("chirpstack_up", "devAddr", to="0x12345f"), Reason.WRONG_TYPE),
        (changed("chirpstack_up", "fCnt", to=-1), Reason.OUT_OF_RANGE),
        (changed("chirpstack_up", "fCnt", to=10**400), Reason.OUT_OF_RANGE),
        (changed("chirpstack_up", "fPort", to=256), Reason.OUT_OF_RANGE),
        (changed("chirpstack_up", "fCnt", to="7"), Reason.WRONG_TYPE),
        (changed("chirpstack_up", "time", to="2026-03-01T04:00:00"), Reason.WRONG_TYPE),
        (changed("chirpstack_up", "time", to="0001-01-01T00:00:00+14:00"), Reason.OUT_OF_RANGE),
        (changed("chirpstack_up", "time", to="9999-12-31T23:59:59-14:00"), Reason.OUT_OF_RANGE),
        (changed("chirpstack_up", "deviceInfo", "devEui", to="17"), Reason.WRONG_TYPE),
        (b"", Reason.EMPTY),
        (b"{", Reason.NOT_JSON),
        (b'{"deviceInfo":' * 100_000, Reason.TOO_LARGE),
        (b'{"object":' * 20_000, Reason.NOT_JSON),
    ],
)
def test_what_cannot_be_read_has_its_reason(message: bytes, reason: Reason) -> None:
    """The server only sends it again; somebody must see why nothing arrives."""
    found = chirpstack.decode(message, MORNING, event="up")

    assert isinstance(found, Rejected), found
    assert found.reason is reason


def test_a_message_of_another_device_than_its_topic_is_refused() -> None:
    """Whoever may publish as one device must not speak for the next."""
    message = changed("chirpstack_up", "deviceInfo", "devEui", to="70b3d57ed0069999")

    found = chirpstack.decode(message, MORNING, event="up", device=DEV_EUI)

    assert isinstance(found, Rejected)
    assert found.reason is Reason.BAD_MQTT_TOPIC


def test_receivers_that_make_no_sense_cost_only_the_station() -> None:
    """Who heard a frame is good to know, and no reason to lose it."""
    odd: list[object] = [7, [7], [{}], [{"gatewayId": 3, "rssi": -1}]]
    odd.append([{"gatewayId": "a", "rssi": 10**400}])

    for receivers in odd:
        message = changed("chirpstack_up", "rxInfo", to=receivers)
        assert frame_in(message).station_id is None


@pytest.mark.parametrize(
    ("topic", "found"),
    [
        (f"application/1/device/{DEV_EUI}/event/up", ("up", DEV_EUI)),
        (f"application/1/device/{DEV_EUI.upper()}/event/join", ("join", DEV_EUI)),
        (f"application/1/device/{DEV_EUI}/command/down", ("command", DEV_EUI)),
        ("application/1/device/17/event/up", None),
        ("eu868/gateway/1/event/up", None),
        (f"application/1/device/{DEV_EUI}/event/up/more", None),
    ],
)
def test_the_servers_own_topic_is_understood(topic: str, found: tuple[str, str] | None) -> None:
    """A bridge carries along more than uplinks."""
    assert chirpstack.parse_topic(topic) == found
