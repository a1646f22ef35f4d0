"""An ordinary animal: healthy figures, the same at every asking, and a fever only where laid."""

from datetime import datetime, timedelta
from statistics import mean

import pytest

from firmware_sim.animal import Animal, Fever, Measures
from tests.builders import MORNING

MIDNIGHT = MORNING.replace(hour=0)
STEP = timedelta(minutes=5)


def a_day(animal: Animal, fever: Fever | None = None) -> list[tuple[datetime, Measures]]:
    """Every five minutes of one day."""
    times = [MIDNIGHT + number * STEP for number in range(288)]
    return [(at, animal.measures(at, 300, fever)) for at in times]


@pytest.mark.parametrize("seed", ["nl-1", "nl-2", "nl-3", "nl-4"])
def test_a_healthy_animal_stays_in_healthy_bounds(seed: str) -> None:
    """If an ordinary day looked ill, every detector would be tuned against the simulator."""
    day = [measures for _, measures in a_day(Animal(seed))]

    temperatures = [one.temperature_c for one in day]
    assert 38.3 < mean(temperatures) < 38.9
    assert min(temperatures) > 37.8
    assert max(temperatures) < 39.4
    assert 6.0 < sum(one.rumination_minutes for one in day) / 60 < 10.0
    assert 3.5 < sum(one.eating_minutes for one in day) / 60 < 7.0
    assert 9.0 < sum(one.lying_minutes for one in day) / 60 < 14.0


def test_her_temperature_has_two_peaks_a_day() -> None:
    """Two thirds of real curves do; a single cosine would flatter every baseline."""
    animal = Animal("nl-1")
    by_hour = [
        mean(
            animal.measures(
                MIDNIGHT + timedelta(days=day, hours=hour, minutes=m), 300
            ).temperature_c
            for day in range(5)
            for m in range(0, 60, 10)
        )
        for hour in range(24)
    ]
    smooth = [mean(by_hour[(hour + step) % 24] for step in (-1, 0, 1)) for hour in range(24)]

    peaks = [
        hour
        for hour in range(24)
        if smooth[hour] > smooth[hour - 1] and smooth[hour] >= smooth[(hour + 1) % 24]
    ]

    assert len(peaks) == 2


def test_the_same_seed_and_time_give_the_same_measures() -> None:
    """A run that found a bug must be able to find it again."""
    assert a_day(Animal("nl-1")) == a_day(Animal("nl-1"))
    assert a_day(Animal("nl-1")) != a_day(Animal("nl-2"))


def test_minutes_never_exceed_what_the_interval_has() -> None:
    """The gateway refuses an impossible reading, and rightly."""
    for _, one in a_day(Animal("nl-3")):
        assert one.eating_minutes + one.rumination_minutes <= 5.01
        assert one.eating_minutes + one.lying_minutes <= 5.01
        assert min(one.rumination_minutes, one.eating_minutes, one.steps, one.activity) >= 0


def test_a_fever_is_laid_over_her_usual_temperature_and_costs_appetite() -> None:
    """What is known to be true of a simulated animal is what detectors are measured by."""
    animal = Animal("nl-1")
    fever = Fever(MIDNIGHT + timedelta(hours=6), ends_at=MIDNIGHT + timedelta(hours=18))

    well, ill = a_day(animal), a_day(animal, fever)

    for (at, usual), (_, found) in zip(well, ill, strict=True):
        during = MIDNIGHT + timedelta(hours=6) <= at < MIDNIGHT + timedelta(hours=18)
        raised_c = found.temperature_c - usual.temperature_c
        assert raised_c == pytest.approx(2.2 if during else 0.0, abs=0.011)
        assert found.temperature_c > 39.9 or not during
    eaten = [sum(one.rumination_minutes for _, one in day) for day in (well, ill)]
    assert eaten[1] < 0.8 * eaten[0]


def test_a_fever_can_rise_slowly() -> None:
    """A bolus sees most fevers come over hours."""
    fever = Fever(MIDNIGHT, raise_c=2.0, rise=timedelta(hours=4))

    raised = [fever.raised_c(MIDNIGHT + timedelta(hours=hour)) for hour in (-1, 0, 2, 4, 9)]

    assert raised == [0.0, 0.0, 1.0, 2.0, 2.0]
