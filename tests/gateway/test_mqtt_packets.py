"""What comes and goes by the thousand is read and written as paho would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import _packet
from paho.mqtt.enums import MQTTProtocolVersion

from gateway.adapters.mqtt_packets import (
    AT_LEAST_ONCE,
    PUBACK,
    PUBLISH,
    BadPacketError,
    again,
    body_of,
    incoming,
    puback_of,
    publish_of,
)

V5 = MQTTProtocolVersion.MQTTv5
topics = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=60)
payloads = st.binary(max_size=20_000)
mids = st.integers(1, 65_535)


@given(topics, payloads, mids, st.booleans(), st.none() | st.integers(0, 2**32 - 1))
def test_what_we_publish_is_what_paho_reads(
    topic: str,
    payload: bytes,
    mid: int,
    retain: bool,  # noqa: FBT001  drawn
    expires_s: int | None,
) -> None:
    """The broker knows nothing of our way of writing it."""
    packet = publish_of(topic, payload, mid, retain=retain, expires_s=expires_s)
    span = body_of(packet, 0)
    assert span is not None

    told = _packet.decode_publish(packet[0], packet[span[0] : span[1]], V5)

    assert span[1] == len(packet)
    assert (told.topic.decode(), told.payload, told.mid) == (topic, payload, mid)
    assert (told.qos, told.retain, told.dup) == (1, retain, False)
    assert getattr(told.properties, "MessageExpiryInterval", None) == expires_s


@given(topics, payloads, mids, st.binary(max_size=300), st.sampled_from([0, 1]))
def test_what_comes_is_read_as_it_was_published(
    topic: str, payload: bytes, mid: int, properties: bytes, qos: int
) -> None:
    """Properties are skipped, however many; the bytes around a packet are none of its."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name
    body += mid.to_bytes(2, "big") if qos else b""
    size = len(properties)
    body += bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    body += properties + payload
    data = b"before" + body + b"behind"

    came = incoming(data, PUBLISH | qos << 1, 6, 6 + len(body))

    assert came == (topic, payload, mid if qos else 0, qos)


@given(topics, payloads, mids, st.data())
def test_a_packet_that_is_cut_short_is_waited_for_or_refused(
    topic: str, payload: bytes, mid: int, data: st.DataObject
) -> None:
    """TCP cuts where it likes; and a length may lie."""
    packet = publish_of(topic, payload, mid, retain=False)
    whole = body_of(packet, 0)
    assert whole is not None
    cut = data.draw(st.integers(1, len(packet) - 1))

    span = body_of(packet[:cut], 0)
    try:
        came = incoming(packet, packet[0], whole[0], min(whole[0] + cut, len(packet)))
    except BadPacketError:
        came = None

    assert span is None or span == whole
    assert came is None or payload.startswith(came.payload)


def test_a_topic_that_is_no_text_is_no_topic_of_ours() -> None:
    """It becomes a dead letter, not the end of a connection that all collars share."""
    body = b"\x00\x02\xff\xfe\x00\x07\x00all of it"

    came = incoming(body, PUBLISH | AT_LEAST_ONCE, 0, len(body))

    assert came == ("", b"all of it", 7, 1)


@pytest.mark.parametrize(
    "data",
    [b"\x32\xff\xff\xff\xff\x01", b"\x32\x80\x80\x80\x80\x80\x00"],
    ids=["too long", "without end"],
)
def test_a_length_without_end_ends_the_connection(data: bytes) -> None:
    """Four bytes at most: more would let a broker make us wait for ever."""
    with pytest.raises(BadPacketError):
        body_of(data, 0)


def test_qos_2_was_never_asked_for() -> None:
    """It needs an exchange that nobody here would finish."""
    with pytest.raises(BadPacketError):
        incoming(b"\x00\x01a\x00\x01\x00", PUBLISH | 4, 0, 6)


def test_a_puback_is_four_bytes() -> None:
    """Success is what it says when it says no more."""
    packet = puback_of(PUBACK, 2, 513)

    told = _packet.decode_puback(packet[0], packet[2:], V5)

    assert (told.mid, told.reason.value) == (513, 0)


def test_what_is_sent_again_says_so() -> None:
    """A broker that has it already may drop it then."""
    packet = publish_of("a/ack", b"x", 3, retain=True)
    repeated = again(packet)

    told = _packet.decode_publish(repeated[0], repeated[2:], V5)

    assert told.dup
    assert told.retain
    assert repeated[1:] == packet[1:]
