"""Days that are kept: asked in any order the same, on any clock the farm's, for what lies too."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_sim.animal import Animal
from firmware_sim.draws import Floats
from firmware_sim.effects import Effects
from tests.builders import MORNING

MORNING_S = MORNING.timestamp()
WEEK_S = MORNING_S + 300 * np.arange(1, 288 * 7 + 1, dtype=np.float64)
LYING = ["lying_minutes", "lying_bouts", "eating_minutes", "rumination_minutes", "steps"]


@dataclass(frozen=True)
class Down:
    """She cannot rise between two times."""

    from_s: float
    until_s: float

    def covers(self, times_s: Floats) -> NDArray[np.bool_]:
        """Which readings lie wholly within."""
        return (times_s >= self.from_s + 300) & (times_s <= self.until_s)

    def lay(self, effects: Effects, at_s: Floats) -> None:
        """See effects.HasEffects."""
        effects.recumbent[(at_s >= self.from_s) & (at_s < self.until_s)] = 1.0


def test_days_asked_backwards_are_those_asked_forwards() -> None:
    """Two of them are kept; which two must not matter."""
    forwards = Animal("nl-1").table(WEEK_S, 300)
    animal = Animal("nl-1")

    backwards = [animal.table(WEEK_S[at : at + 288], 300) for at in range(6 * 288, -1, -288)]

    np.testing.assert_array_equal(np.concatenate(backwards[::-1], axis=1), forwards)


def test_what_is_asked_alone_is_what_is_asked_together() -> None:
    """An evaluation of a temperature alone must see the same animal."""
    animal = Animal("nl-1")
    together = animal.columns(WEEK_S, 300, ["temperature_c", "heart_rate_bpm", *LYING])

    for name, values in together.items():
        np.testing.assert_array_equal(Animal("nl-1").columns(WEEK_S, 300, [name])[name], values)


@pytest.mark.parametrize(("names", "site"), [(["milk_kg"], "rumen"), (["steps"], "tail")])
def test_what_no_collar_measures_is_refused(names: list[str], site: str) -> None:
    """A typing error must not become a column of nothing."""
    with pytest.raises(ValueError, match="is not measured"):
        Animal("nl-1").columns(WEEK_S, 300, names, site)


def test_on_a_farm_that_puts_its_clock_forward_all_comes_an_hour_earlier() -> None:
    """Summer time: milking and feed move, and nothing before it does."""
    changes_s = MORNING_S + 3 * 86_400
    usual = Animal("nl-1").columns(WEEK_S, 300, LYING)
    moved = Animal("nl-1", shifts=((changes_s, 3600),)).columns(WEEK_S, 300, LYING)

    before = 3 * 288 - 1
    for name in LYING:
        np.testing.assert_array_equal(moved[name][:before], usual[name][:before])
        np.testing.assert_array_equal(moved[name][before + 1 : -12], usual[name][before + 13 :])


def test_a_condition_stands_at_its_own_time_whatever_the_farms_clock_says() -> None:
    """The truth is told in UTC."""
    down = Down(MORNING_S + 4.5 * 86_400, MORNING_S + 4.75 * 86_400)
    animal = Animal("nl-1", conditions=[down], shifts=((MORNING_S + 86_400, 3600),))

    lying = animal.columns(WEEK_S, 300, LYING)["lying_minutes"]

    during = down.covers(WEEK_S)
    assert (lying[during] == 5).all()


def test_who_is_down_over_the_border_of_two_days_lies_down_once_and_does_nothing_else() -> None:
    """One bout of a day and a half; nothing eaten, hardly anything chewed, no step."""
    down = Down(MORNING_S + 2.5 * 86_400, MORNING_S + 4 * 86_400)

    found = Animal("nl-1", conditions=[down]).columns(WEEK_S, 300, LYING)

    usual = Animal("nl-1").columns(WEEK_S, 300, LYING)
    during = down.covers(WEEK_S)
    assert found["lying_bouts"][during].sum() <= 1
    assert not found["steps"][during].any()
    assert not found["eating_minutes"][during].any()
    assert (
        0
        < found["rumination_minutes"][during].sum()
        < 0.3 * usual["rumination_minutes"][during].sum()
    )
    before = np.flatnonzero(during)[0]
    for name in LYING:
        np.testing.assert_array_equal(found[name][:before], usual[name][:before])
