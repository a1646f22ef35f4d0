"""The event store in memory: defines what the real one must do, and makes write sides testable."""

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contracts.clock import Clock, SystemClock
from contracts.envelope import Event, Stored
from contracts.ids import FarmId, new_id
from event_store.port import (
    READ_MAX,
    Append,
    AppendResult,
    DuplicateEventError,
    VersionConflictError,
    checked_size,
)


class MemoryEventStore:
    """An EventStore that forgets with its process; one lock makes each call whole."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._epoch = new_id()
        self._log: list[Event[Any]] = []
        self._streams: dict[str, list[Event[Any]]] = defaultdict(list)
        self._ids: set[str] = set()
        self._inbox: set[tuple[str, str]] = set()
        self._positions: dict[str, int] = {}

    def load(self, stream: str) -> tuple[Event[Any], ...]:
        """The events of one stream."""
        return self.load_many([stream])[stream]

    def load_many(self, streams: Sequence[str]) -> dict[str, tuple[Event[Any], ...]]:
        """The events of several streams."""
        with self._lock:
            return {stream: tuple(self._streams.get(stream, ())) for stream in streams}

    def append(self, appends: Sequence[Append]) -> AppendResult:
        """Check everything first, then store it: no half of it is ever seen."""
        with self._lock:
            kept, skipped = self._not_in_inbox(checked_size(appends))
            self._check_versions(kept)
            self._check_ids(kept)
            stored = self._stored(kept)
            for event, place in stored:
                self._log.append(event)
                self._streams[place.stream].append(event)
                self._ids.add(event.event_id)
            self._inbox.update(append.inbox for append in kept if append.inbox)
            return AppendResult(len(self._log), tuple(event for event, _ in stored), skipped)

    def read(self, after_position: int, limit: int) -> list[Event[Any]]:
        """The log after a position."""
        with self._lock:
            return self._log[after_position : after_position + min(limit, READ_MAX)]

    def head(self) -> int:
        """The newest position."""
        with self._lock:
            return len(self._log)

    def epoch(self) -> str:
        """The id of this history."""
        return self._epoch

    def position(self, name: str) -> int:
        """How far a relay has come."""
        with self._lock:
            return self._positions.get(name, 0)

    def save_position(self, name: str, position: int) -> None:
        """Remember it."""
        with self._lock:
            self._positions[name] = max(position, self._positions.get(name, 0))

    def streams_by_external_id(
        self, farm_id: FarmId, external_ids: Sequence[str]
    ) -> dict[str, tuple[str, ...]]:
        """Streams of the farm in which an external id was ever given."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        with self._lock:
            for event in self._log:
                given: str | None = getattr(event.payload, "external_id", None)
                if given is None or event.stored is None or event.farm_id != farm_id:
                    continue
                if given in external_ids:
                    found[given][event.stored.stream] = None
        return {external_id: tuple(streams) for external_id, streams in found.items()}

    def close(self) -> None:
        """Nothing to let go of."""

    def _not_in_inbox(self, appends: Sequence[Append]) -> tuple[list[Append], tuple[int, ...]]:
        kept: list[Append] = []
        skipped: list[int] = []
        entered = set(self._inbox)
        for index, append in enumerate(appends):
            if append.inbox is not None and append.inbox in entered:
                skipped.append(index)
                continue
            if append.inbox is not None:
                entered.add(append.inbox)
            kept.append(append)
        return kept, tuple(skipped)

    def _check_versions(self, appends: Sequence[Append]) -> None:
        versions: dict[str, int] = {}
        for append in appends:
            found = versions.get(append.stream, len(self._streams.get(append.stream, ())))
            if append.expected_version != found:
                raise VersionConflictError(append.stream, append.expected_version, found)
            versions[append.stream] = found + len(append.events)

    def _check_ids(self, appends: Sequence[Append]) -> None:
        ids = set(self._ids)
        for event in (event for append in appends for event in append.events):
            if event.event_id in ids:
                raise DuplicateEventError(event.event_id)
            ids.add(event.event_id)

    def _stored(self, appends: Sequence[Append]) -> list[tuple[Event[Any], Stored]]:
        newest = self._log[-1].stored if self._log else None
        now = self._clock.now()
        recorded_at = max(now, newest.recorded_at) if newest else now
        stored: list[tuple[Event[Any], Stored]] = []
        for append in appends:
            for number, event in enumerate(append.events, append.expected_version + 1):
                position = len(self._log) + len(stored) + 1
                place = Stored(self._epoch, position, append.stream, number, recorded_at)
                stored.append((replace(event, stored=place), place))
        return stored
