"""Time: every process takes it from one of these, never from the system directly.

FarmClock is a pure function of the wall clock and its settings, the same in every process, so
that a demo may run 60 times as fast and all of it still agrees on what time it is.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where a process gets its time from."""

    def now(self) -> datetime:
        """The time on the farm, aware UTC."""
        ...


class SystemClock:
    """The machine's clock: production."""

    def now(self) -> datetime:
        """The wall clock, aware UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FarmClock:
    """Starts `lead` before real_start, runs `speed` times as fast until it meets the wall clock.

    It never passes the wall clock: once the lead is used up it *is* the wall clock.
    """

    real_start: datetime
    lead: timedelta
    speed: float

    def now(self) -> datetime:
        """The time on the farm, aware UTC."""
        return self.at(datetime.now(UTC))

    def at(self, wall: datetime) -> datetime:
        """The time on the farm when the wall clock shows `wall`."""
        elapsed = max(wall - self.real_start, timedelta(0))
        return min(wall, self.real_start - self.lead + elapsed * self.speed)


class FakeClock:
    """A clock that stands still until told to move."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """The time it was set to."""
        return self._now

    def advance(self, step: timedelta) -> None:
        """Move on by `step`."""
        self._now += step


def iso(moment: datetime) -> str:
    """ISO 8601 with `Z`, as every JSON of ours writes an aware UTC time."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
