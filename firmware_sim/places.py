"""Where an animal is, minute by minute: in her pen, or on the herd's way over its range. Pure.

In a pen she lies in a cubicle, eats at the fence along the feed and walks between; on range the
herd goes from where it slept to grass, to water, to grass and to sleep, each animal some tens of
metres from its middle. A receiver of satellites is some metres off, and slowly so.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from firmware_sim.barn import MINUTES
from firmware_sim.day import Doing
from firmware_sim.draws import Floats, drawn_from, line, wave
from firmware_sim.effects import DAY_MINUTES
from firmware_sim.stage import Kind

METRES_A_DEGREE = 111_320.0  # of latitude
HALF_PEN_M = (14.0, 38.0)  # north, east: a pen of 60 cows
HALF_CALF_PEN_M = (5.0, 8.0)
HALF_RANGE_M = (450.0, 600.0)
APART_M = 45.0  # from the herd's middle
WATER_MINUTES = (300, 345)  # of the day: 09:00 UTC
WANDERS_M, SHAKES_M = 2.5, 1.5  # errors of position, slow and from fix to fix

# minute of the herd's day, and what it is then at: the first and last are the same bed
_BED, _GRASS, _WATER = "bed", "grass", "water"
_WAY = (
    (0, _BED, 0),
    (75, _GRASS, 1),
    (225, _GRASS, 2),
    (WATER_MINUTES[0], _WATER, 0),
    (WATER_MINUTES[1], _WATER, 0),
    (480, _GRASS, 3),
    (720, _GRASS, 4),
    (900, _GRASS, 5),
    (1080, _BED, 1),
    (DAY_MINUTES, _BED, 1),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a herd is kept: its centre in degrees, and half its extent in metres."""

    latitude: float
    longitude: float
    north_m: float
    east_m: float

    def corners(self, margin_m: float) -> list[tuple[float, float]]:
        """Latitude and longitude of the four corners of a fence so far outside."""
        north_m, east_m = self.north_m + margin_m, self.east_m + margin_m
        ways = ((-1, -1), (-1, 1), (1, 1), (1, -1))
        return [self._at(north * north_m, east * east_m) for north, east in ways]

    def degrees(self, north_m: Floats, east_m: Floats) -> tuple[Floats, Floats]:
        """Latitude and longitude so many metres from the centre."""
        shrinks = math.cos(math.radians(self.latitude))
        return (
            self.latitude + north_m / METRES_A_DEGREE,
            self.longitude + east_m / (METRES_A_DEGREE * shrinks),
        )

    def _at(self, north_m: float, east_m: float) -> tuple[float, float]:
        latitude, longitude = self.degrees(np.array(north_m), np.array(east_m))
        return float(latitude), float(longitude)


def place_of(herd: str, kind: Kind) -> Place:
    """Where the herd with that seed is kept: its animals never leave it by themselves."""
    rng = drawn_from(herd, "place")
    half_m = {Kind.DAIRY: HALF_PEN_M, Kind.CALF: HALF_CALF_PEN_M, Kind.BEEF: HALF_RANGE_M}[kind]
    return Place(float(rng.uniform(47.0, 53.0)), float(rng.uniform(6.0, 13.0)), *half_m)


def whereabouts(
    seed: str, herd: str, number: int, kind: Kind, does: Doing
) -> tuple[Floats, Floats]:
    """(1440,) each: metres north and east of the centre as a receiver tells them."""
    place = place_of(herd, kind)
    rng = drawn_from(seed, "where", number)
    if kind is Kind.BEEF:
        north_m, east_m = _herds_way(herd, number)
        days = number + MINUTES / DAY_MINUTES
        north_m = north_m + APART_M * line(seed, "apart north", days * 12).clip(-2.2, 2.2)
        east_m = east_m + APART_M * line(seed, "apart east", days * 12).clip(-2.2, 2.2)
    else:
        north_m, east_m = _in_her_pen(place, does, rng)
    wanders = WANDERS_M * np.stack([wave(rng, DAY_MINUTES, 20), wave(rng, DAY_MINUTES, 20)])
    errors = wanders + SHAKES_M * rng.standard_normal((2, DAY_MINUTES))
    return north_m + errors[0], east_m + errors[1]


def _in_her_pen(place: Place, does: Doing, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """A spot for each spell of doing one thing, and some minutes of way between them."""
    what = does.lying + 2 * does.eating + 4 * does.walking
    spell = np.concatenate([[0], np.cumsum(np.diff(what) != 0)])
    spots = rng.uniform(-1.0, 1.0, (2, int(spell[-1]) + 1))
    north = np.where(does.eating, 0.9, 0.8 * spots[0, spell])  # the feed lies along the north
    smooth = np.ones(5) / 5
    around = np.stack([np.pad(one, 2, mode="edge") for one in (north, 0.9 * spots[1, spell])])
    way = [np.convolve(one, smooth, mode="valid") for one in around]
    return place.north_m * way[0], place.east_m * way[1]


@lru_cache(maxsize=64)  # a herd's animals ask for the same days
def _herds_way(herd: str, number: int) -> tuple[Floats, Floats]:
    """(1440,) each: the herd's middle, from last night's bed over grass and water to the next."""
    minutes = np.array([minute for minute, _, _ in _WAY])
    spots = np.array([_spot(herd, number, what, which) for _, what, which in _WAY])
    half_m = np.array(HALF_RANGE_M) - 2.4 * APART_M
    north, east = (np.interp(MINUTES, minutes, spots[:, axis]) for axis in (0, 1))
    return half_m[0] * north, half_m[1] * east


def _spot(herd: str, number: int, what: str, which: int) -> Floats:
    """(2,): -1 … 1 north and east; a night's bed is the next morning's, the water stays."""
    key = {_BED: number + which, _WATER: 0, _GRASS: 8 * number + which}[what]
    return drawn_from(herd, what, key).uniform(-1.0, 1.0, 2)
