"""What a demo farm remembers of itself from one start to the next: `demo.json` in its directory.

Its animals and their days are a pure function of the seed and of where its past begins, so that a
farm that was killed goes on as the same farm, and what its collars send twice is the same readings.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from contracts.clock import FarmClock

FILE = "demo.json"
LEAD = timedelta(hours=2)  # told in two minutes at the usual speed
BACKLOG_MAX = timedelta(hours=72)  # what the collars of a farm that was off make up: late_max
READY_S = 14.0  # until the services of a farm answer
# Laying history: what a machine with two cores gets through all of the way in, measured
LAID_PER_S = 5700.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoMemory:
    """past_from: where its past begins. laid_to: everything before it is laid.

    live: the past has been imported; from then on collars send as they measure. held_from: of the
    oldest reading that no answer had come for, a silent collar's; what flash keeps over a stop.
    """

    seed: int
    animals: int
    past_from: datetime
    laid_to: datetime
    live: bool = False
    held_from: datetime | None = None

    def write(self, data: Path) -> None:
        """Replace the file in one step."""
        scratch = data / f"{FILE}.new"
        scratch.write_bytes(msgspec.json.encode(self))
        scratch.replace(data / FILE)


def read_memory(data: Path) -> DemoMemory | None:
    """What a farm remembers; None for a directory that held no demo yet."""
    try:
        return msgspec.json.decode((data / FILE).read_bytes(), type=DemoMemory)
    except FileNotFoundError:
        return None


def measured_since(memory: DemoMemory, clock: FarmClock, start: datetime) -> datetime:
    """From when on the collars measure again: what is older than late_max nobody would judge."""
    if not memory.live:
        return memory.laid_to
    since = memory.laid_to
    if memory.held_from is not None:
        since = min(since, memory.held_from - timedelta(seconds=1))  # a grid begins after `since`
    return max(since, clock.at(start) - BACKLOG_MAX)


def clock_of(memory: DemoMemory, start: datetime, *, speed: float, interval_s: int) -> FarmClock:
    """The farm's clock for a start at `start` (aware UTC).

    It stands `lead` behind while services start and the past is laid, then runs `speed` times as
    fast until it meets real time. It begins no earlier than where the farm stopped: log time never
    goes back. Speed 1 has no lead: it would never be made up.
    """
    behind = start - memory.laid_to if memory.live else LEAD
    lead = min(LEAD, max(behind, timedelta(0))) if speed > 1 else timedelta(0)
    missing = max(start - lead - memory.laid_to, timedelta(0))
    readings = memory.animals * missing / timedelta(seconds=interval_s)
    real_start = start + timedelta(seconds=READY_S + readings / LAID_PER_S)
    return FarmClock(real_start, lead, speed)
