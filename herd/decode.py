"""`herd decode`: a captured payload through the gateway's own decoders, without a farm.

What needs a farm and the moment of receipt is left out: whether the register knows the collar, who
wore it, and whether its clock was right.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import typer

from contracts.clock import SystemClock, iso
from contracts.dead_letter import Rejected
from contracts.reading import MEASUREMENTS
from gateway.decoders.loading import installed_decoders
from gateway.payloads import lorawan, native, servers
from gateway.payloads.lorawan import Aside, Uplink
from gateway.upload import Sample, Upload

NATIVE = "native"
FORMATS = (NATIVE, *servers.SERVERS)

_keys = msgspec.json.Decoder(dict[str, msgspec.Raw])


def decode_file(file: Path, *, payload_format: str = "", decoder: str = "") -> dict[str, Any]:
    """{format, device, aside, readings: [{boot_id, seq, time, …}], refused: [{seq, reason, …}]}.

    device: the DevEUI, None for an upload of our own. aside: why it carries no readings, without a
    mistake; else None. Raises typer.BadParameter for an unknown format or decoder.
    """
    payload = file.read_bytes()
    chosen = payload_format or _format_of(payload)
    if chosen not in FORMATS:
        raise typer.BadParameter(f"--format {chosen}: one of {', '.join(FORMATS)}")
    if decoder and decoder not in installed_decoders():
        installed = ", ".join(sorted(installed_decoders())) or "none"
        raise typer.BadParameter(f"--decoder {decoder} is not installed; there are: {installed}")
    found: Upload | Uplink | Aside | Rejected
    if chosen == NATIVE:
        found = native.decode(payload)
    else:
        found = servers.over_http(chosen, payload, SystemClock().now())
    result: dict[str, Any] = {"format": chosen, "device": None, "aside": None}
    match found:
        case Aside():
            return result | {"aside": found.what, "readings": [], "refused": []}
        case Rejected():
            return result | {"readings": [], "refused": [_refused(None, found)]}
        case Upload():
            return result | _told((found,))
        case Uplink():
            result["device"] = found.dev_eui
            return result | _told(_uploads(found, payload, decoder))


def in_words(result: dict[str, Any]) -> str:
    """The same for people."""
    lines = [f"{result['format']} · {result['device'] or 'its collar is named by the MQTT topic'}"]
    if result["aside"]:
        lines.append(f"no readings, and no mistake: {result['aside']}")
    for reading in result["readings"]:
        values = [f"{name} {reading[name]}" for name in MEASUREMENTS if name in reading]
        lines.append(
            f"boot {reading['boot_id']} seq {reading['seq']}: {reading['interval_s']} s until "
            f"{reading['time']}: {', '.join(values) or 'nothing measured'}"
        )
    lines += [f"REFUSED {one['reason']}: {one['detail']}" for one in result["refused"]]
    return "\n".join(lines)


def _format_of(payload: bytes) -> str:
    """The format that a payload's keys show; native if none does."""
    try:
        keys = _keys.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return NATIVE
    if "deviceInfo" in keys:
        return servers.CHIRPSTACK
    return servers.THINGS_STACK if "end_device_ids" in keys else NATIVE


def _uploads(uplink: Uplink, payload: bytes, decoder: str) -> tuple[Upload, ...] | Rejected:
    if decoder:
        uplink = replace(uplink, decoder_names=(decoder,), named=True)
    return lorawan.uploads_of(uplink, payload, installed_decoders())


def _told(uploads: tuple[Upload, ...] | Rejected) -> dict[str, Any]:
    if isinstance(uploads, Rejected):
        return {"readings": [], "refused": [_refused(None, uploads)]}
    if not uploads:
        return {"aside": "nothing_measured", "readings": [], "refused": []}
    bad = [one for upload in uploads for one in upload.bad]
    return {
        "readings": list(_readings(uploads)),
        "refused": [_refused(one.seq, one.rejected) for one in bad],
    }


def _readings(uploads: Iterable[Upload]) -> Iterable[dict[str, Any]]:
    for upload in uploads:
        for sample in upload.samples:
            yield _reading(upload, sample)


def _reading(upload: Upload, sample: Sample) -> dict[str, Any]:
    measured = {name: getattr(sample, name) for name in MEASUREMENTS}
    return {
        "boot_id": upload.boot_id,
        "seq": sample.seq,
        "time": _iso(sample.time),
        "interval_s": sample.interval_s,
        **{name: value for name, value in measured.items() if value is not None},
    }


def _iso(time: datetime) -> str:
    """As all JSON of ours; at the calendar's end, where no UTC can be reckoned, as it was told."""
    try:
        return iso(time)
    except OverflowError:
        return time.isoformat()


def _refused(seq: int | None, rejected: Rejected) -> dict[str, Any]:
    return {"seq": seq, "reason": rejected.reason, "detail": rejected.detail}
