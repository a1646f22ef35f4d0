"""Redis as read models call it: scripts by name, and one error for a Redis that is away.

Redis 6.2 has no functions, so scripts are sent by their hash and loaded where they are missing,
which also covers a Redis that came back empty.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import cast

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from read_models.base import ReadModelUnavailableError

WORKLIST_ROOT = "herd:worklist"
LATEST_ROOT = "herd:latest"
NAMES = ("apply", "begin", "swap", "drop", "heard", "ask", "latest_apply", "latest_ask")

Reply = str | int | None | list["Reply"]


class Scripts:
    """The Lua files beside this one, called under one root of keys."""

    def __init__(self, redis: Redis, root: str) -> None:
        self.root = root
        self._scripts = {name: redis.register_script(_text(name)) for name in NAMES}

    def call(self, name: str, arguments: Sequence[str | int]) -> Reply:
        """What the script answers; raises ReadModelUnavailableError if Redis is away."""
        with reachable():
            return cast("Reply", self._scripts[name](keys=[self.root], args=list(arguments)))


@contextmanager
def reachable() -> Iterator[None]:
    """Within it a Redis that is away, starting or hanging raises ReadModelUnavailableError."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError) as error:
        raise ReadModelUnavailableError(f"Redis does not answer: {error}") from error


def items(reply: Reply) -> list[Reply]:
    """A reply that is a list."""
    if not isinstance(reply, list):
        raise TypeError(f"a list was expected of a script, not {reply!r}")
    return reply


def texts(reply: Reply) -> list[str]:
    """A reply that is a list of strings."""
    return [str(item) for item in items(reply)]


def _text(name: str) -> str:
    return files("read_models").joinpath("adapters", "lua", f"{name}.lua").read_text("utf-8")
