"""What time does to dead letters: an undecided one expires, a decided one is forgotten.

It runs beside the read model because that alone knows which letters are open. Expiry is an event
like every other decision, so it outlives the read model and is replayed; its id is derived, so that
two processes, or one that is slow to see its own event, say it once. Time is Kafka's own of the
letter, by which the topic is kept too: an expiry is always recorded before the letter is gone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from prometheus_client import Gauge

from contracts.clock import Clock
from contracts.dead_letter import LetterExpired, Reason
from contracts.envelope import Event
from contracts.ids import FarmId, derived_id
from contracts.messages import event_type_of
from contracts.serde import Serde
from contracts.topics import (
    DEAD_LETTERS,
    LETTERS_DECIDED_WITHIN_DAYS,
    LETTERS_KEPT_DAYS,
    KafkaTopic,
)
from read_models.base import ReadModelUnavailableError
from read_models.dead_letters import LetterRow
from runtime.consume import flush
from runtime.kafka import Outbox
from runtime.lifecycle import Running

log = structlog.get_logger()

ACTOR = "read-models"
TURN_S = 15.0  # Prometheus asks as often; a letter's days are not counted by the second
EXPIRE_MAX = 500  # in one turn: two million a day
OPEN = Gauge("herd_letters_open", "Dead letters that nobody has decided on.", ["reason"])


class KnownLetters(Protocol):
    """The read model, as far as time touches it."""

    def overdue(self, before: datetime, *, limit: int) -> list[LetterRow]:
        """Open letters that came before a moment."""
        ...

    def open_by_reason(self) -> dict[Reason, int]:
        """How many letters are open."""
        ...

    def prune(self, before: datetime) -> int:
        """Forget decided letters that came before a moment."""
        ...


class Records(Protocol):
    """Where records go: `runtime.kafka.Outbox`."""

    def send(self, topic: KafkaTopic, partition: int, key: str, value: bytes) -> None:
        """Hand a record over."""
        ...


def keep_up(
    letters: KnownLetters, serde: Serde, outbox: Outbox, clock: Clock, running: Running
) -> None:
    """Let letters expire, forget old ones and count the open ones, until stopped."""
    told: set[str] = set()
    while running.goes_on():
        now = clock.now()
        try:
            told = expire(letters, serde, outbox, now, told)
            flush(outbox, running)
            letters.prune(now - timedelta(days=LETTERS_KEPT_DAYS))
            counts = letters.open_by_reason()
        except ReadModelUnavailableError as error:
            log.warning("letters_wait", error=str(error))
        else:
            for reason in Reason:
                OPEN.labels(reason=reason.value).set(counts.get(reason, 0))
        running.wait(TURN_S)


def expire(
    letters: KnownLetters, serde: Serde, outbox: Records, now: datetime, told: set[str]
) -> set[str]:
    """Send LetterExpired for what is overdue at `now` and not yet `told`; what is told by now."""
    before = now - timedelta(days=LETTERS_DECIDED_WITHIN_DAYS)
    overdue = letters.overdue(before, limit=EXPIRE_MAX)
    new = [row for row in overdue if row.letter_id not in told]
    for row, event in zip(new, expiries(new, now), strict=True):
        outbox.send(DEAD_LETTERS, row.partition, row.letter_id, serde.encode(event))
    if new:
        log.info("letters_expired", letters=len(new))
    return {row.letter_id for row in overdue}


def expiries(rows: Sequence[LetterRow], now: datetime) -> list[Event[LetterExpired]]:
    """That nobody decided on these letters, said at `now`; said again, it is the same event."""
    return [
        Event(
            event_id=derived_id("letter-expired", row.letter_id),
            event_type=event_type_of(LetterExpired),
            timestamp=now,
            aggregate_id=row.letter_id,
            actor=ACTOR,
            farm_id=None if row.farm_id is None else FarmId(row.farm_id),
            payload=LetterExpired(letter_id=row.letter_id, kept_days=LETTERS_DECIDED_WITHIN_DAYS),
        )
        for row in rows
    ]
