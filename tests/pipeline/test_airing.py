"""What readings say of the air, through the engine: each once, late by the rule of all readings."""

from datetime import timedelta

import numpy as np
import pytest

from contracts.columns import micros
from contracts.envelope import Event
from contracts.reading import StationReading
from pipeline.state import PartitionState
from pipeline.tables import HOUR_US
from tests.builders import FARM, MORNING, a_reading, a_tick, an_event
from tests.pipeline.logs import run, values_of

HOUR = micros(MORNING) // HOUR_US


def of_station(
    seq: int, celsius: float, *, minutes: int = 5, clock: str = "ok"
) -> Event[StationReading]:
    """A station's reading, so many minutes into the hour."""
    time = MORNING + timedelta(minutes=minutes)
    said = StationReading(
        station_id="barn-2",
        boot_id=1,
        seq=seq,
        received_at=time,
        clock=clock,
        interval_s=300,
        ambient_c=celsius,
        humidity_pct=60.0,
    )
    return an_event(said, aggregate_id="barn-2", timestamp=time)


def weather(*log: Event[object], hour: int = HOUR) -> float:
    """The air that the herd of these readings has in an hour, °C."""
    return run(values_of(log))[0].air.weather(FARM, hour).ambient_c


def test_a_repeat_counts_once() -> None:
    """The log holds every reading at least once."""
    assert weather(of_station(1, 10.0), of_station(2, 20.0), of_station(2, 20.0)) == 15.0


@pytest.mark.parametrize(
    "unfit",
    [of_station(2, 40.0, clock="ahead"), of_station(2, 40.0, minutes=-80 * 60)],
    ids=["its clock is ahead", "too late"],
)
def test_what_is_judged_of_no_animal_is_no_weather_either(unfit: Event[StationReading]) -> None:
    """One rule for all readings."""
    log = [a_tick(MORNING), of_station(1, 10.0), unfit]

    assert weather(*log) == 10.0
    assert np.isnan(weather(*log, hour=HOUR - 80))


def test_where_no_station_stands_collars_tell() -> None:
    """The mean of what they measure, and a broken sensor has no say."""
    time = MORNING + timedelta(minutes=10)
    log = [
        a_reading(animal=f"nl-{n}", collar=f"c-{n}", time=time, ambient_c=celsius)
        for n, celsius in enumerate([18.0, 22.0, -127.0])
    ]

    assert weather(*log) == 20.0
    assert weather(*log, of_station(1, 12.0)) == 12.0


def test_batches_and_snapshots_leave_no_trace() -> None:
    """As in all that is kept of a farm."""
    log = values_of([of_station(n, 10.0 + n, minutes=n) for n in range(1, 9)])

    whole, one_by_one = run(log)[0], run(log, batch=1)[0]
    restored = PartitionState.from_arrays(run(log[:4])[0].to_arrays())
    run(log, state=restored)  # the first half again: repeats

    for state in (one_by_one, restored):
        assert state.air.weather(FARM, HOUR) == whole.air.weather(FARM, HOUR)
