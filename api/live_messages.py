"""The messages of `/live`, subprotocol `herd.v1.json`: what clients may say, what we answer.

Two channels a farm. `farm/{farm}/alerts`: every change, in order, resumed from epoch and offset.
`farm/{farm}/pulse`: how fresh the readings are, at most one `tm` a second, the newest alone and
never again; nothing of it is resumed, so its `subbed` names no offset to come back to.
`now` in ping, stale and tm is the farm's time, against which ages are counted; `as_of` is real.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from api.pulses import FarmPulse
from contracts.clock import iso
from contracts.ids import FarmId, is_id
from read_models import AlertRow, Change

PROTOCOL = "herd.v1.json"
MESSAGE_BYTES_MAX = 16 * 1024  # a client says who it is and what it wants, nothing longer
HEARTBEAT_S = 20  # below the 30 s after which home routers forget a silent connection
HELLO_MAX_S = 5.0

CLOSE_BAD_MESSAGE = 4400
CLOSE_UNAUTHORISED = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_TOO_LATE = 4408
CLOSE_TOO_SLOW = 4413
CLOSE_TOO_MANY = 4429
CLOSE_RESTART = 1012

Offset = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Token = Annotated[str, msgspec.Meta(max_length=512)]
Name = Annotated[str, msgspec.Meta(max_length=100)]


class BadMessageError(ValueError):
    """A message that is none of the protocol's; the socket is closed with 4400."""


class Since(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the client stands: epoch and offset as the last message gave them."""

    epoch: Name
    offset: Offset


class Auth(msgspec.Struct, frozen=True, tag="auth", forbid_unknown_fields=True):
    """The first message of a client."""

    token: Token


class Sub(msgspec.Struct, frozen=True, tag="sub", forbid_unknown_fields=True):
    """A wish for a channel, from `since` on or from now."""

    id: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
    channel: Name
    since: Since | None = None


class Unsub(msgspec.Struct, frozen=True, tag="unsub", forbid_unknown_fields=True):
    """No more of the channel of the subscription with this id."""

    id: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """The answer to a ping; not needed, not refused."""


ClientMessage = Auth | Sub | Unsub | Pong
_decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)


def parse(text: str) -> ClientMessage:
    """The message in a text frame; raises BadMessageError with a sentence."""
    if len(text) > MESSAGE_BYTES_MAX:
        raise BadMessageError(f"a message has at most {MESSAGE_BYTES_MAX} bytes")
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise BadMessageError(f"not a message of {PROTOCOL}: {error}") from error


class Kind(StrEnum):
    """What a channel carries."""

    ALERTS = "alerts"
    PULSE = "pulse"


@dataclass(frozen=True, slots=True)
class Channel:
    """One kind of news of one farm."""

    farm_id: FarmId
    kind: Kind

    def __str__(self) -> str:
        return f"farm/{self.farm_id}/{self.kind}"


def channel_from(text: str) -> Channel | None:
    """The channel of this name; None if there is no such one."""
    start, farm_id, kind, *more = (*text.split("/"), "", "")
    if start != "farm" or more != ["", ""] or not is_id(farm_id) or kind not in set(Kind):
        return None
    return Channel(FarmId(farm_id), Kind(kind))


def hello(server: str, epoch: str) -> str:
    """The first message of the server."""
    return _json({"type": "hello", "server": server, "epoch": epoch, "heartbeat_s": HEARTBEAT_S})


def resumed(sub_id: int, epoch: str, offset: int) -> str:
    """Everything after `offset` follows: the client keeps what it has."""
    return _json(
        {"type": "subbed", "id": sub_id, "epoch": epoch, "offset": offset, "recovered": True}
    )


def loaded_anew(
    sub_id: int, epoch: str, offset: int, as_of: datetime | None, rows: tuple[AlertRow, ...]
) -> str:
    """The whole list as of `offset`: the client forgets what it had."""
    return _json(
        {
            "type": "subbed",
            "id": sub_id,
            "epoch": epoch,
            "offset": offset,
            "recovered": False,
            "as_of": _moment(as_of),
            "snapshot": [msgspec.to_builtins(row) for row in rows],
        }
    )


def listens(sub_id: int, epoch: str) -> str:
    """The pulse follows, from the next one on: there is nothing to load."""
    return resumed(sub_id, epoch, 0)


def pulse(channel: Channel, now: datetime, newest: FarmPulse) -> str:
    """How fresh the readings are at the farm's time `now`."""
    data = {
        "newest_reading_at": _moment(newest.newest_reading_at),
        "newest_received_at": _moment(newest.newest_received_at),
        "heard": newest.heard,
        "animals": newest.animals,
    }
    return _json({"type": "tm", "ch": str(channel), "now": iso(now), "data": data})


def event(channel: Channel, change: Change) -> str:
    """One change; its data is JSON already and is not read again here."""
    epoch, data = _json(change.epoch), change.data
    return (
        f'{{"type":"ev","ch":"{channel}","epoch":{epoch},"offset":{change.position},"data":{data}}}'
    )


def ping(as_of: datetime | None, now: datetime) -> str:
    """We are here, and everything up to as_of has been told."""
    return _json({"type": "ping", "as_of": _moment(as_of), "now": iso(now)})


def stale(as_of: datetime | None, now: datetime) -> str:
    """Nothing can be said about what happened after as_of; what was missed will follow."""
    return _json({"type": "stale", "as_of": _moment(as_of), "now": iso(now)})


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def _json(message: object) -> str:
    return msgspec.json.encode(message).decode()
