"""A number that comes again with another content is refused; a repeat is not."""

from dataclasses import replace
from datetime import timedelta

import msgspec

from contracts.clock import iso
from contracts.topics import MqttAddress
from gateway.forks import READINGS_KEPT, Forked, Forks
from gateway.intake import Answer, Sender, Verdict, judge
from tests.builders import FARM, MORNING
from tests.gateway.test_bridge import known

TOPIC = f"herd/v1/{FARM}/c-1/readings"
SENDER = Sender(f"mqtt:{TOPIC}")


def a_payload(*seqs: int, sent_minutes: int = 0, **reading: object) -> bytes:
    """An upload of collar c-1, sent so many minutes after it was measured."""
    usual = {"time": iso(MORNING), "interval_s": 300, "temperature_c": 38.6, **reading}
    return msgspec.json.encode(
        {
            "boot_id": 7,
            "sent_at": iso(MORNING + timedelta(minutes=sent_minutes)),
            "readings": [{"seq": seq, **usual} for seq in seqs],
        }
    )


def parted(forks: Forks, payload: bytes, now_s: float = 0.0) -> tuple[Verdict, Forked | None]:
    """What becomes of an upload, received while it is still morning."""
    return forks.part(judge(TOPIC, payload, known(), MORNING), payload, SENDER, now_s)


def test_a_repeat_is_no_fork_however_late_it_is_sent_again() -> None:
    """sent_at is renewed with each try and the station may be another; the reading is the same."""
    forks = Forks()
    parted(forks, a_payload(1, 2, 3))

    verdict, forked = parted(forks, a_payload(2, 3, 4, sent_minutes=90))

    assert forked is None
    assert len(verdict.readings) == 3


def test_another_content_under_the_same_number_is_refused_and_the_first_stands() -> None:
    """Overwriting would let a clone rewrite what is known of an animal."""
    forks = Forks()
    parted(forks, a_payload(1, 2, 3))

    verdict, forked = parted(forks, a_payload(3, temperature_c=41.0))
    again, still = parted(forks, a_payload(3))

    assert forked == Forked("c-1", 1, is_news=True)
    assert list(verdict.readings) == []
    (refusal,) = verdict.refusals
    assert (refusal.rejected.reason, refusal.boot_id, refusal.seq) == ("seq_reused", 7, 3)
    assert verdict.answer == Answer(7, 3)  # it is in the dead letters: the collar may forget it
    assert still is None
    assert len(again.readings) == 1


def test_the_others_of_the_upload_are_taken_and_the_refused_one_can_be_sent_alone() -> None:
    """A letter holds what would send its reading again, as all letters do."""
    forks = Forks()
    parted(forks, a_payload(2))
    times_differ = a_payload(1, 2, 3, steps=5.0)

    verdict, _ = parted(forks, times_differ)
    (refusal,) = verdict.refusals
    alone = judge(TOPIC, refusal.raw, known(), MORNING)

    assert [event.payload.seq for event in verdict.readings] == [1, 3]
    (sent_again,) = alone.readings
    in_full = judge(TOPIC, times_differ, known(), MORNING).readings[1]
    assert sent_again == in_full


def test_a_reading_alone_in_its_message_is_kept_as_it_came() -> None:
    """Its origin may speak another payload than ours, and a retry reads it as that."""
    forks = Forks()
    parted(forks, a_payload(1))
    other = a_payload(1, steps=5.0)

    verdict, _ = parted(forks, other)

    assert verdict.refusals[0].raw == other


def test_a_fork_is_news_once_in_ten_minutes() -> None:
    """A clone sends every five minutes, for weeks; its line in the log must not."""
    forks = Forks()
    parted(forks, a_payload(1))
    news = [
        forked.is_news
        for minute in range(25)
        for _, forked in [parted(forks, a_payload(1, steps=float(minute)), now_s=60.0 * minute)]
        if forked
    ]

    assert [minute for minute, is_news in enumerate(news) if is_news] == [0, 10, 20]


def test_a_message_without_readings_is_no_fork() -> None:
    """Nothing in it has a number."""
    verdict = Verdict(MqttAddress(FARM, "c-1", "readings"), (), (), None)  # type: ignore[arg-type]

    assert Forks().part(verdict, b"", SENDER, 0.0) == (verdict, None)


def test_memory_does_not_grow_and_what_is_forgotten_is_taken() -> None:
    """The table is of one size; a number pushed out of it is heard as if for the first time."""
    forks = Forks(kept=4)
    parted(forks, a_payload(*range(1, 101)))

    verdict, forked = parted(forks, a_payload(*range(1, 101), steps=5.0))

    assert len(verdict.readings) >= 96
    assert forked is None or forked.readings <= 4
    assert READINGS_KEPT & (READINGS_KEPT - 1) == 0


def test_the_verdict_keeps_all_else_that_it_said() -> None:
    """Readings and refusals alone change."""
    forks = Forks()
    parted(forks, a_payload(1))
    payload = a_payload(1, 2, steps=5.0)
    before = judge(TOPIC, payload, known(), MORNING)

    after, _ = forks.part(before, payload, SENDER, 0.0)

    assert replace(after, readings=before.readings, refusals=before.refusals) == before
