"""A farm: its fences, its detectors' own limits, and its time while it imports its past.

Time is moved on step by step, until the farm is live. Time moved means: everything up to there has
been told and answered. So an order that lies behind changes nothing, and one ahead of now is
refused, since nobody can have told what is to come.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, assert_never

from contracts.animal_event import (
    DetectorTuned,
    FarmLive,
    FarmTimeMoved,
    FenceDrawn,
    FenceRemoved,
)
from contracts.clock import iso
from contracts.envelope import Event
from contracts.ids import FarmId, checked_id
from herdbook.domain.commands import (
    DrawFence,
    FarmCommand,
    GoLive,
    MoveTime,
    RemoveFence,
    TuneDetector,
)
from herdbook.domain.errors import (
    CorruptStreamError,
    FarmIsLiveError,
    FenceRefusedError,
    LimitRefusedError,
    TimeRefusedError,
)
from herdbook.domain.facts import checked_text

CATEGORY = "farm"

FarmEvent = FarmTimeMoved | FarmLive | FenceDrawn | FenceRemoved | DetectorTuned
CORNERS_MIN, CORNERS_MAX = 3, 100  # two enclose nothing; a paddock walked on foot has some dozens
LATITUDE_MAX, LONGITUDE_MAX = 90.0, 180.0
FENCES_MAX, LIMITS_MAX = 200, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Farm:
    """moved_to: how far it has told its past, None = it imports none. live: that is over.

    fences: by id. tuned: the detectors that judge it by limits of its own.
    """

    moved_to: datetime | None = None
    live: bool = False
    fences: dict[str, FenceDrawn] = field(default_factory=dict)
    tuned: dict[str, DetectorTuned] = field(default_factory=dict)


def farm_stream(farm_id: FarmId) -> str:
    """The stream of one farm; raises InvalidIdError."""
    return f"{CATEGORY}:{checked_id('farm', farm_id)}"


def decide_farm(farm: Farm, command: FarmCommand, now: datetime) -> tuple[FarmEvent, ...]:
    """Which events follow at `now`; none if the register says so already.

    Raises FarmIsLiveError, TimeRefusedError, FenceRefusedError, LimitRefusedError,
    TextRefusedError, InvalidIdError.
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
        case DrawFence():
            fence = _checked_fence(farm, command.fence)
            return () if farm.fences.get(fence.fence_id) == fence else (fence,)
        case RemoveFence():
            if command.fence_id not in farm.fences:
                raise FenceRefusedError(f"no fence {command.fence_id} on farm {command.farm_id}")
            return (FenceRemoved(fence_id=command.fence_id),)
        case TuneDetector():
            tuned = _checked_limits(command.tuned)
            known = farm.tuned.get(tuned.detector)
            same = (known.limits if known else ()) == tuned.limits
            return () if same else (tuned,)
        case _:
            assert_never(command)


def _checked_fence(farm: Farm, fence: FenceDrawn) -> FenceDrawn:
    checked_id("fence", fence.fence_id)
    checked_text("name", fence.name)
    checked_text("group", fence.group)
    if not CORNERS_MIN <= len(set(fence.corners)) <= len(fence.corners) <= CORNERS_MAX:
        raise FenceRefusedError(
            f"fence {fence.fence_id} has {len(fence.corners)} corners: "
            f"{CORNERS_MIN} different ones to {CORNERS_MAX} make a fence"
        )
    for corner in fence.corners:
        inside = abs(corner.latitude) <= LATITUDE_MAX and abs(corner.longitude) <= LONGITUDE_MAX
        if not inside:  # NaN too
            raise FenceRefusedError(f"{corner} is no place on earth: degrees are asked for")
    if fence.fence_id not in farm.fences and len(farm.fences) >= FENCES_MAX:
        raise FenceRefusedError(f"a farm has at most {FENCES_MAX} fences: remove one first")
    return fence


def _checked_limits(tuned: DetectorTuned) -> DetectorTuned:
    checked_text("detector", tuned.detector)
    checked_text("reason", tuned.reason)
    names = [limit.name for limit in tuned.limits]
    if len(set(names)) < len(names) or len(names) > LIMITS_MAX:
        raise LimitRefusedError(f"each limit of {tuned.detector} is told once: {names}")
    for limit in tuned.limits:
        if not math.isfinite(limit.value):
            raise LimitRefusedError(f"{tuned.detector} {limit.name}: {limit.value} is no limit")
    return tuned


def evolve_farm(farm: Farm, event: Event[Any]) -> Farm:
    """Apply one stored event; raises CorruptStreamError where it cannot follow."""
    match event.payload:
        case FarmTimeMoved() if not farm.live:
            return replace(farm, moved_to=event.payload.to_at)
        case FarmLive():
            return replace(farm, live=True)
        case FenceDrawn() as fence:
            return replace(farm, fences=farm.fences | {fence.fence_id: fence})
        case FenceRemoved() as removed:
            left = {key: one for key, one in farm.fences.items() if key != removed.fence_id}
            return replace(farm, fences=left)
        case DetectorTuned() as tuned:
            return replace(farm, tuned=farm.tuned | {tuned.detector: tuned})
        case _:
            raise CorruptStreamError(event, farm)


def fold_farm(events: Iterable[Event[Any]]) -> Farm:
    """What is known after these events of one stream."""
    farm = Farm()
    for event in events:
        farm = evolve_farm(farm, event)
    return farm
