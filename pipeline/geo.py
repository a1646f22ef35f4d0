"""Places on a farm: metres between them, and how far one lies outside a fence.

A farm is small, so a degree is taken for as many metres all over it. Sines are made of sums and
products alone: those give the same bits on every machine, a library's do not.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.tables import Mask

Floats = NDArray[np.float64]

METRES_PER_DEGREE = 111_195.0  # of a great circle: mean radius of the earth 6,371 km
RADIANS_PER_DEGREE = 0.017453292519943295
LATITUDE_MAX, LONGITUDE_MAX = 90.0, 180.0
NOWHERE = 1e-3  # degrees around (0, 0): what a receiver says that has no fix yet


def is_place(latitude: Floats, longitude: Floats) -> Mask:
    """Whether these are places at all: not NaN, on the globe, and not (0, 0)."""
    nowhere = (np.abs(latitude) < NOWHERE) & (np.abs(longitude) < NOWHERE)
    on_globe = (np.abs(latitude) <= LATITUDE_MAX) & (np.abs(longitude) <= LONGITUDE_MAX)
    found: Mask = on_globe & ~nowhere
    return found


def narrowing(latitude: Floats) -> Floats:
    """How much narrower a degree of longitude is there than at the equator: the cosine."""
    square = (latitude * RADIANS_PER_DEGREE) ** 2
    series = 1.0 - square / 56.0 * (1.0 - square / 90.0)
    cosine = 1.0 - square / 2.0 * (1.0 - square / 12.0 * (1.0 - square / 30.0 * series))
    narrow: Floats = np.maximum(cosine, 1e-6)
    return narrow


def metres_between(
    latitude: Floats, longitude: Floats, other_latitude: Floats, other_longitude: Floats
) -> Floats:
    """How far apart the places are, in pairs; NaN where one is."""
    north = (other_latitude - latitude) * METRES_PER_DEGREE
    east = (other_longitude - longitude) * METRES_PER_DEGREE * narrowing(latitude)
    apart: Floats = np.sqrt(north * north + east * east)
    return apart


def metres_outside(latitude: Floats, longitude: Floats, corners: Floats) -> Floats:
    """(places,): metres to the fence from places outside it; under 0: inside, so far from it.

    corners: (corners, 2), latitude and longitude in order; the last is joined to the first.
    """
    origin = corners[0]
    width = METRES_PER_DEGREE * narrowing(origin[:1])[0]
    north = (latitude - origin[0]) * METRES_PER_DEGREE
    east = (longitude - origin[1]) * width
    fence_north = (corners[:, 0] - origin[0]) * METRES_PER_DEGREE
    fence_east = (corners[:, 1] - origin[1]) * width
    nearest = np.full(len(north), np.inf)
    inside = np.zeros(len(north), np.bool_)
    for one in range(len(corners)):  # the corner before the first is the last
        x, y = fence_east[one - 1], fence_north[one - 1]
        dx, dy = fence_east[one] - x, fence_north[one] - y
        along = ((east - x) * dx + (north - y) * dy) / max(dx * dx + dy * dy, 1e-12)
        along = np.minimum(np.maximum(along, 0.0), 1.0)
        off_x, off_y = east - x - along * dx, north - y - along * dy
        nearest = np.minimum(nearest, off_x * off_x + off_y * off_y)
        # a ray to the east crosses a fence an odd number of times from inside
        spans = (y > north) != (y + dy > north)
        inside ^= spans & (east < x + dx * (north - y) / (dy or 1.0))
    distance: Floats = np.sqrt(nearest)
    return np.where(inside, -distance, distance)
