"""Sessions: a ticket, which may travel in a QR code, is spent for a token that may not.

A ticket lives minutes and is counted down in Redis, so it lets in as many as it was minted for,
whatever API process is asked. A session's token is signed and stored nowhere: every API process
with the same owner's token knows it, and it outlives restarts. Revoking one means a new owner's
token, which ends them all; single sessions get a list of their own when people do.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Protocol

from itsdangerous import BadData, URLSafeSerializer

from api.auth import OWNER, Tokens, User
from contracts.clock import Clock

SESSION_DAYS = 30  # a phone in the barn stays in for a month
TICKET_BYTES = 24  # 192 bits: not to be guessed within its minutes, or ever
TOKEN_CHARS_MAX = 512  # ours have some 120; what is longer is not looked at


class Tickets(Protocol):
    """Where tickets are counted down."""

    def put(self, ticket: str, *, uses: int, ttl_s: int) -> None:
        """Let a ticket in `uses` times within `ttl_s` seconds from now."""
        ...

    def spend(self, ticket: str) -> bool:
        """Use the ticket once; False if it is spent, too old or was never minted."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...


def new_ticket() -> str:
    """A fresh ticket; it names nobody and says nothing."""
    return secrets.token_urlsafe(TICKET_BYTES)


class Sessions:
    """Signed tokens of people who came in by a ticket. clock: the wall's, never a demo farm's."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._signed = URLSafeSerializer(
            key,
            salt="herdlog-session",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )
        self._clock = clock

    def begin(self) -> tuple[str, datetime]:
        """A new token of the owner's, and until when it holds (aware UTC, whole seconds)."""
        until = (self._clock.now() + timedelta(days=SESSION_DAYS)).replace(microsecond=0)
        # the random part keeps two sessions of one second apart
        content = {"u": OWNER, "x": int(until.timestamp()), "n": secrets.token_urlsafe(8)}
        return str(self._signed.dumps(content)), until

    def redeem(self, token: str) -> User | None:
        """The user; None for a token that is forged, damaged or over."""
        if len(token) > TOKEN_CHARS_MAX:
            return None
        try:
            content = self._signed.loads(token.encode("utf-8", "surrogatepass"))
        except BadData:
            return None
        # signed by us, so it has these fields
        if content["u"] != OWNER or self._clock.now().timestamp() >= content["x"]:
            return None
        return User(OWNER, farms=None)


class AnyOf:
    """Tokens of several kinds: whoever one of them knows comes in."""

    def __init__(self, *kinds: Tokens) -> None:
        self._kinds = kinds

    def redeem(self, token: str) -> User | None:
        """The user behind the token, None if it is of no kind."""
        for kind in self._kinds:
            user = kind.redeem(token)
            if user is not None:
                return user
        return None
