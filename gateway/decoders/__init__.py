"""Decoders: what the bytes of one maker's LoRaWAN device mean. Their interface, for anybody.

A decoder is a function under the entry point group `herd.decoders` of any installed package:

    [project.entry-points."herd.decoders"]
    my-collar = "my_package.collar:decode"

    def decode(frame: Frame) -> list[dict[str, object]]: ...

It gets one frame and returns its readings, oldest first: the columns of an upload's reading
(docs/collar_maker.md) without `seq`. `interval_s` must be there; `time` (aware datetime, or ISO
8601 text with an offset) may be absent where the device keeps no clock: the frame's time counts
then. An empty list means that the frame measured nothing (an answer to a command, a heartbeat).
At most READINGS_MAX readings a frame.

It is called with at most FRAME_BYTES_MAX bytes, in the gateway's own thread: it must return within
a millisecond and keep nothing between two calls. Whatever it raises becomes a dead letter. One that
never returns cannot be stopped from within Python: the gateway ends itself after
`HERD_GATEWAY_STALL_MAX_S` and is started again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

FRAME_BYTES_MAX = 256  # LoRaWAN's largest application payload is 242
READINGS_MAX = 64  # of a frame; at three bytes each more do not fit


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a device, as its LoRaWAN server hands it on, decrypted.

    f_port: 1 to 223 are the device's own, 0 = the server named none. data: the application's
    payload. object: what a codec in the server made of it, None without one. received_at: when the
    server had it, aware UTC.
    """

    f_port: int
    data: bytes
    object: Any
    received_at: datetime


Decode = Callable[[Frame], list[dict[str, Any]]]
Decoders = Mapping[str, Decode]  # by name

NO_DECODERS: Decoders = MappingProxyType({})
