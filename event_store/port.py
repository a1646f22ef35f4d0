"""What a write side sees of the event store: load streams, append to them, read the whole log.

A stream is one aggregate's history, `{category}:{ids…}`, in versions 1, 2, 3 …; the log is all
streams together, in positions 1, 2, 3 … without a gap, in the order in which appends committed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from contracts.envelope import Event
from contracts.ids import FarmId

# An import of a whole herd is one append; this many hold the head of the log for 1 to 2 s.
EVENTS_MAX = 50_000
READ_MAX = 10_000  # events a read hands out at once: some 10 MB


class EventStoreError(Exception):
    """The store refused; nothing was stored."""


class VersionConflictError(EventStoreError):
    """Somebody else appended to the stream since it was loaded: load again and decide again."""

    def __init__(self, stream: str, expected_version: int, found_version: int) -> None:
        super().__init__(
            f"stream {stream} is at version {found_version}, the decision was made on version "
            f"{expected_version}: load it again and decide again"
        )
        self.stream = stream
        self.expected_version = expected_version
        self.found_version = found_version


class DuplicateEventError(EventStoreError):
    """An event with this event_id is stored already, in whatever stream."""

    def __init__(self, event_id: str) -> None:
        super().__init__(
            f"event {event_id} is stored already: its id was derived from something that is "
            "not unique, or a message was handled twice without the inbox"
        )


class AppendTooLargeError(EventStoreError):
    """More events in one append than EVENTS_MAX."""

    def __init__(self, events: int) -> None:
        super().__init__(f"{events} events in one append, at most {EVENTS_MAX}: split it")


@dataclass(frozen=True, slots=True)
class Append:
    """Events decided on one stream at one version.

    expected_version: of the stream's last event, counting the appends before this one in the same
    call; 0 = new. inbox: (consumer, message_id) of the message that led here; if it is entered
    already, the whole append is skipped, unchecked. Without events it only enters the message.
    """

    stream: str
    expected_version: int
    events: tuple[Event[Any], ...]
    inbox: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class AppendResult:
    """position: of the log after this call. events: what was stored, in order, with `stored`.

    skipped: the indexes of the appends whose message was in the inbox already.
    """

    position: int
    events: tuple[Event[Any], ...]
    skipped: tuple[int, ...]


class EventStore(Protocol):
    """An append-only log of events. Safe for several threads and processes at once."""

    def load(self, stream: str) -> tuple[Event[Any], ...]:
        """The events of a stream by version, with `stored`; none if there is no such stream."""
        ...

    def load_many(self, streams: Sequence[str]) -> dict[str, tuple[Event[Any], ...]]:
        """The same for several streams at once; every stream asked for is a key."""
        ...

    def append(self, appends: Sequence[Append]) -> AppendResult:
        """Store all of it or nothing, in one round trip.

        Raises VersionConflictError, DuplicateEventError, AppendTooLargeError.
        """
        ...

    def read(self, after_position: int, limit: int) -> list[Event[Any]]:
        """The next events of the whole log, at most `limit` (and READ_MAX), by position.

        Whoever goes on from the last position it was given misses nothing, whatever is being
        appended meanwhile.
        """
        ...

    def head(self) -> int:
        """The position of the newest event; 0 = the log is empty."""
        ...

    def epoch(self) -> str:
        """The id of this history; a restore of the store renews it."""
        ...

    def position(self, name: str) -> int:
        """How far the relay of this name has come; 0 = it has not begun."""
        ...

    def save_position(self, name: str, position: int) -> None:
        """Remember how far the relay of this name has come; never moves back."""
        ...

    def streams_by_external_id(
        self, farm_id: FarmId, external_ids: Sequence[str]
    ) -> dict[str, tuple[str, ...]]:
        """For each external id the farm's streams in which it was ever given, oldest first.

        The one thing that people look up by instead of an id of ours. Whether it still is the
        one in force, the stream itself says. An external id never given is no key.
        """
        ...

    def close(self) -> None:
        """Let go of connections; the store is not used any more."""
        ...


def checked_size(appends: Sequence[Append]) -> Sequence[Append]:
    """`appends` themselves; raises AppendTooLargeError."""
    events = sum(len(append.events) for append in appends)
    if events > EVENTS_MAX:
        raise AppendTooLargeError(events)
    return appends
