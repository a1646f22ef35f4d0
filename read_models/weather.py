"""What stations in barn and field measured, as rows of a column store and back. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.columns import Longs, micros
from contracts.envelope import Event
from contracts.reading import StationReading
from read_models.analytics import escaped, number_text, time_text, uuid_text

MEASURES = ("ambient_c", "humidity_pct", "battery_v")
STATION_COLUMNS: Mapping[str, str] = {
    "farm_id": "LowCardinality(String)",
    "station_id": "String",
    "event_id": "UUID",
    "occurred_at": "DateTime64(6, 'UTC')",
    "received_at": "DateTime64(6, 'UTC')",
    "interval_s": "Int64",
    "clock": "LowCardinality(String)",
    **dict.fromkeys(MEASURES, "Float32"),  # NaN = not measured
}
STATION_KEY = ("farm_id", "station_id", "occurred_at", "event_id")
# what one answer holds: ten stations at 5 minutes for two weeks
STATION_READINGS_MAX = 50_000


@dataclass(frozen=True, slots=True)
class StationSeries:
    """One station's readings in order of time, all (readings,); NaN = not measured.

    occurred_us: microseconds since 1970. measures: by MEASURES.
    """

    occurred_us: Longs
    measures: dict[str, NDArray[np.float64]]


def station_rows(readings: Sequence[Event[StationReading]]) -> bytes:
    """One line a reading, in the order of STATION_COLUMNS."""
    return "".join("\t".join(_fields(event)) + "\n" for event in readings).encode()


def _fields(event: Event[StationReading]) -> list[str]:
    reading = event.payload
    return [
        escaped(str(event.farm_id)),
        escaped(reading.station_id),
        uuid_text(event.event_id.encode()),
        time_text(micros(event.timestamp)),
        time_text(micros(reading.received_at)),
        str(reading.interval_s),
        escaped(reading.clock),
        *(number_text(getattr(reading, name)) for name in MEASURES),
    ]


def station_series(columns: Sequence[Sequence[Any]]) -> dict[str, StationSeries]:
    """By station, of columns (station_id, occurred_us, MEASURES…) in order of station and time."""
    stations, times, *numbers = columns
    names = np.array(stations, dtype=object)
    occurred_us = np.array([int(time) for time in times], np.int64)
    measures = {n: np.array(v, np.float64) for n, v in zip(MEASURES, numbers, strict=True)}
    found = {}
    for station_id in dict.fromkeys(stations):
        at = np.nonzero(names == station_id)[0]
        found[station_id] = StationSeries(
            occurred_us[at], {name: values[at] for name, values in measures.items()}
        )
    return found
