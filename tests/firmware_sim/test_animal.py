"""What a collar reads of an animal: the same at every asking, of any cadence, in healthy bounds."""

from datetime import timedelta

import numpy as np
import pytest

from firmware_sim.animal import Animal, Measures
from firmware_sim.draws import Floats
from firmware_sim.weather import air_at
from tests.builders import MORNING

TEMPERATURE, RUMINATION, EATING, LYING, BOUTS, STEPS, ACTIVITY, DRINKING = range(8)
ANIMALS, DAYS = 60, 7
WEEK_S = MORNING.timestamp() + 300 * np.arange(1, 288 * DAYS + 1, dtype=np.float64)


@pytest.fixture(scope="module")
def herd_week() -> Floats:
    """(animals, columns, days, readings): a week of a herd, every five minutes."""
    tables = [Animal(f"nl-{number}").table(WEEK_S, 300) for number in range(ANIMALS)]
    return np.array(tables).reshape(ANIMALS, 8, DAYS, 288)


def a_day(animal: Animal) -> list[Measures]:
    """Every five minutes of one day."""
    return animal.measures_at(WEEK_S[:288], 300)


def test_a_herd_weeks_temperatures_are_those_of_rumen_boluses(herd_week: Floats) -> None:
    """Around 38.6 °C with drinks, 39.2 without; drinks cool by degrees; 40 is seldom reached."""
    found = herd_week[:, TEMPERATURE]

    daily = found.mean(axis=-1)
    assert 38.5 < daily.mean() < 38.9
    assert 0.1 < daily.mean(axis=1).std() < 0.25
    undisturbed = np.quantile(found, 0.75, axis=-1)
    assert 38.9 < undisturbed.mean() < 39.4
    assert 34.5 < np.quantile(found, 0.02) < 37.8
    assert found.min() > 28
    assert (found >= 40.0).mean() < 0.005


def test_she_ruminates_at_night_and_eats_by_day(herd_week: Floats) -> None:
    """A baseline of the hour of day has something to learn, and an hour has its own spread."""
    hours = np.repeat(np.arange(24), 12)  # from 04:00 UTC

    def by_hour(column: int) -> Floats:
        table = herd_week[:, column].mean(axis=(0, 1))
        return np.array([table[hours == hour].sum() for hour in range(24)])

    night, day = slice(18, 24), slice(4, 10)  # 22:00 to 04:00, 08:00 to 14:00
    assert 1.6 < by_hour(RUMINATION)[night].mean() / by_hour(RUMINATION)[day].mean() < 3
    assert by_hour(EATING)[night].mean() < 0.4 * by_hour(EATING)[day].mean()
    assert by_hour(LYING)[0] < 5  # the morning milking: all of them stand


def test_most_animals_have_two_warm_times_a_day() -> None:
    """Two thirds of real curves do; a single cosine would flatter every baseline."""
    peaks = []
    for number in range(20):
        table = Animal(f"nl-{number}").table(WEEK_S, 300)[TEMPERATURE].reshape(DAYS, 24, 12)
        hourly = np.median(np.quantile(table, 0.8, axis=2), axis=0)
        smooth = (np.roll(hourly, 1) + hourly + np.roll(hourly, -1)) / 3
        rises = (smooth > np.roll(smooth, 1)) & (smooth >= np.roll(smooth, -1))
        peaks.append(int(rises.sum()))

    assert sum(count >= 2 for count in peaks) > 10


def test_days_of_a_herd_go_up_and_down_together() -> None:
    """Late feed, a moved pen and hot weather are the herd's: contrast with the others must pay."""
    herd, days = 12, 40
    times_s = WEEK_S[0] + 300 * np.arange(288.0 * days)
    tables = np.array([Animal(f"nl-{number}").table(times_s, 300) for number in range(herd)])
    activity = tables[:, ACTIVITY].reshape(herd, days, 288).sum(axis=2)

    relative = activity / activity.mean(axis=1, keepdims=True)

    if_alone = relative.std() / np.sqrt(herd)
    assert relative.mean(axis=0).std() > 1.5 * if_alone


def test_the_same_seed_and_time_give_the_same_measures() -> None:
    """A run that found a bug must be able to find it again, and a killed simulator its readings."""
    assert a_day(Animal("nl-1")) == a_day(Animal("nl-1"))
    assert a_day(Animal("nl-1")) != a_day(Animal("nl-2"))
    assert a_day(Animal("nl-1", "farm-a")) != a_day(Animal("nl-1", "farm-b"))


def test_readings_asked_one_by_one_and_out_of_order_are_those_of_the_whole_day() -> None:
    """A live collar asks for one, history for thousands; both must tell the same day."""
    whole = a_day(Animal("nl-1"))
    alone = Animal("nl-1")

    for number in (287, 0, 100, 3):
        at = MORNING + timedelta(seconds=300 * (number + 1))
        assert alone.measures(at, 300) == whole[number]


@pytest.mark.parametrize("interval_s", [60, 300, 3600, 7200])
def test_any_cadence_tells_the_same_day(interval_s: int) -> None:
    """Minutes and counts are sums over the interval, over the border of two days too."""
    end_s = MORNING.timestamp() + 86_400 + 10_800
    times_s = end_s - interval_s * np.arange(86_400 // interval_s, dtype=np.float64)

    table = Animal("nl-1").table(times_s, interval_s)
    by_minute = Animal("nl-1").table(end_s - 60 * np.arange(1440.0), 60)

    for column in (RUMINATION, EATING, LYING, DRINKING):
        assert table[column].sum() == pytest.approx(by_minute[column].sum(), abs=1.0)
    assert table[ACTIVITY].sum() == pytest.approx(by_minute[ACTIVITY].sum(), rel=0.01)


def test_minutes_never_exceed_what_the_interval_has(herd_week: Floats) -> None:
    """The gateway refuses an impossible reading, and rightly."""
    minutes = herd_week[:, [RUMINATION, EATING, LYING, DRINKING]]

    assert minutes.min() >= 0
    assert minutes.max() <= 5.0
    assert (herd_week[:, EATING] + herd_week[:, RUMINATION]).max() <= 5.02
    assert (herd_week[:, EATING] + herd_week[:, LYING]).max() <= 5.02
    assert herd_week[:, [STEPS, ACTIVITY]].min() >= 0


def test_an_interval_of_more_than_a_day_is_refused() -> None:
    """It would reach into days that are not made."""
    with pytest.raises(ValueError, match="interval_s"):
        Animal("nl-1").measures(MORNING, 86_401)


def test_the_air_she_tells_is_the_farms_whatever_its_clock_says() -> None:
    """What the truth of heat is made from, and what her collar measures, must be one weather."""
    asked = ["ambient_c", "humidity_pct"]
    air = air_at("farm-a", WEEK_S)

    for shifts in ((), ((WEEK_S[0] - 7 * 86_400, 3600.0),)):
        found = Animal("nl-1", "farm-a", shifts=shifts).columns(WEEK_S, 300, asked)

        np.testing.assert_allclose(found["ambient_c"], air.ambient_c, atol=0.25)
        np.testing.assert_allclose(found["humidity_pct"], air.humidity_pct, atol=2.0)
