"""Stations as numbers: the same wherever the log is cut, each farm's own, never too many."""

import numpy as np
import pytest

from contracts.columns import TextColumn, columns_of
from pipeline import stations
from pipeline.detectors.base import NO_STATION
from pipeline.stations import Stations
from tests.builders import a_reading

NAMES = ["barn-1", None, "barn-2", "barn-1", "x" * 60, "barn-3"]


def column(names: list[str | None]) -> TextColumn:
    """The stations of some readings."""
    readings = [a_reading(seq=n, station_id=name) for n, name in enumerate(names)]
    return columns_of(list(enumerate(readings))).texts["station_id"]


def codes(found: Stations, names: list[str | None], farm: int = 0) -> list[int]:
    """What they are called."""
    return [int(code) for code in found.codes_of(np.full(len(names), farm), column(names))]


def test_a_station_keeps_its_code_and_its_name() -> None:
    """A detector holds the code for months; people are told the name."""
    some = Stations()

    found = codes(some, NAMES)

    assert found == [0, NO_STATION, 1, 0, 2, 3]
    assert [some.name(code) for code in (0, 1, 2, 3)] == ["barn-1", "barn-2", "x" * 60, "barn-3"]


def test_two_farms_may_call_their_stations_alike() -> None:
    """One farm's dead station is not the other's."""
    some = Stations()

    assert codes(some, ["barn-1"], farm=0) != codes(some, ["barn-1"], farm=1)


@pytest.mark.parametrize("room", [2, 3, 100])
def test_codes_hang_neither_on_cuts_nor_on_a_snapshot(
    room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where made-up names have used up all room: these are none."""
    monkeypatch.setattr(stations, "STATIONS_MAX", room)
    whole, cut = Stations(), Stations()

    expected = codes(whole, NAMES)
    found = []
    for name in NAMES:
        again = Stations()
        again.load(cut.to_arrays())
        cut = again
        found += codes(cut, [name])

    assert found == expected
    assert len(set(found) - {NO_STATION}) == min(room, 4)
