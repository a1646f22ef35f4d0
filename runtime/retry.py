"""Retries with backoff, in one place: what may be tried again, how often, how long."""

from collections.abc import Callable
from typing import TypeVar

import stamina

T = TypeVar("T")

TRIES_MAX = 8
TOTAL_MAX_S = 60.0


def retried(
    call: Callable[[], T],
    *,
    on: type[Exception] | tuple[type[Exception], ...],
    total_max_s: float = TOTAL_MAX_S,
    tries_max: int | None = None,
) -> T:
    """What `call` returns, tried again with exponential backoff and jitter while it raises `on`.

    Gives up, with the last error, after `tries_max` tries (None = no limit) or `total_max_s`.
    """
    caller = stamina.RetryingCaller(attempts=tries_max, timeout=total_max_s, wait_max=2.0)
    return caller(on, call)
