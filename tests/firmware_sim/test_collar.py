"""The firmware: nothing is forgotten before it is answered, and one upload is in flight."""

from datetime import timedelta

import msgspec
import pytest

from contracts.ids import CollarId, reading_event_id
from firmware_sim.animal import Animal
from firmware_sim.collar import Collar, Limits, payload_of
from tests.builders import MORNING

COLLAR = CollarId("c-17")
LIMITS = Limits(buffer_readings=5, upload_readings_max=3, timeout_s=4.0, timeout_max_s=10.0)


def a_collar(readings: int = 0) -> Collar:
    """A collar with readings 1 … n in its buffer, and no luck in its jitter: half."""
    collar = Collar(COLLAR, boot_id=7, jitter=lambda: 0.5, limits=LIMITS)
    measure(collar, readings)
    return collar


def measure(collar: Collar, readings: int) -> None:
    """Take some more readings."""
    for number in range(readings):
        at = MORNING + timedelta(minutes=5 * number)
        collar.measured(Animal("nl-1").measures(at, 300), at, 300)


def sent(collar: Collar, now_s: float) -> list[int]:
    """The seqs of the upload it sends at this second; none if it sends nothing."""
    return [reading.seq for reading in collar.upload(now_s)]


def test_one_upload_is_in_flight_until_it_is_answered() -> None:
    """That is what makes an answer cumulative: any gateway may take any upload."""
    collar = a_collar(5)

    assert sent(collar, 0.0) == [1, 2, 3]
    assert sent(collar, 1.0) == []

    collar.answered(7, 3)

    assert sent(collar, 1.0) == [4, 5]


def test_a_reading_is_kept_until_it_is_answered() -> None:
    """A PUBACK proves nothing, so nothing is freed for it."""
    collar = a_collar(2)
    collar.upload(0.0)

    assert len(collar) == 2

    safe = collar.answered(7, 2)

    assert [reading.event_id for reading in safe] == [
        reading_event_id(COLLAR, 7, 1),
        reading_event_id(COLLAR, 7, 2),
    ]
    assert len(collar) == 0


def test_without_an_answer_the_same_readings_go_again_later_and_later() -> None:
    """The same, not more: an answer to either copy must cover both."""
    collar = a_collar(2)
    first = sent(collar, 0.0)
    measure(collar, 2)

    assert sent(collar, 3.9) == []
    assert sent(collar, 4.0) == first == [1, 2]
    assert sent(collar, 11.9) == []
    assert sent(collar, 12.0) == first
    assert sent(collar, 21.9) == []
    assert sent(collar, 22.0) == first


@pytest.mark.parametrize(("boot_id", "seq"), [(6, 99), (8, 99), (7, 0)])
def test_an_answer_to_something_else_frees_nothing(boot_id: int, seq: int) -> None:
    """The retained answer of an earlier boot comes with every subscription."""
    collar = a_collar(2)
    collar.upload(0.0)

    assert collar.answered(boot_id, seq) == ()
    assert len(collar) == 2
    assert sent(collar, 0.1) == []


def test_an_answer_up_to_the_middle_keeps_the_rest_in_flight() -> None:
    """A retained answer may be older than the upload."""
    collar = a_collar(3)
    collar.upload(0.0)

    collar.answered(7, 1)

    assert len(collar) == 2
    assert sent(collar, 0.1) == []
    assert sent(collar, 4.0) == [1, 2, 3]


def test_a_full_buffer_overwrites_the_oldest_and_says_so() -> None:
    """The promise holds as long as the buffer does, and its end must be visible."""
    collar = a_collar(7)

    assert len(collar) == 5
    assert collar.overwritten == 2
    assert sent(collar, 0.0) == [3, 4, 5]


def test_a_reboot_keeps_the_buffer_and_counts_anew() -> None:
    """An upload holds readings of one boot only: seq means nothing without it."""
    collar = a_collar(2)
    collar.reboot()
    measure(collar, 1)

    first = collar.upload(0.0)
    collar.answered(7, 2)
    second = collar.upload(0.1)

    assert [(one.boot_id, one.seq) for one in first] == [(7, 1), (7, 2)]
    assert [(one.boot_id, one.seq) for one in second] == [(8, 1)]


def test_a_new_session_sends_again_soon_but_not_at_once() -> None:
    """What was in flight may be lost with the old session; a herd must not shout together."""
    collar = a_collar(1)
    for now_s in (0.0, 4.0, 12.0):
        collar.upload(now_s)

    collar.connected(13.0)

    assert sent(collar, 13.4) == []
    assert sent(collar, 13.5) == [1]


def test_an_upload_without_a_connection_is_no_try() -> None:
    """A herd that starts before its broker must not wait out a timeout that nobody caused."""
    collar = a_collar(1)
    assert sent(collar, 0.0) == [1]

    collar.not_sent(0.0)

    assert sent(collar, 0.2) == []
    assert sent(collar, 0.3) == [1]
    assert sent(collar, 4.2) == []
    assert sent(collar, 4.3) == [1]


def test_an_upload_is_told_as_the_contract_says() -> None:
    """The simulator must speak what real collars are asked to speak."""
    collar = a_collar(1)

    told = msgspec.json.decode(payload_of(collar.upload(0.0), MORNING))

    (reading,) = told["readings"]
    assert (told["boot_id"], told["sent_at"]) == (7, "2026-03-01T04:00:00Z")
    assert (reading["seq"], reading["time"]) == (1, "2026-03-01T04:00:00Z")
    assert (reading["interval_s"], reading["temperature_site"]) == (300, "rumen")
    assert 37 < reading["temperature_c"] < 40
