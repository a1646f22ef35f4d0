"""Our own payload: the JSON of a collar's upload, parsed and validated in one pass. Pure."""

import msgspec

from contracts.dead_letter import Reason, Rejected
from contracts.ids import is_id
from gateway.payloads import plain
from gateway.upload import COUNT_MAX, READINGS_MAX, Aware, BadSample, Sample, Upload, out_of_range

UPLOAD_BYTES_MAX = 256 * 1024  # 500 full readings are 180 kB; the box's broker refuses more, too


class _Message(msgspec.Struct, frozen=True):
    boot_id: int
    readings: list[msgspec.Raw]
    sent_at: Aware | None = None
    station_id: str | None = None
    farm_id: str | None = None
    collar_id: str | None = None


class _Aware(Sample, frozen=True, kw_only=True):
    time: Aware


class _Seq(msgspec.Struct, frozen=True):
    seq: int


_message = msgspec.json.Decoder(_Message)
_sample = msgspec.json.Decoder(_Aware)
_seq = msgspec.json.Decoder(_Seq)


def decode(payload: bytes, *, bytes_max: int = UPLOAD_BYTES_MAX) -> Upload | Rejected:
    """The upload in a payload; Rejected where not even its seqs can be told.

    Never raises, whatever the bytes. JSON has no NaN and no infinity: both are NOT_JSON.
    """
    if len(payload) > bytes_max:
        return Rejected(Reason.TOO_LARGE, f"{len(payload)} bytes, at most {bytes_max}")
    return plain.decode(payload) or carefully(payload)


def carefully(payload: bytes) -> Upload | Rejected:
    """The same, reading by reading: a bad one costs only itself, and is told why."""
    if not payload.strip():
        return Rejected(Reason.EMPTY, "the payload is empty")
    try:
        message = _message.decode(payload)
    except msgspec.ValidationError as error:
        return Rejected(Reason.WRONG_TYPE, str(error))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return Rejected(Reason.NOT_JSON, str(error))
    return _checked(message, payload)


def _checked(message: _Message, payload: bytes) -> Upload | Rejected:
    if not message.readings:
        return Rejected(Reason.EMPTY, "readings is empty: an upload carries 1 to 500")
    if not 0 <= message.boot_id <= COUNT_MAX:
        return Rejected(Reason.OUT_OF_RANGE, f"boot_id is outside 0 … {COUNT_MAX}")
    if message.station_id is not None and not is_id(message.station_id):
        return Rejected(Reason.OUT_OF_RANGE, "station_id is not an id: 1 to 40 of a-z, 0-9 and '-'")
    count = len(message.readings)
    if count > READINGS_MAX:
        # 256 KiB hold a hundred thousand: looking at each would hold up all others for seconds
        found: list[Sample | BadSample] = [_crowd(count, message.readings, payload)]
    else:
        found = [_one(raw, message) for raw in message.readings]
    return Upload(
        boot_id=message.boot_id,
        sent_at=message.sent_at,
        station_id=message.station_id,
        samples=tuple(one for one in found if isinstance(one, Sample)),
        bad=tuple(one for one in found if isinstance(one, BadSample)),
        farm_id=message.farm_id,
        collar_id=message.collar_id,
    )


def _crowd(count: int, readings: list[msgspec.Raw], payload: bytes) -> BadSample:
    """Too many readings as one: refused together, answered by the highest seq among the last."""
    why = Rejected(
        Reason.TOO_MANY_READINGS, f"{count} readings, an upload carries 1 to {READINGS_MAX}"
    )
    seqs = [seq for raw in readings[-READINGS_MAX:] if (seq := _seq_of(raw)) is not None]
    return BadSample(max(seqs, default=None), why, payload, b",".join(map(bytes, readings)))


def _one(raw: msgspec.Raw, message: _Message) -> Sample | BadSample:
    try:
        sample = _sample.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        wrong = Rejected(Reason.WRONG_TYPE, str(error))
        return BadSample(_seq_of(raw), wrong, _alone(raw, message), bytes(raw))
    refused = out_of_range(sample)
    if refused is not None:
        seq = sample.seq if 0 <= sample.seq <= COUNT_MAX else None
        return BadSample(seq, refused, _alone(raw, message), bytes(raw))
    return sample


def _seq_of(raw: msgspec.Raw) -> int | None:
    try:
        seq = _seq.decode(raw).seq
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return seq if 0 <= seq <= COUNT_MAX else None


def alone(sample: Sample, upload: Upload) -> bytes:
    """An upload that carries one sample of another, to be sent again by itself."""
    return msgspec.json.encode(
        {
            "boot_id": upload.boot_id,
            "sent_at": upload.sent_at,
            "station_id": upload.station_id,
            "readings": [sample],
        }
    )


def _alone(raw: msgspec.Raw, message: _Message) -> bytes:
    return msgspec.json.encode(
        {
            "boot_id": message.boot_id,
            "sent_at": message.sent_at,
            "station_id": message.station_id,
            "readings": [raw],
        }
    )
