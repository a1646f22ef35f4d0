"""Records of the dead letters made by hand, and a log that hands them out as Kafka would."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from contracts.dead_letter import (
    DeadLetter,
    LetterDiscarded,
    LetterExpired,
    LetterRetried,
    LetterRetryAsked,
    Reason,
    RetryOutcome,
)
from contracts.topics import DEAD_LETTERS, PARTITIONS
from read_models.adapters.letter_log import LetterSlice
from read_models.base import Offsets, Place
from read_models.dead_letters import LetterRecord
from tests.builders import FARM, MORNING, an_event

RAW = b'{"boot_id": 1, "readings": []}'


@dataclass
class Post:
    """One partition of the dead letters, each record appended a minute after the one before."""

    partition: int = 3
    appended_at: datetime = MORNING
    records: list[LetterRecord] = field(default_factory=list)

    def add(self, letter_id: str, payload: Any, **envelope: Any) -> LetterRecord:  # noqa: ANN401
        """The next record, about a letter."""
        self.appended_at += timedelta(minutes=1)
        given: dict[str, Any] = {"aggregate_id": letter_id, "timestamp": self.appended_at}
        event = an_event(payload, **(given | envelope))
        record = LetterRecord(event, self.partition, len(self.records), self.appended_at)
        self.records.append(record)
        return record

    def letter(self, letter_id: str, **said: Any) -> LetterRecord:  # noqa: ANN401  any field
        """A collar that nobody knows has sent something."""
        farm = said.pop("farm", FARM)
        values: dict[str, Any] = {
            "reason": Reason.UNKNOWN_COLLAR,
            "detail": "collar c-17 is not in the register",
            "origin": f"mqtt:herd/v1/{farm}/c-17/readings",
            "service": "gateway",
            "received_at": MORNING,
            "tries": 1,
            "raw": RAW,
            "collar_id": "c-17",
        }
        payload = DeadLetter(**(values | said))
        return self.add(letter_id, payload, farm_id=farm, event_id=letter_id)

    def asked(self, letter_id: str, raw: bytes = RAW) -> LetterRecord:
        """Somebody wants it sent again."""
        origin = f"mqtt:herd/v1/{FARM}/c-17/readings"
        payload = LetterRetryAsked(
            letter_id=letter_id, origin=origin, received_at=MORNING, tries=1, raw=raw
        )
        return self.add(letter_id, payload, actor="user:cli")

    def taken(self, letter_id: str, readings: int = 1, tries: int = 2) -> LetterRecord:
        """It got through."""
        payload = LetterRetried(
            letter_id=letter_id, outcome=RetryOutcome.TAKEN, tries=tries, readings=readings
        )
        return self.add(letter_id, payload, actor="gateway")

    def refused(self, letter_id: str, reason: Reason = Reason.NOT_WORN) -> LetterRecord:
        """It did not."""
        payload = LetterRetried(
            letter_id=letter_id,
            outcome=RetryOutcome.REFUSED,
            tries=2,
            readings=0,
            reason=reason,
            detail="no animal wore it",
        )
        return self.add(letter_id, payload, actor="gateway")

    def discarded(self, letter_id: str) -> LetterRecord:
        """Somebody threw it away."""
        payload = LetterDiscarded(letter_id=letter_id, why="a test of the maker's")
        return self.add(letter_id, payload, actor="user:anna")

    def expired(self, letter_id: str) -> LetterRecord:
        """Nobody decided."""
        payload = LetterExpired(letter_id=letter_id, kept_days=30)
        return self.add(letter_id, payload, actor="read-models")


class MemoryLetterLog:
    """LogReader over lists, handed out in slices of `batch_max` records."""

    def __init__(self, *posts: Post, batch_max: int = 64) -> None:
        self.places: dict[Place, list[LetterRecord]] = {
            Place(DEAD_LETTERS.name, partition): [] for partition in range(PARTITIONS)
        }
        for post in posts:
            self.places[Place(DEAD_LETTERS.name, post.partition)] += post.records
        self.batch_max = batch_max
        self._next: dict[Place, int] = {}

    def read_from(self, offsets: Offsets) -> None:
        """Go on at these offsets."""
        self._next = {place: offsets.get(place, 0) for place in self.places}

    def poll(self) -> list[LetterSlice]:
        """The next slice of every place that has one."""
        pieces = []
        for place, start in self._next.items():
            records = self.places[place][start : start + self.batch_max]
            if records:
                self._next[place] = start + len(records)
                pieces.append(LetterSlice(place, start + len(records), tuple(records)))
        return pieces

    def ends(self) -> Offsets:
        """How long each list is."""
        return {place: len(records) for place, records in self.places.items()}

    def reached(self, offsets: Offsets, ends: Offsets) -> bool:
        """A list has no offsets without records."""
        return all(offsets.get(place, 0) >= end for place, end in ends.items())

    def heard_at(self) -> datetime | None:
        """A time after everything appended."""
        return MORNING + timedelta(days=1)
