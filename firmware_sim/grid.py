"""When a collar measures: places on a grid of its own, counted since one fixed day. Pure.

A reading's seq is its place, so that a simulator that was killed and starts again sends the same
event for the same time, without having kept anything.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contracts.ids import CollarId

BEGINS_AT = datetime(2020, 1, 1, tzinfo=UTC)  # before any reading of ours
BOOT_ID = 1  # a collar on its grid never boots again: its places count on


@dataclass(frozen=True, slots=True)
class Grid:
    """Place k lies phase_s + k times interval_s after BEGINS_AT, whole seconds; it is the seq."""

    interval_s: int
    phase_s: int

    def time_of(self, place: int) -> datetime:
        """When that place is, aware UTC."""
        return BEGINS_AT + timedelta(seconds=self.phase_s + place * self.interval_s)

    def last_until(self, at: datetime) -> int:
        """The last place not after `at`; under 1 before the first."""
        seconds = (at - BEGINS_AT) // timedelta(seconds=1)
        return (seconds - self.phase_s) // self.interval_s


def grid_of(collar_id: CollarId, interval_s: int) -> Grid:
    """The grid of one collar: collars are spread over the interval, by their ids alone."""
    digest = hashlib.blake2b(collar_id.encode(), digest_size=8).digest()
    return Grid(interval_s, int.from_bytes(digest, "big") % interval_s)
