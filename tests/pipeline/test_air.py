"""The farm's air by the hour: integers, stations before collars, THI as it was published."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.air import COLLAR, OPEN_HOURS, STATION, Air, thi_of

FARMS = ["home", "away"]
said = st.tuples(st.integers(0, 1), st.integers(0, 200), st.integers(-40, 50), st.booleans())
Said = tuple[int, int, int, bool]


def air_of(readings: list[Said]) -> Air:
    """Air of readings (farm, hour, °C, by a station), one by one; damp by as many per cent."""
    air = Air()
    for farm, hour, celsius, by_station in readings:
        values = np.array([[celsius, abs(celsius)]], np.float64)
        source = STATION if by_station else COLLAR
        air.add(FARMS, np.array([farm]), np.array([hour]), values, source)
    return air


@given(st.lists(said, max_size=40), st.randoms())
def test_order_leaves_no_trace(readings: list[Said], random: Random) -> None:
    """A collar's backlog tells of the morning at night."""
    shuffled = list(readings)
    random.shuffle(shuffled)

    one, other = air_of(readings), air_of(shuffled)

    for farm in FARMS:
        for hour in range(200):
            assert repr(one.weather(farm, hour)) == repr(other.weather(farm, hour))


def test_what_a_station_measures_goes_before_what_collars_do() -> None:
    """A collar hangs on a warm animal, or in the sun."""
    air = air_of([(0, 5, 30, False), (0, 5, 20, True), (0, 5, 22, True), (0, 6, 33, False)])

    assert air.weather("home", 5).ambient_c == 21.0
    assert air.weather("home", 6).ambient_c == 33.0


def test_a_farm_that_measures_nothing_has_no_weather() -> None:
    """Nor has one whose sensors speak of themselves, or spoke hours ago."""
    air = air_of([(0, 5, 20, True)])
    air.add(FARMS, np.array([0]), np.array([9]), np.array([[85.0, 400.0]]), COLLAR)

    assert np.isnan(air.weather("away", 5).thi)
    assert air.weather("home", 7).ambient_c == 20.0
    assert np.isnan(air.weather("home", 9).ambient_c)
    assert np.isnan(air.weather("home", 5 + OPEN_HOURS).ambient_c)


def test_it_survives_a_snapshot() -> None:
    """As all state."""
    air, again = air_of([(0, 5, 20, True), (1, 6, 3, False)]), Air()

    again.load(air.to_arrays())

    assert (again.weather("home", 5), again.weather("away", 6)) == (
        air.weather("home", 5),
        air.weather("away", 6),
    )


@pytest.mark.parametrize(
    ("ambient_c", "humidity_pct", "thi"),
    [(22.0, 50.0, 67.8), (25.0, 50.0, 71.8), (35.0, 40.0, 82.8)],
)
def test_the_index_is_that_of_the_tables(ambient_c: float, humidity_pct: float, thi: float) -> None:
    """NRC 1971: 68 the first signs, 72 the classic limit, 82 severe."""
    assert thi_of(ambient_c, humidity_pct) == pytest.approx(thi, abs=0.5)
