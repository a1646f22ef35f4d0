"""The fences of each farm, as the register tells them, and how far outside them a reading was.

Whoever is of a group that has fences of its own belongs inside one of those; all others inside one
of those that are for everybody. A farm has few fences, so they are kept as plain lists.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.geo import is_place, metres_outside
from pipeline.tables import Longs, as_bytes, from_bytes

Floats = NDArray[np.float64]

DRAWN, REMOVED = "fence.drawn.v1", "fence.removed.v1"
CORNERS_MIN = 3
CORNERS_MAX = 500  # each costs a pass over the readings of its farm
FENCES_MAX = 200  # of a farm


@dataclass(frozen=True, slots=True)
class _Fence:
    """group: None = everybody's. corners: (corners, 2), latitude and longitude."""

    group: str | None
    corners: tuple[tuple[float, float], ...]


class Fences:
    """Farm → fence_id → fence."""

    def __init__(self) -> None:
        self._farms: dict[str, dict[str, _Fence]] = {}

    def apply(self, farm_id: str, kind: str, details: Mapping[str, Any]) -> None:
        """A fence was drawn, drawn anew or removed; details: the event's payload."""
        fences = self._farms.setdefault(farm_id, {})
        fences.pop(str(details["fence_id"]), None)
        corners = [
            (float(c["latitude"]), float(c["longitude"])) for c in details.get("corners", ())
        ]
        bounded = CORNERS_MIN <= len(corners) <= CORNERS_MAX and len(fences) < FENCES_MAX
        if kind == DRAWN and bounded:
            fence = _Fence(details.get("group"), tuple(corners))
            fences[str(details["fence_id"])] = fence
        if not fences:
            del self._farms[farm_id]

    def of_readings(
        self,
        farms: Longs,
        find_farm: Callable[[bytes], int | None],
        group_of: Callable[[int], str | None],
        rows: Longs,
        places: tuple[Floats, Floats],
    ) -> Floats | None:
        """(readings,): metres outside; under 0 inside, NaN: no place, or no fence for her.

        farms, rows: (readings,), of their farms and animals. group_of: of an animal's row. places:
        latitude and longitude, (readings,). None: no fence stands around any of them.
        """
        outside: Floats | None = None
        for farm_id, fences in self._farms.items():
            here = np.nonzero(farms == find_farm(farm_id.encode()))[0]
            here = here[is_place(places[0][here], places[1][here])]
            if len(here):
                outside = np.full(len(farms), np.nan) if outside is None else outside
                of_group = _groups(fences, group_of, rows[here])
                for group, some in of_group.items():
                    outside[here[some]] = _nearest(fences, group, places, here[some])
        return outside

    def to_array(self) -> NDArray[np.uint8]:
        """All of them, as JSON in bytes."""
        return as_bytes(
            {
                farm: {name: [one.group, one.corners] for name, one in fences.items()}
                for farm, fences in self._farms.items()
            }
        )

    def load(self, packed: NDArray[np.uint8]) -> None:
        """Take over what to_array gave."""
        self._farms = {
            farm: {
                name: _Fence(group, tuple((north, east) for north, east in corners))
                for name, (group, corners) in fences.items()
            }
            for farm, fences in from_bytes(packed).items()
        }


def _groups(
    fences: Mapping[str, _Fence], group_of: Callable[[int], str | None], rows: Longs
) -> dict[str | None, Longs]:
    """Places in `rows` by the group whose fences are theirs; None: everybody's."""
    of_groups = {one.group for one in fences.values()} - {None}
    if not of_groups:
        return {None: np.arange(len(rows))}
    found: dict[str | None, list[int]] = {}
    group_by_row: dict[int, str | None] = {}
    for place, row in enumerate(rows.tolist()):
        if row not in group_by_row:
            group = group_of(row)
            group_by_row[row] = group if group in of_groups else None
        found.setdefault(group_by_row[row], []).append(place)
    return {group: np.array(some, np.int64) for group, some in found.items()}


def _nearest(
    fences: Mapping[str, _Fence], group: str | None, places: tuple[Floats, Floats], which: Longs
) -> Floats:
    """(which,): metres outside the nearest of the group's fences; NaN: it has none."""
    least = np.full(len(which), np.nan)
    for fence in fences.values():
        if fence.group == group:
            corners = np.array(fence.corners, np.float64)
            outside = metres_outside(places[0][which], places[1][which], corners)
            least = np.fmin(least, outside)
    return least
