"""Who asks, and whether he may see: one owner for now, and the one question for everybody later."""

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from contracts.ids import FarmId, UserId

OWNER = UserId("owner")
TOKEN_LENGTH_MIN = 20  # 120 bits as token_urlsafe writes them: not to be guessed
SESSION_KEY_OF = b"herdlog session key 1"  # another number ends all sessions


class TokenFileError(RuntimeError):
    """The owner's token cannot be used."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who proved who he is. farms: those given to him, None = all of this installation.

    may_invite: whether he may mint tickets. Who came in by a ticket may not: his session would
    never end.
    """

    id: UserId
    farms: frozenset[FarmId] | None
    may_invite: bool = False

    @property
    def actor(self) -> str:
        """As events name him."""
        return f"user:{self.id}"

    @property
    def is_owner(self) -> bool:
        """Whether the whole installation is his."""
        return self.farms is None


def may_see(user: User, farm_id: FarmId) -> bool:
    """Whether the user was given this farm. Asked by every route and every subscription."""
    return user.farms is None or farm_id in user.farms


class Tokens(Protocol):
    """Who stands behind a token."""

    def redeem(self, token: str) -> User | None:
        """The user; None for a token that is nobody's."""
        ...


class OwnerToken:
    """The one token of the owner, from a file that only he can read."""

    def __init__(self, token: str) -> None:
        if len(token) < TOKEN_LENGTH_MIN:
            raise TokenFileError(
                f"the owner's token has {len(token)} characters, at least {TOKEN_LENGTH_MIN} are "
                "needed: write a long random one into the file HERD_API_OWNER_TOKEN_FILE names"
            )
        self._digest = _digest(token)
        self._session_key = hmac.digest(_encoded(token), SESSION_KEY_OF, "sha256")

    @classmethod
    def from_file(cls, path: Path) -> "OwnerToken":
        """The token in a file; raises TokenFileError."""
        try:
            return cls(path.read_text("utf-8").strip())
        except OSError as error:
            raise TokenFileError(
                f"the owner's token cannot be read: {error}. Set HERD_API_OWNER_TOKEN_FILE to a "
                "file that holds it"
            ) from error

    def redeem(self, token: str) -> User | None:
        """The owner, if it is his; digests are compared, so that time tells nothing of it."""
        if hmac.compare_digest(_digest(token), self._digest):
            return User(OWNER, farms=None, may_invite=True)
        return None

    def session_key(self) -> bytes:
        """The key that sessions are signed with: a new owner's token ends them all."""
        return self._session_key


def _digest(token: str) -> bytes:
    return hashlib.sha256(_encoded(token)).digest()


def _encoded(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass")
