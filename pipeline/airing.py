"""What readings say of the air: each once, a station's as a collar's, late by the same rule."""

import numpy as np

from contracts.columns import ReadingColumns, micros
from contracts.envelope import Event
from contracts.reading import CLOCK_AHEAD, StationReading
from pipeline.air import COLLAR, STATION
from pipeline.state import PartitionState
from pipeline.tables import DAY_US, HOUR_US, NEVER, Longs
from pipeline.windows import may_be_judged

MEASURES = ("ambient_c", "humidity_pct")  # in the order of air.AMBIENT and HUMIDITY


def hear_collars(
    state: PartitionState, readings: ReadingColumns, chosen: Longs, rows: Longs
) -> None:
    """Take in what collars measured of the air; chosen: readings that count, rows: their animals'.

    Whose a reading is does not matter here: it is of the same farm when it was moved.
    """
    air = np.stack([readings.floats[name][chosen] for name in MEASURES], axis=1)
    found = np.nonzero(np.isfinite(air).any(axis=1))[0]
    if len(found):
        hours = _hour_of(readings.occurred_us[chosen[found]])
        farms = state.animals.farm_of(rows[found])
        state.air.add(state.farms.names, farms, hours, air[found], COLLAR)


def hear_station(state: PartitionState, event: Event[StationReading]) -> None:
    """Take in what a station of a farm measured, unless it is a repeat, late or ahead."""
    said, farm_id = event.payload, event.farm_id or ""
    farm = np.array([state.farms.add(farm_id.encode())])
    words = state.farms.ids.words(said.station_id.encode())
    boot = state.sequences.rows_of(farm, words, np.array([said.boot_id]))
    first = state.sequences.first_seen(boot, np.array([said.seq]))
    occurred_us, log_us = np.array([micros(event.timestamp)]), state.log_time.of(farm_id)
    heard_us = int(occurred_us[0]) if log_us == NEVER else log_us
    state.sequences.heard(boot, np.array([heard_us // DAY_US]))
    in_time = may_be_judged(
        occurred_us,
        np.array([micros(said.received_at)]),
        np.array([log_us]),
        np.array([said.clock == CLOCK_AHEAD]),
    )
    if first[0] and in_time[0]:
        both = [np.nan if one is None else one for one in (said.ambient_c, said.humidity_pct)]
        air = np.array([both])
        state.air.add(state.farms.names, farm, _hour_of(occurred_us), air, STATION)


def _hour_of(occurred_us: Longs) -> Longs:
    """The hour that a reading closes: what is said at four o'clock is of the hour before."""
    return (occurred_us - 1) // HOUR_US
