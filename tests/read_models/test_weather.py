"""Stations' readings as rows, and back as series: pure."""

from datetime import timedelta
from typing import Any

import numpy as np

from contracts.envelope import Event
from contracts.reading import StationReading
from read_models.weather import MEASURES, STATION_COLUMNS, station_rows, station_series
from tests.builders import MORNING, an_event


def a_station_reading(**measured: float) -> Event[StationReading]:
    """What the station on the roof says."""
    payload = StationReading(
        station_id="roof",
        boot_id=1,
        seq=1,
        received_at=MORNING + timedelta(seconds=2),
        interval_s=600,
        **measured,  # type: ignore[arg-type]  # only numbers are named
    )
    return an_event(payload, aggregate_id="roof", event_id="mine")


def test_a_stations_reading_is_one_row_and_what_was_not_measured_is_no_number() -> None:
    """No humidity is not a humidity of zero."""
    (line,) = station_rows([a_station_reading(ambient_c=31.5)]).decode().splitlines()

    row = dict(zip(STATION_COLUMNS, line.split("\t"), strict=True))
    assert (row["farm_id"], row["station_id"], row["clock"]) == ("farm-a", "roof", "ok")
    assert (row["ambient_c"], row["humidity_pct"], row["battery_v"]) == ("31.5", "nan", "nan")
    assert row["occurred_at"] == f"{int(MORNING.timestamp())}.000000"
    assert len(row["event_id"]) == 36
    assert station_rows([]) == b""


def test_series_are_told_apart_by_station() -> None:
    """The barn is not the pasture."""
    columns: list[list[Any]] = [
        ["barn", "barn", "roof"],
        [1, 2, 1],
        [20.0, None, 15.0],
        [None] * 3,
        [3.5] * 3,
    ]

    found = station_series(columns)

    assert list(found) == ["barn", "roof"]
    assert found["barn"].occurred_us.tolist() == [1, 2]
    assert list(found["roof"].measures) == list(MEASURES)
    assert found["roof"].measures["ambient_c"].tolist() == [15.0]
    assert np.isnan(found["barn"].measures["ambient_c"]).tolist() == [False, True]
