"""Collar silent: what has not come, counted in the time in which it could have been heard."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from contracts.animal_event import CollarAssigned, CollarRemoved
from contracts.context import Context
from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from contracts.ids import AnimalId, CollarId
from contracts.messages import event_type_of
from contracts.tick import DeafSpan
from tests.builders import MORNING, a_reading, a_tick, an_event
from tests.pipeline.logs import told_by

COLLAR = CollarId("c-17")
ANIMAL = AnimalId("nl-0017")


def minute(minutes: float) -> Any:  # noqa: ANN401  a time
    """A time of the morning."""
    return MORNING + timedelta(minutes=minutes)


def heard(minutes: float, seq: int = 1, **said: Any) -> Event[Any]:  # noqa: ANN401  fields of a reading
    """A reading of the morning."""
    return a_reading(seq=seq, time=minute(minutes), **said)


def ticks(first: int, last: int, step: int = 5) -> list[Event[Any]]:
    """A tick every few minutes."""
    return [a_tick(minute(minutes)) for minutes in range(first, last + 1, step)]


def silences(log: list[Event[Any]]) -> list[Event[Detection]]:
    """The silences told of a log."""
    return [e for e in told_by(log) if e.payload.condition is Condition.COLLAR_SILENT]


def context(payload: object, offset: int = 1) -> Event[Context]:
    """A copy of a register event in the readings."""
    return an_event(
        Context(
            source_offset=offset,
            source_event_id="e",
            source_event_type=event_type_of(type(payload)),
            details_json=msgspec.json.encode(payload).decode(),
        )
    )


REMOVED = CollarRemoved(collar_id=COLLAR, animal_id=ANIMAL, worn_to=MORNING)
ASSIGNED = CollarAssigned(collar_id=COLLAR, animal_id=ANIMAL, worn_from=MORNING)


def test_an_hour_of_silence_is_told_of_the_animal_with_when_she_was_last_heard() -> None:
    """The farmer looks for the animal, not for a serial number."""
    (told,) = silences([heard(2), *ticks(0, 100)])

    (evidence,) = told.payload.evidence
    assert told.aggregate_id == ANIMAL
    assert told.payload.known_at == minute(65)
    assert told.payload.onset_at == evidence.at == minute(2)
    assert (evidence.signal, evidence.unit) == ("silent_minutes", "min")
    assert (evidence.value, evidence.limit, evidence.usual) == (63.0, 60.0, None)


def test_a_sparse_collar_may_be_silent_for_six_of_its_intervals() -> None:
    """One that speaks every two hours is not silent after one."""
    log = [heard(0, interval_s=7200), *ticks(0, 6 * 120 + 5)]

    (told,) = silences(log)

    assert told.payload.known_at == minute(6 * 120)


def test_her_next_reading_ends_it() -> None:
    """She is heard again: the case is over, whatever was measured."""
    told = silences([heard(0), *ticks(0, 90), heard(92, seq=2), *ticks(95, 120)])

    assert [event.payload.phase for event in told] == [Phase.ONSET, Phase.END]
    assert told[1].causation_id == heard(92, seq=2).event_id
    assert told[1].payload.evidence[0].value == 92.0


def test_a_letter_from_the_dead_zone_is_a_sign_of_life() -> None:
    """What arrives late was measured long ago, but it arrived now."""
    told = silences([heard(0), *ticks(0, 50), heard(10, seq=2), *ticks(55, 105)])

    assert told == []


def test_a_repeat_is_none() -> None:
    """What the gateway or Kafka says twice was said by the collar once."""
    told = silences([heard(0), *ticks(0, 50), heard(0), *ticks(55, 65)])

    assert len(told) == 1


def test_time_in_which_nobody_could_be_heard_does_not_count() -> None:
    """Our own outage must not be taken for broken collars."""
    deaf = a_tick(minute(90), deaf=(DeafSpan(began_at=minute(10), ended_at=minute(85)),))

    told = silences([heard(0), *ticks(0, 10), deaf, *ticks(95, 140)])

    assert [event.payload.known_at for event in told] == [minute(135)]


def test_who_never_spoke_is_not_waited_for() -> None:
    """Registered animals without a collar are not silent ones."""
    assert silences([*ticks(0, 300)]) == []


@pytest.mark.parametrize("payload", [REMOVED, ASSIGNED], ids=["taken off", "changed"])
def test_a_collar_taken_off_or_changed_is_not_waited_for(payload: object) -> None:
    """It lies in a drawer: nobody is to be sent into the barn for it."""
    assert silences([heard(0), *ticks(0, 30), context(payload), *ticks(35, 300)]) == []


@pytest.mark.parametrize("payload", [REMOVED, ASSIGNED], ids=["taken off", "changed"])
def test_a_collar_taken_off_or_changed_ends_its_silence(payload: object) -> None:
    """The farmer did what the case asked for."""
    told = silences([heard(0), *ticks(0, 90), context(payload), *ticks(95, 300)])

    assert [event.payload.phase for event in told] == [Phase.ONSET, Phase.END]
    assert told[1].payload.known_at == minute(90)


def test_an_animal_with_a_new_collar_is_waited_for_once_she_speaks() -> None:
    """From her first reading on she can fall silent again."""
    log = [heard(0), *ticks(0, 30), context(ASSIGNED), heard(32, collar="c-18"), *ticks(35, 95)]

    assert len(silences(log)) == 1


def test_a_herd_that_falls_silent_at_once_is_the_line_to_the_farm() -> None:
    """A hundred cases for one broken cable hide the one that matters."""
    herd = [heard(0, animal=f"nl-{n}", collar=f"c-{n}") for n in range(12)]

    assert silences([*herd, *ticks(0, 120)]) == []


def test_it_is_told_again_with_how_long_it_lasts_by_now() -> None:
    """An open case says what is true now, not what was true when it was raised."""
    told = silences([heard(0), *ticks(0, 430)])

    assert [event.payload.phase for event in told] == [Phase.ONSET, Phase.UPDATE]
    assert told[1].payload.evidence[0].value == 420.0
