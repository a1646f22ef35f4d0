"""What one collar may send, and that a flood costs nobody but its sender."""

from gateway.intake import Sender
from gateway.limits import LETTER_BYTES_MAX, LETTER_EVERY_S, Budget, Limits, Over, rate_limited

SMALL = Budget(uploads_per_s=2.0, uploads_burst=10, bytes_per_s=1000, bytes_burst=10_000)


def refused(limits: Limits, uploads: int, now_s: float, size_bytes: int = 1) -> int:
    """How many of so many uploads of one collar at one moment are refused."""
    return sum(limits.spend("c", size_bytes, now_s) is not None for _ in range(uploads))


def test_a_months_buffer_of_one_reading_an_upload_passes_at_once() -> None:
    """An honest collar that was away brings all it has; it must never meet a limit."""
    assert refused(Limits(), 8640, 0.0, size_bytes=400) == 0


def test_a_collar_that_waits_for_its_answers_drains_at_the_speed_of_the_line() -> None:
    """500 readings an upload, ten uploads a second, until 8640 readings are gone: no refusal."""
    limits = Limits()

    assert sum(refused(limits, 1, second / 10, size_bytes=180_000) for second in range(18)) == 0


def test_a_burst_passes_and_then_the_rate() -> None:
    """By uploads: ten at once, and two a second from there on, for ever."""
    limits = Limits(SMALL)

    assert refused(limits, 25, 0.0) == 15
    assert refused(limits, 25, 1.0) == 23
    assert refused(limits, 25, 2.0) == 23
    assert refused(limits, 25, 1000.0) == 15


def test_bytes_have_a_budget_of_their_own() -> None:
    """Few uploads of the largest size are as good a flood as many small ones."""
    limits = Limits(SMALL)

    assert refused(limits, 6, 0.0, size_bytes=2500) == 2
    assert refused(limits, 6, 2.5, size_bytes=2500) == 5


def test_what_is_refused_costs_nothing_of_the_budget() -> None:
    """A collar that comes again and again must be let in when its rate allows, not later."""
    limits = Limits(SMALL)
    refused(limits, 1000, 0.0)

    assert refused(limits, 1, 0.5) == 0


def test_another_collar_has_a_budget_of_its_own() -> None:
    """Whoever floods spends his own."""
    limits = Limits(SMALL)
    refused(limits, 1000, 0.0)

    assert limits.spend("another", 1, 0.0) is None


def test_one_letter_a_minute_says_how_many_were_left_out() -> None:
    """A flood must not become a flood of letters."""
    limits = Limits(SMALL)
    refused(limits, 10, 0.0)

    first = [limits.spend("c", 1, 0.0) for _ in range(500)]
    quiet = [limits.spend("c", 10_000, LETTER_EVERY_S - 1) for _ in range(500)]
    later = limits.spend("c", 20_000, LETTER_EVERY_S)

    assert first[0] == Over(has_letter=True, left_out=0)
    assert not any(over.has_letter for over in first[1:] if over)
    assert not any(over.has_letter for over in quiet if over)
    assert later == Over(has_letter=True, left_out=499 + len([one for one in quiet if one]))


def test_a_letter_keeps_the_first_bytes_and_says_whose_it_was() -> None:
    """Enough to see what it is; a flood of the largest uploads fills no disk."""
    sender = Sender("mqtt:herd/v1/f/c/readings")
    letter = rate_limited(Over(has_letter=True, left_out=7), b"x" * 200_000, sender)

    assert len(letter.raw) == LETTER_BYTES_MAX
    assert letter.rejected.reason == "rate_limited"
    assert "200000 bytes" in letter.rejected.detail
    assert "7 uploads more" in letter.rejected.detail
    assert letter.sender is sender


def test_memory_is_bounded_however_many_names_there_are() -> None:
    """A base station may speak under any name of its farm."""
    limits = Limits(SMALL, collars_max=100)
    for number in range(1000):
        limits.spend(f"c-{number}", 1, 0.0)

    assert len(limits) == 100
