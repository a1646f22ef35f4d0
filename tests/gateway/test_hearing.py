"""Deaf is who has had no probe answered for long; the spans are the farm's time."""

from datetime import datetime, timedelta

import pytest

from contracts.tick import DeafSpan
from gateway.hearing import Hearing, reaches
from tests.builders import MORNING

DEAF_AFTER_S = 20.0


class Times:
    """A hearing with a wall clock and a farm clock that runs `speed` times as fast."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed, self.number = speed, 0
        self.hearing = Hearing(deaf_after_s=DEAF_AFTER_S, now=MORNING, monotonic_s=0.0)

    def send(self, at_s: float) -> bytes:
        """A probe leaves."""
        self.number += 1
        token = str(self.number).encode()
        self.hearing.sent(token, at_s, self.farm(at_s))
        return token

    def answer(self, token: bytes, at_s: float) -> None:
        """It comes back."""
        self.hearing.answered(token, at_s, self.farm(at_s))

    def farm(self, at_s: float) -> datetime:
        """The farm's time."""
        return MORNING + timedelta(seconds=at_s * self.speed)

    def deaf(self, at_s: float, after_s: float = -1.0) -> list[tuple[float, float]]:
        """The spans as real seconds."""
        spans = self.hearing.deaf_spans(self.farm(after_s), at_s, self.farm(at_s))
        return [
            (
                (one.began_at - MORNING).total_seconds() / self.speed,
                (one.ended_at - MORNING).total_seconds() / self.speed,
            )
            for one in spans
        ]


@pytest.fixture(params=[1.0, 60.0])
def times(request: pytest.FixtureRequest) -> Times:
    """On an ordinary farm, and in a demo that runs 60 times as fast."""
    return Times(request.param)


def test_whoever_is_answered_is_not_deaf(times: Times) -> None:
    """Each answer says that all before its probe is in the log."""
    for second in range(0, 100, 4):
        times.answer(times.send(second), second + 0.1)

    assert times.deaf(100.0) == []


def test_without_an_answer_we_are_deaf_since_the_last_answered_probe_was_sent(
    times: Times,
) -> None:
    """What came after that probe may wait somewhere."""
    times.answer(times.send(4.0), 4.1)
    times.send(8.0)

    assert times.deaf(24.0) == []
    assert times.deaf(24.5) == [(4.0, 24.5)]
    assert times.deaf(30.0) == [(4.0, 30.0)]


def test_a_fresh_answer_ends_it_and_the_span_is_told_once_more(times: Times) -> None:
    """The next tick has to say how long it lasted; the one after need not."""
    times.answer(times.send(30.0), 30.5)

    assert times.deaf(35.0, after_s=25.0) == [(0.0, 30.5)]
    assert times.deaf(40.0, after_s=35.0) == []


def test_a_short_hiccup_is_no_deafness(times: Times) -> None:
    """A gateway that is started again answers what waited for it."""
    late = [times.send(second) for second in (4.0, 8.0, 12.0)]
    for token in late:
        times.answer(token, 15.0)

    assert times.deaf(20.0) == []


def test_an_answer_that_took_too_long_says_nothing_of_now(times: Times) -> None:
    """Probes of a night without a gateway come back in the morning."""
    late = times.send(4.0)
    for second in range(8, 60, 4):
        times.send(second)
    times.answer(late, 60.0)

    assert times.deaf(60.0) == [(0.0, 60.0)]


@pytest.mark.parametrize("token", [b"", b"99", b"nobody's"])
def test_only_our_own_probes_count(token: bytes) -> None:
    """An answer nobody can name beforehand cannot be forged, nor come from another process."""
    times = Times()
    times.send(20.0)
    times.answer(token, 20.1)

    assert times.deaf(21.0) == [(0.0, 21.0)]


def test_an_answer_counts_once(times: Times) -> None:
    """MQTT may deliver it twice; the second says nothing new."""
    token = times.send(4.0)
    times.answer(token, 4.1)
    times.answer(token, 23.9)

    assert times.deaf(24.5) == [(4.0, 24.5)]


def test_what_was_inherited_ends_with_the_first_answer(times: Times) -> None:
    """The one before us was deaf; whether we are, the first probe says."""
    times.hearing.inherit(times.farm(-3.0))
    assert times.deaf(1.0) == [(-3.0, 1.0)]

    times.answer(times.send(2.0), 2.5)
    times.hearing.inherit(times.farm(-3.0))

    assert times.deaf(5.0) == [(-3.0, 2.5)]


def test_a_clock_that_stands_still_tells_no_span() -> None:
    """Before a demo sets off no time passes in which anybody could be silent."""
    hearing = Hearing(deaf_after_s=DEAF_AFTER_S, now=MORNING, monotonic_s=0.0)

    assert hearing.deaf_spans(MORNING, 100.0, MORNING) == ()


def test_a_span_reaches_a_moment_or_does_not() -> None:
    """That is how a tick's reader knows whether its writer was deaf."""
    span = DeafSpan(began_at=MORNING, ended_at=MORNING + timedelta(minutes=1))

    assert reaches((span,), MORNING + timedelta(minutes=1))
    assert not reaches((span,), MORNING + timedelta(minutes=2))
    assert not reaches((), MORNING)
