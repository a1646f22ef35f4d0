"""Questions to several stores for one answer: a store that is away is named in it, not raised.

The worklist is the heart of a screen and is asked plainly; what stands beside it (freshness,
curves, names, track records) may fail without taking the cases from the farmer's sight.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import structlog

from api.adapters.outages import OUTAGES

log = structlog.get_logger()
T = TypeVar("T")

# A store that hangs costs who asks it some seconds: one request in this time finds out, the others
# answer without it. All together they would take every thread, and the orders would wait.
AWAY_S = 5.0


class Absences:
    """The stores that were away a moment ago. Threads share it."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def met(self, store: str) -> None:
        """It did not answer."""
        self._until[store] = time.monotonic() + AWAY_S

    def known(self, store: str) -> bool:
        """Whether asking it now would only cost time."""
        return time.monotonic() < self._until.get(store, 0.0)


class Gathering:
    """One answer in the making. missing: the stores that could not be asked."""

    def __init__(self, absences: Absences) -> None:
        self._absences = absences
        self.missing: list[str] = []

    def ask(self, store: str, question: Callable[[], T]) -> T | None:
        """What the store answers, None if it is away."""
        if not self._absences.known(store):
            try:
                return question()
            except OUTAGES as error:
                log.warning("store_unavailable", store=store, error=str(error))
                self._absences.met(store)
        if store not in self.missing:
            self.missing.append(store)
        return None
