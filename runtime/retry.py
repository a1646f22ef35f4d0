"""Retries with backoff, in one place: what may be tried again, how often, how long."""

import random
from collections.abc import Callable
from typing import TypeVar

import stamina

T = TypeVar("T")

TRIES_MAX = 8
TOTAL_MAX_S = 60.0
PAUSE_FIRST_S, PAUSE_MAX_S = 0.2, 5.0  # a store that restarts is back within seconds


def pause_s(failed: int) -> float:
    """How long to rest after so many failures in a row, from 1: doubling, with jitter, bounded."""
    longest: float = min(PAUSE_MAX_S, PAUSE_FIRST_S * 2.0 ** min(failed - 1, 10))
    return longest * random.uniform(0.75, 1.0)  # noqa: S311  spreads retries, guards nothing


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
