"""A repeat is the same letter, and another content under the same number is another one."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from contracts.clock import iso
from contracts.dead_letter import Reason
from gateway.attribution import Attribution
from gateway.forks import Forks
from gateway.intake import Refusal, Sender, judge
from gateway.letter_ids import content_of, is_about_same_number, letter_id_of
from tests.builders import MORNING
from tests.gateway.test_intake import TOPIC, an_upload
from tests.gateway.test_letters import known
from tests.gateway.test_lorawan import judged
from tests.gateway.uplinks import CHIRPSTACK_TOPIC, changed, fixture

TOO_EARLY = known(since_minutes=-60)
SENDER = Sender(f"mqtt:{TOPIC}")


def ids(payload: bytes, attribution: Attribution) -> list[str | None]:
    """Of the letters of an upload."""
    return [one.letter_id for one in judge(TOPIC, payload, attribution, MORNING).refusals]


@pytest.mark.parametrize(
    ("attribution", "reading", "other"),
    [
        pytest.param(Attribution(), {"steps": 1}, {"steps": 2}, id="unknown_collar"),
        pytest.param(TOO_EARLY, {"steps": 1}, {"steps": 2}, id="not_worn"),
        pytest.param(known(), {"steps": -1}, {"steps": -2}, id="out_of_range"),
        pytest.param(known(), {"steps": "one"}, {"steps": "two"}, id="wrong_type"),
        pytest.param(Attribution(), {"steps": "one"}, {"steps": "two"}, id="of_all_bad"),
        pytest.param(TOO_EARLY, {}, {"time": iso(MORNING + timedelta(seconds=1))}, id="time"),
        pytest.param(TOO_EARLY, {}, {"interval_s": 600}, id="interval"),
        pytest.param(TOO_EARLY, {}, {"temperature_site": "rumen"}, id="site"),
    ],
)
def test_a_letter_is_of_one_content_however_often_it_is_sent(
    attribution: Attribution, reading: dict[str, Any], other: dict[str, Any]
) -> None:
    """A boot_id that does not count boots: what came next was answered, and listed nowhere."""
    first, *more = ids(an_upload(reading), attribution)
    later = iso(MORNING + timedelta(minutes=10))

    again = ids(an_upload(reading, sent_at=later, station_id="barn-2"), attribution)
    (of_other,) = ids(an_upload(other), attribution)

    assert (more, again) == ([], [first])
    assert of_other not in (first, None)


def test_too_many_readings_are_one_letter_for_each_content() -> None:
    """They are not looked at one by one, but told apart as a whole."""
    crowd, other = [{"seq": 1}] * 501, [{"seq": 1}] * 500 + [{"seq": 1, "steps": 2}]
    later = iso(MORNING + timedelta(minutes=10))

    first = ids(an_upload(*crowd), known())
    again = ids(an_upload(*crowd, sent_at=later), known())

    assert first == again
    assert ids(an_upload(*other), known()) != first


def reused(forks: Forks, payload: bytes) -> str | None:
    """The letter of an upload whose one number is another reading's."""
    verdict, _ = forks.part(judge(TOPIC, payload, known(), MORNING), payload, SENDER, 0.0)
    (refusal,) = verdict.refusals
    assert refusal.rejected.reason is Reason.SEQ_REUSED
    return refusal.letter_id


def test_each_reading_of_a_reused_number_is_a_letter() -> None:
    """The first stands in the log, the second is a letter, and so are the third and the fourth."""
    forks = Forks()
    forks.part(judge(TOPIC, an_upload({}), known(), MORNING), b"", SENDER, 0.0)

    found = [reused(forks, an_upload({"steps": steps})) for steps in (1, 2, 3)]
    after_restart = Forks()
    after_restart.part(judge(TOPIC, an_upload({}), known(), MORNING), b"", SENDER, 0.0)
    again = reused(after_restart, an_upload({"steps": 2}))

    assert len(set(found)) == 3
    assert again == found[1]


def test_a_frame_of_a_device_that_counts_from_zero_again_is_a_letter_of_its_own() -> None:
    """ABP, not registered yet: its second life has the numbers of the first."""

    def letter(message: bytes) -> Refusal:
        (refusal,) = judged(message, {}, Attribution()).refusals
        return refusal

    message = fixture("chirpstack_up")
    later = changed("chirpstack_up", "time", to="2026-03-01T04:30:00Z")

    first, again, other = map(letter, (message, message, later))

    assert first.sender.origin == f"mqtt:{CHIRPSTACK_TOPIC}"
    assert first.letter_id == again.letter_id
    assert other.letter_id not in (first.letter_id, None)


def test_a_letters_own_bytes_judged_again_are_the_same_letter() -> None:
    """A retry is refused again as this letter, not as a new one."""
    for attribution, reading in (
        (TOO_EARLY, {"steps": 1, "activity": 0.1}),
        (known(), {"steps": "x"}),
    ):
        (refusal,) = judge(TOPIC, an_upload(reading), attribution, MORNING).refusals
        assert ids(refusal.raw, attribution) == [refusal.letter_id]


def test_the_number_of_a_letter_can_be_told_whatever_its_content() -> None:
    """So a repaired reading under a number that another has is still found out."""
    origin, reason = f"mqtt:{TOPIC}", Reason.SEQ_REUSED
    one, other = (letter_id_of(origin, 7, 3, reason, content) for content in (b"a", b"b"))
    next_one = letter_id_of(origin, 7, 4, reason, b"a")

    assert one != other
    assert is_about_same_number(one, other)
    assert not is_about_same_number(one, next_one)


def test_the_end_of_time_is_a_content_too() -> None:
    """A collar's clock may show it, with an offset that leads beyond what a datetime can hold."""
    end = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-5)))
    (refusal,) = judge(TOPIC, an_upload({"time": end}), known(), MORNING).refusals

    assert refusal.rejected.reason is Reason.CLOCK
    assert refusal.letter_id is not None
    assert content_of(MORNING, 300, ()) == content_of(
        MORNING.astimezone(timezone(timedelta(hours=2))), 300, ()
    )
