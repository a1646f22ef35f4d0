"""Fences: whose they are, and what becomes of them."""

from typing import Any

import numpy as np
import pytest

from pipeline.fences import DRAWN, REMOVED, Fences

CORNERS = [(52.0, 5.0), (52.01, 5.0), (52.01, 5.02), (52.0, 5.02)]
FAR = [(north + 0.1, east) for north, east in CORNERS]
FARMS = {b"farm-a": 0, b"farm-b": 1}


def drawn(fence_id: str, corners: list[tuple[float, float]], group: str | None = None) -> Any:  # noqa: ANN401  JSON
    """The payload of a fence that was drawn."""
    places = [{"latitude": north, "longitude": east} for north, east in corners]
    return {"fence_id": fence_id, "name": fence_id, "group": group, "corners": places}


def outside(fences: Fences, *readings: tuple[int, int, float, float]) -> list[float] | None:
    """Metres outside, rounded, of readings (farm, row, latitude, longitude); rows 5 on: heifers."""
    farm, row, north, east = (np.array(column) for column in zip(*readings, strict=True))
    found = fences.of_readings(
        farm, FARMS.get, lambda one: "heifers" if one >= 5 else "cows", row, (north, east)
    )
    return None if found is None else [round(one) for one in np.nan_to_num(found, nan=-9999)]


def test_where_no_fence_stands_nobody_is_outside() -> None:
    """Most farms draw none: it must cost them nothing."""
    assert outside(Fences(), (0, 1, 52.5, 5.0)) is None


def test_each_farm_has_its_own() -> None:
    """What one farm draws says nothing of its neighbour's animals."""
    fences = Fences()
    fences.apply("farm-a", DRAWN, drawn("f1", CORNERS))

    assert outside(fences, (0, 1, 51.999, 5.01), (1, 2, 51.999, 5.01)) == [111, -9999]


def test_inside_one_of_several_is_inside() -> None:
    """A farm has more than one pasture."""
    fences = Fences()
    fences.apply("farm-a", DRAWN, drawn("f1", CORNERS))
    fences.apply("farm-a", DRAWN, drawn("f2", FAR))

    assert outside(fences, (0, 1, 52.105, 5.01)) == [-556]


def test_a_group_with_a_fence_of_its_own_belongs_inside_that() -> None:
    """Heifers in the cows' meadow are where they do not belong, and the reverse."""
    fences = Fences()
    fences.apply("farm-a", DRAWN, drawn("all", CORNERS))
    fences.apply("farm-a", DRAWN, drawn("young", FAR, "heifers"))

    found = outside(fences, (0, 1, 52.005, 5.01), (0, 5, 52.005, 5.01), (0, 5, 52.105, 5.01))

    assert found is not None
    assert [one > 0 for one in found] == [False, True, False]


def test_a_reading_without_a_place_is_neither_in_nor_out() -> None:
    """No fix, or (0, 0): nothing is known."""
    fences = Fences()
    fences.apply("farm-a", DRAWN, drawn("f1", CORNERS))

    assert outside(fences, (0, 1, np.nan, np.nan), (0, 1, 52.005, 5.01)) == [-9999, -556]
    assert outside(fences, (0, 1, 0.0, 0.0)) is None


@pytest.mark.parametrize("corners", [CORNERS[:2], CORNERS * 200], ids=["a line", "a thousand"])
def test_what_is_no_fence_takes_the_old_one_away(corners: list[tuple[float, float]]) -> None:
    """Whoever draws anew does not mean the old one; what cannot be judged judges nobody."""
    fences = Fences()
    fences.apply("farm-a", DRAWN, drawn("f1", CORNERS))

    fences.apply("farm-a", DRAWN, drawn("f1", corners))

    assert outside(fences, (0, 1, 51.0, 5.0)) is None


def test_a_fence_that_is_removed_stands_no_more() -> None:
    """From that place in the log on."""
    fences = Fences()
    fences.apply("farm-a", DRAWN, drawn("f1", CORNERS))

    fences.apply("farm-a", REMOVED, {"fence_id": "f1"})

    assert outside(fences, (0, 1, 51.0, 5.0)) is None


def test_a_snapshot_brings_them_back() -> None:
    """They are told once, in the log: nobody draws them again after a crash."""
    fences, restored = Fences(), Fences()
    fences.apply("farm-a", DRAWN, drawn("all", CORNERS))
    fences.apply("farm-a", DRAWN, drawn("young", FAR, "heifers"))

    restored.load(fences.to_array())

    reading = (0, 5, 52.105, 5.01)
    assert outside(restored, reading) == outside(fences, reading)
    assert restored.to_array().tobytes() == fences.to_array().tobytes()
