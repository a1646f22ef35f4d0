"""What a herd does as a whole: a median that is fixed once, and says what came after."""

import numpy as np
import pytest

from pipeline.medians import RATIO_MIN, Medians
from pipeline.signals import TEMPERATURE

SIGNAL = "rumination_minutes"


def test_a_median_is_fixed_once_and_says_whether_readings_came_after() -> None:
    """Who is judged again is held against the same herd, and her score says that it was not all."""
    key, ratio, late = (SIGNAL, 24), np.full(1, np.nan), np.zeros(1, np.bool_)
    first = Medians([key], ratio, late)
    first.note_late(lambda _: True)  # before it is fixed nothing is late

    fixed = first.value(key, np.full(10, 0.8))

    again = Medians([key], ratio, late)
    assert (first.fixed_now, again.fixed_now, again.unfixed([key])) == (True, False, [])
    assert again.value(key, np.full(10, 0.5)) == fixed == pytest.approx(0.8)
    assert not again.partial([key])
    again.note_late(lambda hours: hours == 24)
    assert Medians([key], ratio, late).partial([key])


def test_a_herd_that_all_but_stopped_divides_by_no_nothing() -> None:
    """A night without a reading would make everybody restless."""
    found = Medians([(SIGNAL, 24)], np.full(1, np.nan), np.zeros(1, np.bool_))

    assert found.value((SIGNAL, 24), np.zeros(10)) == RATIO_MIN


def test_of_warmth_it_is_a_difference() -> None:
    """A herd that is as warm as ever is excused by 0 °C, and nine animals by nothing."""
    key = (TEMPERATURE, 6)
    found = Medians([key], np.full(1, np.nan), np.zeros(1, np.bool_))

    assert found.value(key, np.full(9, 0.5)) == 0.0
    assert found.value(key, np.full(10, -0.5)) == -0.5
