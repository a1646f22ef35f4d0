"""Waiting for a condition with a limit: tests never sleep for a guessed time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

EVERY_S = 0.05


def eventually(check: Callable[[], T | None], *, within_s: float = 20.0, why: str = "") -> T:
    """The first truthy answer of `check`; fails the test after `within_s`, saying `why`."""
    deadline = time.monotonic() + within_s
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s: {why or check}; last answer {found!r}")
        time.sleep(EVERY_S)
