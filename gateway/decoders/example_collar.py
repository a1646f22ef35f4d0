"""An example of a decoder: the frame of a made-up rumen bolus with collar, documented byte by byte.

On port 1, big-endian, 3 bytes and then 8 for each reading, oldest first:

    0      version, 1
    1, 2   seconds that each reading covers (uint16), also from one reading to the next
    then   temperature in hundredths of a degree (int16, 0x8000 = not measured), minutes ruminated
           in tenths (uint16), steps (uint16), battery in hundredths of a volt (uint16);
           0xFFFF = not measured

The device keeps no clock: the newest reading ends when the frame was received, each other one an
interval before the next. On port 2 it answers commands, and measures nothing.
"""

from datetime import timedelta
from struct import Struct
from typing import Any

from gateway.decoders import Frame

VERSION = 1
READINGS_PORT = 1
HEAD = Struct(">BH")
READING = Struct(">hHHH")
NO_TEMPERATURE = -0x8000
NOT_MEASURED = 0xFFFF


def decode(frame: Frame) -> list[dict[str, Any]]:
    """The readings of a frame; raises ValueError for bytes that are none of this device's."""
    if frame.f_port != READINGS_PORT:
        return []
    if len(frame.data) < HEAD.size + READING.size:
        raise ValueError(f"{len(frame.data)} bytes, a frame has 3 and 8 a reading")
    version, interval_s = HEAD.unpack_from(frame.data)
    body = frame.data[HEAD.size :]
    if version != VERSION or len(body) % READING.size:
        raise ValueError(f"version {version} with {len(body)} bytes of readings")
    told = list(READING.iter_unpack(body))
    return [
        {
            "interval_s": interval_s,
            "time": frame.received_at - timedelta(seconds=interval_s * (len(told) - 1 - place)),
            "temperature_c": None if temperature == NO_TEMPERATURE else temperature / 100,
            "temperature_site": None if temperature == NO_TEMPERATURE else "rumen",
            "rumination_minutes": _measured(ruminated, 10),
            "steps": _measured(steps, 1),
            "battery_v": _measured(battery, 100),
        }
        for place, (temperature, ruminated, steps, battery) in enumerate(told)
    ]


def _measured(value: int, scale: int) -> float | None:
    return None if value == NOT_MEASURED else value / scale
