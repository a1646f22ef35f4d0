"""A LoRaWAN uplink, whichever server handed it on: its frame, decoded into uploads. Pure.

A frame carries no seq of ours. Its session and counter make one: boot_id = devAddr * 64 + the
reading's index in the frame, seq = fCnt. So each index counts on by one from frame to frame, as a
collar of our own does, and a server that hands a frame on twice hands on the same readings.
Rejected: devAddr as boot_id and fCnt * 64 + index as seq. Every frame would leave a hole of 63
seqs, and who counts readings once keeps few holes: a letter repaired after 64 frames would be
taken for a repeat.
The bound: a device that counts from 0 again within one session (ABP, its counter not kept over a
power cut) repeats its old readings' names. OTAA devices start a session each time they join.
"""

import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from contracts.dead_letter import Reason, Rejected
from contracts.ids import CollarId, is_id
from contracts.reading import MEASUREMENTS
from gateway.decoders import FRAME_BYTES_MAX, READINGS_MAX, Decode, Decoders, Frame
from gateway.decoders.calling import guarded
from gateway.letter_ids import content_of
from gateway.upload import TIME_MIN, Aware, BadSample, Sample, Upload, out_of_range

MESSAGE_BYTES_MAX = 256 * 1024  # of a server's JSON, as of an upload's
FRAME_COUNTER_MAX = 2**32 - 1
DEV_EUI_DIGITS, DEV_ADDR_DIGITS = 16, 8  # hex
PORT_MAX = 255
TIME_MAX = datetime(9000, 1, 1, tzinfo=UTC)
RSSI_BELOW = 1000  # dBm; beyond it a number is none of a receiver's
SHOWN_MAX = 60  # of a name that others chose
MAC_PORT = 0


@dataclass(frozen=True, slots=True)
class Uplink:
    """One frame of one device. decoder_names: in the order to be tried; named: by its owner.

    dev_eui: lower case, the collar's id. station_id: who heard it best, if that is an id.
    """

    dev_eui: CollarId
    dev_addr: int
    f_cnt: int
    frame: Frame
    decoder_names: tuple[str, ...]
    named: bool
    station_id: str | None

    def boot_id(self, index: int = 0) -> int:
        """The boot that the reading at this place of the frame counts in."""
        return self.dev_addr * READINGS_MAX + index

    def content(self) -> bytes:
        """What tells the frame from another of its session and counter."""
        frame = self.frame
        return content_of(frame.received_at, 0, (frame.f_port, frame.data))


@dataclass(frozen=True, slots=True)
class Aside:
    """A message of the server that carries no readings; what: its kind, one of few words."""

    what: str


class _Told(Sample, frozen=True, kw_only=True):
    time: Aware


def uploads_of(uplink: Uplink, message: bytes, decoders: Decoders) -> tuple[Upload, ...] | Rejected:
    """Each reading of the frame as an upload of its own, since each has its own boot.

    Empty if the frame measured nothing. message: all of it, kept with what is refused.
    """
    if len(uplink.frame.data) > FRAME_BYTES_MAX:
        size = len(uplink.frame.data)
        return Rejected(Reason.TOO_LARGE, f"a frame of {size} bytes, at most {FRAME_BYTES_MAX}")
    name, decode = _chosen(uplink, decoders)
    if decode is None:
        return _nobody_understands(uplink)
    samples = guarded(name, decode, uplink.frame, lambda told: _samples(told, uplink))
    if isinstance(samples, Rejected):
        return samples
    return tuple(_upload(uplink, index, one, message) for index, one in enumerate(samples))


def _chosen(uplink: Uplink, decoders: Decoders) -> tuple[str, Decode | None]:
    for name in uplink.decoder_names:
        if name in decoders:
            return name, decoders[name]
    if not uplink.named and _in_our_columns(uplink.frame.object):
        return "of the server", _decoded_by_server
    return "", None


def _nobody_understands(uplink: Uplink) -> Rejected:
    names = " or ".join(uplink.decoder_names) or "for it"
    seen = "" if uplink.named else ", and its server decoded nothing into our columns"
    return Rejected(
        Reason.UNKNOWN_DECODER, f"no decoder {names} is installed{seen}: see docs/lorawan.md"
    )


def _in_our_columns(told: object) -> bool:
    readings = told.get("readings", [told]) if isinstance(told, dict) else None
    if not isinstance(readings, list) or not readings:
        return False
    first = readings[0]
    return (
        isinstance(first, dict) and "interval_s" in first and any(c in first for c in MEASUREMENTS)
    )


def _decoded_by_server(frame: Frame) -> list[dict[str, Any]]:
    """The readings of a frame that a codec in the server has decoded: {…} or {"readings": [{…}]}"""
    told: dict[str, Any] = frame.object
    readings: list[dict[str, Any]] = told.get("readings", [told])
    return readings


def _samples(told: object, uplink: Uplink) -> list[Sample]:
    if not isinstance(told, list | tuple):
        raise TypeError(f"expected a list of readings, got {type(told).__name__}")
    if len(told) > READINGS_MAX:
        raise ValueError(f"{len(told)} readings, a frame has at most {READINGS_MAX}")
    return [_sample(one, uplink) for one in told]


def _sample(told: object, uplink: Uplink) -> Sample:
    if not isinstance(told, dict):
        raise TypeError(f"expected a dict for each reading, got {type(told).__name__}")
    columns = {**told, "seq": uplink.f_cnt}
    told_time = columns.get("time")
    if told_time is None:
        columns["time"] = uplink.frame.received_at
    elif isinstance(told_time, datetime) and told_time.tzinfo is not None:
        # a time zone of the decoder's own may raise: here that costs the frame, later everything
        columns["time"] = told_time.astimezone(UTC)
    interval_s = columns.get("interval_s")
    if isinstance(interval_s, float) and interval_s.is_integer():
        columns["interval_s"] = int(interval_s)  # protobuf's Struct knows no integers
    return msgspec.convert(columns, _Told)


def _upload(uplink: Uplink, index: int, sample: Sample, message: bytes) -> Upload:
    refused = out_of_range(sample)
    bad = () if refused is None else (BadSample(sample.seq, refused, message, uplink.content()),)
    return Upload(
        boot_id=uplink.boot_id(index),
        sent_at=None,
        station_id=uplink.station_id,
        samples=() if bad else (sample,),
        bad=bad,
        raw=message,
    )


# What both servers' formats need.


def parsed(message: bytes, decoder: msgspec.json.Decoder[Any]) -> Any | Rejected:  # noqa: ANN401  what the decoder makes
    """The message as the decoder's type; Rejected with a reason whatever the bytes."""
    if len(message) > MESSAGE_BYTES_MAX:
        return Rejected(Reason.TOO_LARGE, f"{len(message)} bytes, at most {MESSAGE_BYTES_MAX}")
    if not message.strip():
        return Rejected(Reason.EMPTY, "the payload is empty")
    try:
        return decoder.decode(message)
    except msgspec.ValidationError as error:
        return Rejected(Reason.WRONG_TYPE, str(error))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return Rejected(Reason.NOT_JSON, str(error))


def dev_eui_of(told: str) -> CollarId | None:
    """A DevEUI as a collar's id: 16 hex digits in lower case; None if it is none."""
    return CollarId(told.lower()) if _is_hex(told, DEV_EUI_DIGITS) else None


def session_of(dev_addr: str, f_cnt: int) -> int | Rejected:
    """The devAddr as a number; Rejected if either cannot be one of LoRaWAN's."""
    if not 0 <= f_cnt <= FRAME_COUNTER_MAX:
        return Rejected(Reason.OUT_OF_RANGE, "the frame counter is outside 0 … 2^32 - 1")
    if not _is_hex(dev_addr, DEV_ADDR_DIGITS):
        return Rejected(
            Reason.WRONG_TYPE, "no device address of 8 hex digits: it tells the session of a frame"
        )
    return int(dev_addr, 16)


def _is_hex(text: str, digits: int) -> bool:
    return len(text) == digits and all(one in "0123456789abcdefABCDEF" for one in text)


def frame_of(f_port: int, base64: str, told: object, received_at: datetime) -> Frame | Rejected:
    """The frame; Rejected where port, payload or time cannot be one's."""
    if not 0 <= f_port <= PORT_MAX:
        return Rejected(Reason.OUT_OF_RANGE, f"the frame's port is outside 0 … {PORT_MAX}")
    if not TIME_MIN <= received_at < TIME_MAX:  # near its ends a datetime cannot be reckoned with
        return Rejected(Reason.OUT_OF_RANGE, "the server's time is outside 1970 … 9000")
    try:
        data = binascii.a2b_base64(base64.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        return Rejected(Reason.WRONG_TYPE, f"the frame's payload is not base64 (hex?): {error}")
    return Frame(f_port, data, told, received_at.astimezone(UTC))


def is_mac_only(frame: Frame) -> bool:
    """Whether LoRaWAN talks to itself in this frame: no port, nothing of the application's."""
    return frame.f_port == MAC_PORT and not frame.data


def decoder_name(*parts: str) -> str:
    """Names that people chose, as the name of a decoder: `Acme Bolus 2` is `acme-bolus-2`."""
    text = "-".join(part for part in parts if part).lower()[:SHOWN_MAX]
    words = "".join(one if one.isascii() and one.isalnum() else " " for one in text).split()
    return "-".join(words)[:40].strip("-")


def heard_best(receivers: Iterable[tuple[object, object]]) -> str | None:
    """The id of the strongest of (gateway, rssi in dBm), if that is an id; else None."""
    heard = [
        (float(rssi), gateway.lower())
        for gateway, rssi in receivers
        if isinstance(gateway, str) and isinstance(rssi, int | float) and abs(rssi) < RSSI_BELOW
    ]
    if not heard:
        return None
    _, best = max(heard)
    return best if is_id(best) else None
