"""Hypothermia: a cold body is told, a cold drink is not."""

import math

import pytest

from contracts.detection import Phase
from pipeline.detectors.hypothermia import SPEC, Hypothermia
from tests.pipeline.detectors.seen import Seen, Watch, cut, every

USUAL = {"activity": 120.0, "temperature_c": 38.9}
HOUR = 60.0


def at(celsius: float, **other: float) -> dict[str, float]:
    """A temperature."""
    return {"temperature_c": celsius} | other


def core(readings: list[Seen]) -> list[Seen]:
    """The same, measured in the core."""
    return [Seen(one.minute, one.measured, rumen=False) for one in readings]


@pytest.mark.parametrize("cadence", [5, 15, 60])
def test_a_rumen_that_is_cold_for_hours_is_told(cadence: int) -> None:
    """Milk fever leaves her cold and still."""
    ((phase, minute),) = Watch(Hypothermia(), USUAL).told(every(cadence, 0, 6 * HOUR, at(37.2)))

    assert phase is Phase.ONSET
    assert 3 * HOUR < minute <= 4 * HOUR


def test_a_core_that_is_cold_is_believed_sooner() -> None:
    """No drink cools it: 37.4 °C for half an hour is enough, 37.5 °C never is."""
    cold, cool = core(every(10, 0, 6 * HOUR, at(37.4))), core(every(10, 0, 6 * HOUR, at(37.5)))

    assert Watch(Hypothermia(), USUAL).told(cold) == [(Phase.ONSET, 40.0)]
    assert Watch(Hypothermia()).told(cool) == []


@pytest.mark.parametrize(
    ("falls_c", "tau", "apart"),
    [(2.3, 30.0, 60), (2.3, 30.0, 90), (8.5, 40.0, 120)],
    ids=["often", "usual", "icy"],
)
def test_drinks_are_none_however_many(falls_c: float, tau: float, apart: int) -> None:
    """Each takes the rumen down by 2 to 8 °C; between them it is warm."""
    day = [
        Seen(minute, at(38.9 - falls_c * math.exp(-(minute % apart) / tau)))
        for minute in range(0, 24 * 60, 5)
    ]

    assert Watch(Hypothermia(), USUAL).told(day) == []


def test_a_lively_animal_is_not_dying_of_cold() -> None:
    """A bolus that measures too little says so day and night, and she walks about."""
    lively = every(10, 0, 24 * HOUR, at(37.0, activity=20.0))
    still = every(10, 0, 24 * HOUR, at(37.0, activity=11.0))

    assert Watch(Hypothermia(), USUAL).told(lively) == []
    assert len(Watch(Hypothermia(), USUAL).told(still)) == 1


def test_who_is_cool_by_nature_has_to_be_colder() -> None:
    """A bolus may be half a degree off for all its life."""
    cool = {"temperature_c": 38.2}

    assert Watch(Hypothermia(), cool).told(every(10, 0, 6 * HOUR, at(37.4))) == []
    assert len(Watch(Hypothermia(), cool).told(every(10, 0, 6 * HOUR, at(37.1)))) == 1


def test_three_warm_readings_end_it() -> None:
    """She got her calcium; what told it and what ended it stands in the evidence."""
    watch = Watch(Hypothermia(), USUAL)
    day = [*every(10, 0, 5 * HOUR, at(37.2)), *every(10, 5 * HOUR, 6 * HOUR, at(38.6))]

    begins, ends = watch.see(day)

    assert (begins.phase, ends.phase) == (Phase.ONSET, Phase.END)
    assert day[ends.reading].minute == 5 * HOUR + 30
    assert begins.onset_us == 10 * 60_000_000
    assert [(one.value, one.limit) for one in begins.evidence] == [(37.2, 37.9)] * 3


@pytest.mark.parametrize("batch", [1, 7, 50])
def test_the_answer_does_not_hang_on_where_the_log_is_cut(batch: int) -> None:
    """Three hours of readings lie in what is remembered."""
    day = [*every(10, 0, 5 * HOUR, at(37.2)), *every(10, 5 * HOUR, 9 * HOUR, at(38.6))]
    whole, pieces = Watch(Hypothermia(), USUAL), Watch(Hypothermia(), USUAL)

    assert cut(pieces, day, batch) == whole.told(day) != []
    for name, array in whole.memory.to_arrays(1).items():
        assert array.tobytes() == pieces.memory[name][:1].tobytes(), name


def test_a_farm_may_set_its_own_limit() -> None:
    """Calves are cold under 37.0 °C."""
    calves = Hypothermia(SPEC.tuned({"core_c": 37.0}))

    assert Watch(calves).told(core(every(10, 0, 6 * HOUR, at(37.2)))) == []
