"""A letter's retry: its bytes once more the normal way, as of the time they were received. Pure.

What gets through carries the ids it would have carried then, so whatever is in the log already
counts once. A letter is taken once anything of it stands in the log; readings of it that are still
refused become letters of their own, unless one of them is this very letter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from contracts.dead_letter import (
    LetterRetried,
    LetterRetryAsked,
    Reason,
    Rejected,
    RetryOutcome,
)
from contracts.envelope import Event
from contracts.ids import derived_id
from contracts.messages import event_type_of
from contracts.reading import CollarReading, StationReading
from contracts.serde import UnreadableRecordError
from contracts.topics import (
    ALERTS,
    ANIMALS,
    COLLARS,
    DEAD_LETTERS,
    DETECTIONS,
    HOURS,
    READINGS,
    SNAPSHOTS,
    partition_of_farm,
)
from gateway.attribution import Attribution
from gateway.decoders import Decoders
from gateway.intake import Reading, Refusal, Sender, judge_origin
from gateway.letter_ids import is_about_same_number

ACTOR = "gateway"

# What to do about a record that only its own service can take again.
INSTEAD = {
    READINGS.name: "herd-clock writes its ticks and context again by itself: discard this letter",
    DETECTIONS.name: "an open finding is told again within six hours of log time: discard this "
    "letter once its case is there",
    HOURS.name: "the record stands in the log: mend the build, then `herd rebuild analytics`",
    ALERTS.name: "the record stands in the log: mend the build, then `herd rebuild worklist` and "
    "`herd rebuild animal_history`",
    ANIMALS.name: "the record stands in the log: mend the build, then `herd rebuild "
    "animal_history`; what herd-clock missed of it is told by a correction in the register",
    COLLARS.name: "assign the collar again: the register then writes its whole list anew",
    SNAPSHOTS.name: "the pipeline takes an older snapshot and replays: discard this letter",
    DEAD_LETTERS.name: "it was about a letter: decide on that one again, and discard this",
}

SEQ_REUSED = Rejected(
    Reason.SEQ_REUSED,
    "its number is that of another reading, which stands in the log: send it repaired, under a "
    "boot_id that the device never used, or discard it",
)


class Decodes(Protocol):
    """Avro as a retry needs it: `contracts.serde.Serde`."""

    def decode(self, value: bytes) -> Event[object]:
        """The event in a Kafka value; raises UnreadableRecordError."""
        ...


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the readings that can be read now: its bytes as they were."""

    partition: int
    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Retry:
    """What follows from one retry: readings or a record for the log, letters, and the outcome."""

    retried: LetterRetried
    readings: Sequence[Event[Reading]] = ()
    record: Record | None = None
    refusals: tuple[Refusal, ...] = ()


def retry(
    asked: LetterRetryAsked, attribution: Attribution, decoders: Decoders, serde: Decodes
) -> Retry:
    """What becomes of the letter now; never raises for anything in it."""
    way, _, place = asked.origin.partition(":")
    if way == "kafka":
        return _of_kafka(asked, place, serde)
    verdict = judge_origin(asked.origin, asked.raw, attribution, asked.received_at, decoders)
    if verdict is None:
        return _refused(asked, Rejected(Reason.BAD_MQTT_TOPIC, f"nobody takes {asked.origin} in"))
    clone = next((one for one in verdict.readings if _reuses_its_seq(asked, one)), None)
    if clone is not None:
        return _refused(asked, SEQ_REUSED)
    refusals = verdict.refusals
    if not verdict.readings and not refusals:
        return _refused(asked, instead="nothing in it is a reading: discard this letter")
    itself = [refusal for refusal in refusals if _is_about_its_number(asked, refusal)]
    if itself or (refusals and not verdict.readings):
        why = (itself or refusals)[0].rejected
        others = tuple(refusal for refusal in refusals if refusal not in itself)
        if not verdict.readings:
            # nothing of it got through: it stays one letter
            others, why = (), _of_all(why, len(refusals))
        return replace(_refused(asked, why), readings=verdict.readings, refusals=others)
    taken = _retried(asked, RetryOutcome.TAKEN, len(verdict.readings))
    return Retry(taken, readings=verdict.readings, refusals=refusals)


def retried_event(
    asked: Event[LetterRetryAsked], retried: LetterRetried, now: datetime
) -> Event[LetterRetried]:
    """The outcome as an event; of a retry that was repeated after a crash it is the same one."""
    return Event(
        event_id=derived_id("letter-retried", asked.event_id),
        event_type=event_type_of(LetterRetried),
        timestamp=now,
        aggregate_id=retried.letter_id,
        actor=ACTOR,
        farm_id=asked.farm_id,
        causation_id=asked.event_id,
        payload=retried,
    )


def _reuses_its_seq(asked: LetterRetryAsked, event: Event[Reading]) -> bool:
    """Whether the letter is one because of this reading's number: it would pass for a repeat."""
    reading = event.payload
    # also with another content: repaired or not, it is the number that another reading has
    refusal = Refusal(SEQ_REUSED, b"", Sender(asked.origin), reading.boot_id, reading.seq)
    return _is_about_its_number(asked, refusal)


def _is_about_its_number(asked: LetterRetryAsked, refusal: Refusal) -> bool:
    letter_id = refusal.letter_id
    return letter_id is not None and is_about_same_number(letter_id, asked.letter_id)


def _of_kafka(asked: LetterRetryAsked, place: str, serde: Decodes) -> Retry:
    kafka_topic, _, rest = place.partition("/")
    partition = rest.partition("/")[0]
    if kafka_topic != READINGS.name or not partition.isdigit():
        return _refused(asked, instead=INSTEAD.get(kafka_topic, f"nobody takes {place} again"))
    try:
        event = serde.decode(asked.raw)
    except UnreadableRecordError as error:
        return _refused(asked, Rejected(error.reason, error.detail))
    if not isinstance(event.payload, CollarReading | StationReading):
        return _refused(asked, instead=INSTEAD[READINGS.name])
    if event.farm_id is None or partition_of_farm(event.farm_id) != int(partition):
        wrong = f"a reading of farm {event.farm_id} does not belong into partition {partition}"
        return _refused(asked, Rejected(Reason.WRONG_FARM, wrong))
    taken = _retried(asked, RetryOutcome.TAKEN, 1)
    return Retry(taken, record=Record(int(partition), event.aggregate_id, asked.raw))


def _of_all(why: Rejected, refused: int) -> Rejected:
    if refused == 1:
        return why
    return Rejected(why.reason, f"all {refused} readings of it are refused, first: {why.detail}")


def _refused(
    asked: LetterRetryAsked, why: Rejected | None = None, *, instead: str | None = None
) -> Retry:
    retried = _retried(asked, RetryOutcome.REFUSED, 0)
    if why is not None:
        return Retry(replace(retried, reason=why.reason, detail=why.detail[:1000]))
    return Retry(replace(retried, detail=instead))


def _retried(asked: LetterRetryAsked, outcome: RetryOutcome, readings: int) -> LetterRetried:
    return LetterRetried(
        letter_id=asked.letter_id, outcome=outcome, tries=asked.tries + 1, readings=readings
    )
