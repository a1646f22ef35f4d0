"""When a herd measures: so many readings a second, or each collar on its grid of the farm's time.

The first is for tests and load, where a second of waiting is a second lost. The second is for a
farm that lives: the clock may stand still, run 60 times as fast and then be real; no place of the
grid is left out while the herd runs, and none is measured twice.
"""

import heapq
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from contracts.clock import Clock
from firmware_sim.collar import Buffered
from firmware_sim.grid import grid_of
from firmware_sim.history import measured
from firmware_sim.member import Member

Fresh = list[tuple[Member, Buffered]]

STEP = timedelta(hours=6)  # of one collar at once: a quarter of one of her days
TURN_READINGS_MAX = 10_000  # then answers are listened to before more is measured
GRID_WAIT_S = 0.05  # farm time may run: nobody can tell how long until the next place


class EverySoOften:
    """Each collar measures every `every_s` real seconds, at the farm's time of that moment."""

    def __init__(
        self, members: Sequence[Member], clock: Clock, *, every_s: float, interval_s: int
    ) -> None:
        self._members = members
        self._clock = clock
        self._every_s = every_s
        self._interval_s = interval_s
        self._due: list[tuple[float, int]] = []

    def begin(self) -> None:
        """Spread the collars over the first `every_s` from now."""
        now_s, every_s = time.monotonic(), self._every_s
        self._due = [
            (now_s + n * every_s / len(self._members), n) for n in range(len(self._members))
        ]
        heapq.heapify(self._due)

    def now(self) -> datetime:
        """The time of what is measured now."""
        return self._clock.now()

    def measure(self, *, measuring: bool) -> Fresh:
        """Take the readings that are due; while not `measuring`, let them pass."""
        now_s = time.monotonic()
        fresh: Fresh = []
        while self._due[0][0] <= now_s:
            at_s, number = heapq.heappop(self._due)
            # after a halt of this machine the herd goes on from now, it does not catch up
            heapq.heappush(self._due, (max(at_s + self._every_s, now_s - self._every_s), number))
            member, at = self._members[number], self._clock.now()
            if measuring and not member.loses(at):
                measures = member.animal.measures(at, self._interval_s)
                fresh.append((member, member.collar.measured(measures, at, self._interval_s)))
        return fresh

    def wait_s(self) -> float:
        """Until the next is due."""
        return max(0.0, self._due[0][0] - time.monotonic())


class OnItsGrid:
    """Each collar measures at its places after `since`, up to a horizon that is moved on.

    The horizon stands at `since` at first; `reach` moves it, `follow_clock` ties it to the clock.
    Other threads may call these two; all else belongs to the herd's thread.
    """

    def __init__(
        self, members: Sequence[Member], clock: Clock, *, since: datetime, interval_s: int
    ) -> None:
        self._members = members
        self._clock = clock
        self._horizon: datetime | None = since
        self._grids = [grid_of(member.worn.collar_id, interval_s) for member in members]
        self._reached = [since for _ in members]
        self._due = [(self._next(number), number) for number in range(len(members))]
        heapq.heapify(self._due)

    def begin(self) -> None:
        """The grid is where it is, whenever the herd starts."""

    def reach(self, until: datetime) -> None:
        """Measure up to `until`, even if the clock is not there yet; none ever goes back."""
        self._horizon = until

    def follow_clock(self) -> None:
        """Measure as the farm's time goes on."""
        self._horizon = None

    def now(self) -> datetime:
        """Up to when is measured: the horizon, or the farm's time."""
        return self._horizon or self._clock.now()

    def has_measured(self, until: datetime) -> bool:
        """Whether no place up to `until` is left."""
        return self._due[0][0] > until

    def measure(self, *, measuring: bool) -> Fresh:
        """Take the readings of all places up to now; while not `measuring`, they wait."""
        fresh: Fresh = []
        until = self.now()
        while measuring and self._due[0][0] <= until:
            at, number = heapq.heappop(self._due)
            to = min(until, at + STEP)
            fresh += self._measured(number, to)
            self._reached[number] = to
            heapq.heappush(self._due, (self._next(number), number))
            if len(fresh) >= TURN_READINGS_MAX:
                break
        return fresh

    def wait_s(self) -> float:
        """How long may pass before the farm's time is looked at again."""
        return GRID_WAIT_S

    def _measured(self, number: int, to: datetime) -> Fresh:
        member = self._members[number]
        found = measured(
            member.animal, member.worn.collar_id, self._grids[number], self._reached[number], to
        )
        return [(member, reading) for reading in member.keep(found)]

    def _next(self, number: int) -> datetime:
        grid = self._grids[number]
        return grid.time_of(max(1, grid.last_until(self._reached[number]) + 1))
