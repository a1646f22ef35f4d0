"""The messages of `/live`, subprotocol `herd.v1.json`: what clients may say, what we answer."""

from datetime import datetime
from typing import Annotated

import msgspec

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
    """A wish for a channel, `farm/{farm}/alerts`, from `since` on or from now."""

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


def channel_of(farm_id: FarmId) -> str:
    """The channel of a farm's alerts."""
    return f"farm/{farm_id}/alerts"


def farm_of(channel: str) -> FarmId | None:
    """The farm whose alerts a channel carries; None if there is no such channel."""
    parts = channel.split("/")
    if len(parts) == 3 and (parts[0], parts[2]) == ("farm", "alerts") and is_id(parts[1]):  # noqa: PLR2004  kind/id/channel
        return FarmId(parts[1])
    return None


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


def event(channel: str, change: Change) -> str:
    """One change; its data is JSON already and is not read again here."""
    epoch, data = _json(change.epoch), change.data
    return (
        f'{{"type":"ev","ch":"{channel}","epoch":{epoch},"offset":{change.position},"data":{data}}}'
    )


def ping(as_of: datetime | None) -> str:
    """We are here, and everything up to as_of has been told."""
    return _json({"type": "ping", "as_of": _moment(as_of)})


def stale(as_of: datetime | None) -> str:
    """Nothing can be said about what happened after as_of; what was missed will follow."""
    return _json({"type": "stale", "as_of": _moment(as_of)})


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def _json(message: object) -> str:
    return msgspec.json.encode(message).decode()
