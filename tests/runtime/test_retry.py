"""Retries: bounded, and only for what may heal."""

import pytest

from runtime.retry import retried


def test_what_heals_is_tried_again_and_what_does_not_is_raised_at_once() -> None:
    """A refused connection may heal; a wrong value never does."""
    answers = iter([ConnectionError("not yet"), ValueError("never")])

    def call() -> None:
        raise next(answers)

    with pytest.raises(ValueError, match="never"):
        retried(call, on=ConnectionError, total_max_s=5.0)


def test_retries_end() -> None:
    """Without a limit a service would look alive and do nothing."""
    tries = []

    def call() -> None:
        tries.append(1)
        raise ConnectionError("down")

    with pytest.raises(ConnectionError):
        retried(call, on=ConnectionError, tries_max=3)

    assert len(tries) == 3
