"""Station silent: one case for a dead station, and none for each of its collars."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from contracts.ids import SubjectKind
from contracts.tick import DeafSpan
from pipeline.detectors.base import Voices
from pipeline.detectors.station_silent import MINUTE_US, StationSilent
from pipeline.state import PartitionState
from pipeline.tables import Table
from pipeline.windows import LogTime
from tests.builders import MORNING, a_reading, a_tick
from tests.pipeline.logs import run, told_by, values_of

BARN, FIELD = "barn-1", "field-2"
SILENCES = (Condition.STATION_SILENT, Condition.COLLAR_SILENT)


def herd_of(station: str | None, count: int) -> dict[str, str | None]:
    """So many animals, last heard by that station."""
    return {f"nl-{station or 0}-{number}": station for number in range(count)}


def minutes_of(
    first: int,
    last: int,
    herd: Mapping[str, str | None],
    step: int = 5,
    silent: Sequence[str | None] = (),
) -> list[Event[Any]]:
    """Readings of a herd and a tick every few minutes; silent: stations that are dead."""
    log: list[Event[Any]] = []
    for minute in range(first, last + 1, step):
        for place, (animal, station) in enumerate(herd.items()):
            if station not in silent and (minute // step + place) % 2 == 0:
                log.append(reading(animal, station, minute))
        log.append(a_tick(MORNING + timedelta(minutes=minute, seconds=30)))
    return log


def reading(animal: str, station: str | None, minute: float) -> Event[Any]:
    """One reading, by a collar that speaks every ten minutes."""
    return a_reading(
        animal=animal,
        collar=f"c-{animal}",
        seq=round(minute * 10) + 1,
        time=MORNING + timedelta(minutes=minute),
        interval_s=600,
        station_id=station,
    )


def silences(log: list[Event[Any]]) -> list[tuple[str, str, Phase]]:
    """Who is told to be silent, or to be heard again: condition, subject, phase."""
    return [
        (told.payload.condition, told.aggregate_id, told.payload.phase)
        for told in told_by(log)
        if told.payload.condition in SILENCES and told.payload.phase is not Phase.UPDATE
    ]


def test_a_dead_station_is_one_alert_and_not_three_hundred() -> None:
    """Its collars can do nothing about it; the other station's herd is heard as ever."""
    herd = herd_of(BARN, 300) | herd_of(FIELD, 20)
    log = [*minutes_of(0, 60, herd), *minutes_of(65, 60 * 8, herd, 15, silent=[BARN])]

    assert silences(log) == [("station_silent", BARN, Phase.ONSET)]


def test_it_says_which_station_and_since_when() -> None:
    """The farmer goes to a box on a wall, not to an animal."""
    herd = herd_of(BARN, 12)
    log = [*minutes_of(0, 60, herd), *minutes_of(65, 180, herd, silent=[BARN])]

    (told,) = [one for one in told_by(log) if one.payload.condition in SILENCES]

    silent, collars = told.payload.evidence
    assert told.payload.subject_kind is SubjectKind.STATION
    assert told.payload.onset_at == MORNING + timedelta(minutes=60)
    assert (silent.signal, silent.value, silent.limit) == ("silent_minutes", 45.0, 45.0)
    assert (collars.signal, collars.value) == ("silent_collars", 12.0)


def test_it_is_over_when_it_hears_again_and_its_collars_have_a_turn_to_speak() -> None:
    """They come back one after the other: none is called silent meanwhile."""
    herd = herd_of(BARN, 12)
    back = [*minutes_of(305, 305, {"nl-barn-1-3": BARN}), *minutes_of(325, 400, herd)]
    log = [*minutes_of(0, 60, herd), *minutes_of(65, 300, herd, silent=[BARN]), *back]

    assert silences(log) == [
        ("station_silent", BARN, Phase.ONSET),
        ("station_silent", BARN, Phase.END),
    ]


def test_a_collar_that_does_not_come_back_with_its_station_is_told_then() -> None:
    """It broke while nobody could hear it."""
    herd = herd_of(BARN, 12)
    others = {animal: station for animal, station in herd.items() if animal != "nl-barn-1-3"}
    log = [
        *minutes_of(0, 60, herd),
        *minutes_of(65, 300, herd, silent=[BARN]),
        *minutes_of(305, 500, others),
    ]

    assert silences(log)[-1] == ("collar_silent", "nl-barn-1-3", Phase.ONSET)


def test_a_collar_that_dies_while_its_station_lives_is_a_collar() -> None:
    """The rule for stations hides none of them."""
    herd = herd_of(BARN, 12)
    others = {animal: station for animal, station in herd.items() if animal != "nl-barn-1-3"}

    told = silences([*minutes_of(0, 60, herd), *minutes_of(65, 300, others)])

    assert told == [("collar_silent", "nl-barn-1-3", Phase.ONSET)]


def test_two_collars_of_a_station_are_told_of_each() -> None:
    """A station that heard but two says too little about itself."""
    herd = herd_of(BARN, 2) | herd_of(FIELD, 20)

    told = silences([*minutes_of(0, 60, herd), *minutes_of(65, 300, herd, silent=[BARN])])

    assert [condition for condition, _, _ in told] == ["collar_silent", "collar_silent"]


def test_animals_that_went_over_to_another_station_keep_it_alive() -> None:
    """The herd was driven to pasture: nobody is out of reach."""
    barn, field = herd_of(BARN, 12), dict.fromkeys(herd_of(BARN, 12), FIELD)

    assert silences([*minutes_of(0, 60, barn), *minutes_of(65, 300, field)]) == []


def test_where_collars_name_no_station_their_farm_is_one_subject() -> None:
    """The line to the farm: a hundred cases for one broken cable hide the one that matters."""
    herd = herd_of(None, 12)

    told = silences([*minutes_of(0, 60, herd), *minutes_of(65, 300, herd, silent=[None])])

    assert told == [("station_silent", "farm-a", Phase.ONSET)]


def test_our_own_outage_is_not_a_dead_station() -> None:
    """Time in which nobody could be heard does not count: system_deaf alone."""
    herd = herd_of(BARN, 12)
    deaf = DeafSpan(
        began_at=MORNING + timedelta(minutes=61), ended_at=MORNING + timedelta(minutes=239)
    )
    back = a_tick(MORNING + timedelta(minutes=239, seconds=30), deaf=(deaf,))
    log = [*minutes_of(0, 60, herd), back, *minutes_of(240, 300, herd)]

    told = {event.payload.condition for event in told_by(log)}

    assert told == {Condition.SYSTEM_DEAF}


def test_two_stations_of_one_night_are_two() -> None:
    """And each ends for itself."""
    herd = herd_of(BARN, 5) | herd_of(FIELD, 5)
    log = [
        *minutes_of(0, 60, herd),
        *minutes_of(65, 200, herd, silent=[BARN, FIELD]),
        *minutes_of(205, 300, herd, silent=[FIELD]),
    ]

    assert silences(log) == [
        ("station_silent", BARN, Phase.ONSET),
        ("station_silent", FIELD, Phase.ONSET),
        ("station_silent", BARN, Phase.END),
    ]


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_the_answer_does_not_hang_on_where_the_log_is_cut_or_a_snapshot_taken(batch: int) -> None:
    """The state is taken to arrays and back in the middle of the silence."""
    herd = herd_of(BARN, 6) | herd_of(FIELD, 6)
    before = [*minutes_of(0, 60, herd), *minutes_of(65, 150, herd, silent=[BARN])]
    after = [*minutes_of(155, 200, herd, silent=[BARN]), *minutes_of(205, 300, herd)]

    _, whole = run(values_of([*before, *after]))
    state, found = run(values_of(before), batch=batch)
    state = PartitionState.from_arrays(state.to_arrays())
    found += run(values_of(after), batch=batch, state=state)[1]

    assert facts(found) == facts(whole) != []


def facts(told: list[Event[Detection]]) -> list[Any]:
    """Without the ids of ticks, which each log makes anew."""
    return [(event.event_id, event.payload) for event in told]


def test_a_station_dies_whose_collars_all_hold_the_cases_of_dead_ones() -> None:
    """One animal of each dead station wandered to the last one: its case is held elsewhere."""
    detector = StationSilent()
    rows, times, memory = np.arange(9), LogTime(0), Table(detector.memory)
    memory.reach(len(rows))

    def hear(who: list[int], stations: list[int], minute: int) -> None:
        some = np.array(who)
        heard_us = np.full(len(who), minute * MINUTE_US)
        interval_us = np.full(len(who), 5 * MINUTE_US)
        detector.hear(
            Voices(np.arange(len(who)), some, heard_us, interval_us, np.array(stations)),
            memory,
            times,
        )

    hear(list(range(9)), [0, 0, 0, 1, 1, 1, 2, 2, 2], 1000)
    first = detector.at_line(rows, 1050 * MINUTE_US, memory, times)
    hear([0, 3, 6], [3, 3, 3], 1060)
    detector.at_line(rows, 1065 * MINUTE_US, memory, times)

    last = detector.at_line(rows, 1120 * MINUTE_US, memory, times)

    assert [change.station for change in first] == [0, 1, 2]
    assert [change.station for change in last if change.phase is Phase.ONSET] == [3]
