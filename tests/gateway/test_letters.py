"""A letter's retry: the normal way, once more, as of when it was received."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts.animal_event import Assignment, CollarAssignments
from contracts.clock import iso
from contracts.dead_letter import LetterRetryAsked, Reason, RetryOutcome
from contracts.ids import AnimalId, reading_event_id
from contracts.serde import FixedSchemaIds, Serde
from contracts.tick import Tick
from contracts.topics import DETECTIONS, READINGS, partition_of_farm
from gateway.attribution import Attribution
from gateway.decoders import NO_DECODERS
from gateway.forks import Forks
from gateway.intake import Sender, judge
from gateway.letters import INSTEAD, Retry, retried_event, retry
from tests.builders import FARM, MORNING, a_reading, an_event
from tests.gateway.test_intake import COLLAR, TOPIC, an_upload

SERDE = Serde(FixedSchemaIds())
PARTITION = partition_of_farm(FARM)
MINUTE = timedelta(minutes=1)


def known(*, since_minutes: float = 7 * 24 * 60) -> Attribution:
    """The collar is worn since so many minutes before this morning."""
    attribution = Attribution()
    worn_from = MORNING - since_minutes * MINUTE
    worn = Assignment(animal_id=AnimalId("nl-0017"), farm_id=FARM, worn_from=worn_from)
    attribution.apply(CollarAssignments(collar_id=COLLAR, assignments=(worn,)))
    return attribution


def asked(raw: bytes, **said: Any) -> LetterRetryAsked:  # noqa: ANN401  any field of it
    """A letter of the collar, received this morning, is to be sent again."""
    values: dict[str, Any] = {
        "letter_id": "letter-1",
        "origin": f"mqtt:{TOPIC}",
        "received_at": MORNING,
        "tries": 1,
    }
    return LetterRetryAsked(raw=raw, **(values | said))


def done(
    raw: bytes,
    attribution: Attribution | None = None,
    **said: Any,  # noqa: ANN401
) -> Retry:
    """What becomes of it."""
    return retry(
        asked(raw, **said), known() if attribution is None else attribution, NO_DECODERS, SERDE
    )


def test_a_letter_whose_collar_is_known_by_now_gets_through_as_it_would_have_then() -> None:
    """The same ids and the time of its own receipt: a reading that is there already counts once."""
    found = done(an_upload({}, {}, {}))

    assert [event.event_id for event in found.readings] == [
        reading_event_id(COLLAR, 7, seq) for seq in (41, 42, 43)
    ]
    assert {event.payload.received_at for event in found.readings} == {MORNING}
    assert (found.retried.outcome, found.retried.readings) == (RetryOutcome.TAKEN, 3)
    assert (found.retried.tries, found.refusals) == (2, ())


def test_a_letter_that_is_refused_again_says_why_and_stays_one_letter() -> None:
    """Nothing of it got through: no letter about each of its readings."""
    unknown = done(an_upload({}), Attribution())
    too_early = done(an_upload({}, {}, {}), known(since_minutes=-60))

    for found, reason in ((unknown, Reason.UNKNOWN_COLLAR), (too_early, Reason.NOT_WORN)):
        assert (found.retried.outcome, found.retried.reason) == (RetryOutcome.REFUSED, reason)
        assert (list(found.readings), found.refusals) == ([], ())
    assert "all 3 readings" in (too_early.retried.detail or "")


def test_readings_of_an_upload_that_are_still_refused_become_letters_of_their_own() -> None:
    """Worn since this morning: what was measured before it is nobody's."""
    early = {"time": iso(MORNING - 10 * MINUTE)}

    found = done(an_upload({}, early, {}), known(since_minutes=5))

    assert (found.retried.outcome, found.retried.readings) == (RetryOutcome.TAKEN, 2)
    (refusal,) = found.refusals
    assert (refusal.rejected.reason, refusal.seq) == (Reason.NOT_WORN, 42)
    again = done(refusal.raw, known(since_minutes=20))
    assert [event.payload.seq for event in again.readings] == [42]


def test_a_letter_is_not_taken_while_its_own_reading_is_refused() -> None:
    """One frame of a device may hold good readings and the one that the letter is about."""
    early = {"time": iso(MORNING - 10 * MINUTE)}
    upload = an_upload({}, early)
    (refusal,) = judge(TOPIC, upload, known(since_minutes=5), MORNING).refusals
    assert refusal.letter_id is not None

    found = done(upload, known(since_minutes=5), letter_id=refusal.letter_id)

    assert (found.retried.outcome, found.retried.reason) == (RetryOutcome.REFUSED, Reason.NOT_WORN)
    assert len(found.readings) == 1
    assert found.refusals == ()


def test_a_letter_of_which_nothing_is_a_reading_is_not_taken() -> None:
    """A taken letter is over; a server's note about its device put nothing into the log."""
    topic = f"lorawan/v1/{FARM}/application/a/device/0102030405060708/event/txack"

    found = done(b"{}", origin=f"mqtt:{topic}")

    assert found.retried.outcome is RetryOutcome.REFUSED
    assert "discard" in str(found.retried.detail)


def test_a_repaired_letter_passes_the_same_checks() -> None:
    """Other bytes under the same letter: they may be wrong too."""
    repaired = done(an_upload({"temperature_c": 38.6}))
    still_bad = done(an_upload({"temperature_c": 380}))

    assert repaired.retried.outcome is RetryOutcome.TAKEN
    assert still_bad.retried.reason is Reason.OUT_OF_RANGE


def test_a_reused_number_is_not_let_through_by_a_retry() -> None:
    """It would pass for a repeat of the other reading, or overwrite it: only another boot helps."""
    (event,) = judge(TOPIC, an_upload({}), known(), MORNING).readings
    same = asked(an_upload({}))
    refusal_id = _letter_of_reused(event.payload.boot_id, event.payload.seq)

    found = retry(replace(same, letter_id=refusal_id), known(), NO_DECODERS, SERDE)
    repaired = retry(
        replace(same, letter_id=refusal_id, raw=an_upload({}, boot_id=8)),
        known(),
        NO_DECODERS,
        SERDE,
    )

    patched = retry(
        replace(same, letter_id=refusal_id, raw=an_upload({"temperature_c": 39.0})),
        known(),
        NO_DECODERS,
        SERDE,
    )

    assert (found.retried.reason, list(found.readings)) == (Reason.SEQ_REUSED, [])
    assert (patched.retried.reason, list(patched.readings)) == (Reason.SEQ_REUSED, [])
    assert repaired.retried.outcome is RetryOutcome.TAKEN


def _letter_of_reused(boot_id: int, seq: int) -> str:
    forks, sender = Forks(), Sender(f"mqtt:{TOPIC}")
    for temperature_c in (38.6, 41.0):
        upload = an_upload({"temperature_c": temperature_c})
        verdict, _ = forks.part(judge(TOPIC, upload, known(), MORNING), upload, sender, 0.0)
    (refusal,) = verdict.refusals
    assert (refusal.boot_id, refusal.seq) == (boot_id, seq)
    assert refusal.letter_id is not None
    return refusal.letter_id


def test_a_record_that_can_be_read_by_now_is_written_again_as_it_was() -> None:
    """Into the same partition, under the same ids: its schema was unknown when it came first."""
    event = a_reading()
    raw = SERDE.encode(event)

    found = done(raw, origin=f"kafka:{READINGS.name}/{PARTITION}/77")

    assert found.record is not None
    assert (found.record.partition, found.record.key) == (PARTITION, event.aggregate_id)
    assert found.record.value == raw
    assert found.retried.outcome is RetryOutcome.TAKEN


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"damaged still", Reason.DAMAGED_AVRO),
        (SERDE.encode(a_reading())[:-1], Reason.DAMAGED_AVRO),
        (b"\0\0\0\xff\xff...", Reason.UNKNOWN_SCHEMA),
    ],
)
def test_a_record_that_still_cannot_be_read_is_refused(raw: bytes, reason: Reason) -> None:
    """With today's reason."""
    found = done(raw, origin=f"kafka:{READINGS.name}/{PARTITION}/77")

    assert (found.record, found.retried.reason) == (None, reason)


def test_a_record_of_another_farms_partition_is_not_written_there() -> None:
    """Whoever put it there may have meant to."""
    other = (PARTITION + 1) % 12

    found = done(SERDE.encode(a_reading()), origin=f"kafka:{READINGS.name}/{other}/77")

    assert (found.record, found.retried.reason) == (None, Reason.WRONG_FARM)


@pytest.mark.parametrize(
    ("origin", "says"),
    [
        (f"kafka:{DETECTIONS.name}/3/5", INSTEAD[DETECTIONS.name]),
        ("kafka:someone.elses/3/5", "nobody takes someone.elses/3/5 again"),
        ("kafka:", "nobody takes  again"),
        ("carrier-pigeon:7", "nobody takes carrier-pigeon:7 in"),
        ("http:/nowhere", "nobody takes http:/nowhere in"),
    ],
)
def test_what_no_gateway_can_take_again_says_what_to_do_instead(origin: str, says: str) -> None:
    """A sentence for whoever reads the list of letters."""
    found = done(b"x", origin=origin)

    assert (found.retried.outcome, found.retried.detail) == (RetryOutcome.REFUSED, says)


def test_a_tick_is_not_written_again() -> None:
    """Time does not go back."""
    raw = SERDE.encode(an_event(Tick(writer="t"), farm_id=None))

    found = done(raw, origin=f"kafka:{READINGS.name}/{PARTITION}/77")

    assert found.record is None
    assert "herd-clock" in (found.retried.detail or "")


def test_the_outcome_of_a_repeated_retry_is_the_same_event() -> None:
    """After a crash it is done again: whoever counts outcomes counts one."""
    question = an_event(asked(an_upload({})), aggregate_id="letter-1")
    retried = done(an_upload({})).retried

    first, again = (retried_event(question, retried, MORNING + n * MINUTE) for n in range(2))

    assert first.event_id == again.event_id
    assert (first.causation_id, first.aggregate_id) == (question.event_id, "letter-1")
