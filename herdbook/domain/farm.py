"""A farm's own time while it imports its past: moved on step by step, until the farm is live.

Time moved means: everything up to there has been told and answered. So an order that lies behind
changes nothing, and one ahead of now is refused, since nobody can have told what is to come.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, assert_never

from contracts.animal_event import FarmLive, FarmTimeMoved
from contracts.clock import iso
from contracts.envelope import Event
from contracts.ids import FarmId, checked_id
from herdbook.domain.commands import FarmCommand, GoLive, MoveTime
from herdbook.domain.errors import CorruptStreamError, FarmIsLiveError, TimeRefusedError

CATEGORY = "farm"

FarmEvent = FarmTimeMoved | FarmLive


@dataclass(frozen=True, slots=True, kw_only=True)
class Farm:
    """moved_to: how far it has told its past, None = it imports none. live: that is over."""

    moved_to: datetime | None = None
    live: bool = False


def farm_stream(farm_id: FarmId) -> str:
    """The stream of one farm; raises InvalidIdError."""
    return f"{CATEGORY}:{checked_id('farm', farm_id)}"


def decide_farm(farm: Farm, command: FarmCommand, now: datetime) -> tuple[FarmEvent, ...]:
    """Which events follow at `now`; none if the register says so already.

    Raises FarmIsLiveError, TimeRefusedError.
    """
    match command:
        case MoveTime():
            if farm.live:
                raise FarmIsLiveError(command.farm_id)
            if command.to > now:
                raise TimeRefusedError(
                    f"time cannot be moved to {iso(command.to)}: it is {iso(now)}"
                )
            if farm.moved_to is not None and command.to <= farm.moved_to:
                return ()
            return (FarmTimeMoved(to_at=command.to.astimezone(UTC)),)
        case GoLive():
            return () if farm.live else (FarmLive(imported_to_at=farm.moved_to),)
        case _:
            assert_never(command)


def evolve_farm(farm: Farm, event: Event[Any]) -> Farm:
    """Apply one stored event; raises CorruptStreamError where it cannot follow."""
    match event.payload:
        case FarmTimeMoved() if not farm.live:
            return replace(farm, moved_to=event.payload.to_at)
        case FarmLive():
            return replace(farm, live=True)
        case _:
            raise CorruptStreamError(event, farm)


def fold_farm(events: Iterable[Event[Any]]) -> Farm:
    """What is known after these events of one stream."""
    farm = Farm()
    for event in events:
        farm = evolve_farm(farm, event)
    return farm
