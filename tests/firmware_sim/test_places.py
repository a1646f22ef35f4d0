"""Where she is: in her pen, or with her herd on its range, and where a condition takes her."""

import numpy as np
import pytest

from firmware_sim.animal import Animal
from firmware_sim.draws import Floats
from firmware_sim.effects import Effects
from firmware_sim.places import METRES_A_DEGREE, place_of
from firmware_sim.stage import Kind, Stage
from tests.builders import MORNING

TIMES_S = MORNING.timestamp() + 300 * np.arange(1, 288 * 5 + 1, dtype=np.float64)


def metres(animal: Animal) -> tuple[Floats, Floats]:
    """North and east of her herd's centre, (times,) each."""
    found = animal.columns(TIMES_S, 300, ["latitude", "longitude"])
    place = place_of("home", animal.stage.kind)
    shrinks = np.cos(np.radians(place.latitude))
    return (
        (found["latitude"] - place.latitude) * METRES_A_DEGREE,
        (found["longitude"] - place.longitude) * METRES_A_DEGREE * shrinks,
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_nobody_leaves_her_place_by_herself(kind: Kind) -> None:
    """A fence around it with ten metres to spare must never be crossed by an error of position."""
    place = place_of("home", kind)

    for number in range(5):
        north_m, east_m = metres(Animal(f"nl-{number}", "home", stage=Stage(kind=kind)))
        assert np.abs(north_m).max() < place.north_m + 10
        assert np.abs(east_m).max() < place.east_m + 10


def test_a_range_herd_walks_together_and_slowly_to_water_and_back() -> None:
    """Kilometres a day, never faster than a walk; apart by tens of metres, not hundreds."""
    herd = [
        metres(Animal(f"nl-{number}", "home", stage=Stage(kind=Kind.BEEF))) for number in (1, 2)
    ]
    north_m, east_m = herd[0]

    metres_a_step = np.hypot(np.diff(north_m), np.diff(east_m))
    apart_m = np.hypot(north_m - herd[1][0], east_m - herd[1][1])
    assert 1500 < metres_a_step.sum() / 5 < 7000
    assert metres_a_step.max() / 300 < 1.5
    assert np.median(apart_m) < 150
    water = (np.arange(len(TIMES_S)) % 288) == 65  # 09:25 UTC
    assert np.ptp(north_m[water]) < 250
    assert np.ptp(north_m) > 400


def test_what_takes_her_away_moves_her_by_its_metres() -> None:
    """Escape, chase and theft are laid over where she would be."""

    class Taken:
        def lay(self, effects: Effects, at_s: Floats) -> None:
            effects.north_m[at_s >= TIMES_S[288]] = 2000.0

    stayed, taken = Animal("nl-1", "home"), Animal("nl-1", "home", [Taken()])

    moved_m = metres(taken)[0] - metres(stayed)[0]
    assert np.abs(moved_m[:288]).max() < 0.2
    np.testing.assert_allclose(moved_m[289:], 2000, atol=0.3)


def test_a_fence_goes_around_the_place() -> None:
    """Its four corners, so far outside."""
    place = place_of("home", Kind.BEEF)

    corners = np.array(place.corners(50.0))

    half_north_m = np.ptp(corners[:, 0]) * METRES_A_DEGREE / 2
    assert half_north_m == pytest.approx(place.north_m + 50, abs=1)
    assert len(corners) == 4
