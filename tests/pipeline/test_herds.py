"""Medians of a farm's hours: of the herd and of its pens, each fixed once."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.herds import Herds
from pipeline.hours import OPEN_HOURS
from pipeline.medians import NO_PEN
from pipeline.signals import TEMPERATURE
from pipeline.sums import HERD_MIN

KEY, WARM = ("activity", 12), (TEMPERATURE, 12)
FARM, HOUR = "home", 1000
Floats = NDArray[np.float64]
# two pens of twelve, one of nine, and two of whom nobody told
GROUPS = np.repeat([0, 1, 2, NO_PEN], [12, 12, HERD_MIN - 1, 2])
RATIOS = np.repeat([1.5, 1.0, 3.0, 4.0], [12, 12, HERD_MIN - 1, 2])


def herds() -> Herds:
    """Of a farm whose hour is being judged."""
    found = Herds([KEY, WARM])
    found.begin(FARM, HOUR)
    return found


def excused(
    of: Herds,
    found: Floats = RATIOS,
    groups: NDArray[np.int64] = GROUPS,
    *,
    to_fix: bool = True,
    key: tuple[str, int] = KEY,
) -> Floats:
    """By what each one's pen is excused."""
    return of.medians(FARM, HOUR).by_pen(key, found, groups, to_fix=to_fix)


def test_each_is_held_against_her_pen_and_against_the_herd_where_it_is_small() -> None:
    """A pen that is moved is restless as a whole, and the others are not."""
    assert excused(herds()).tolist() == pytest.approx([1.5] * 12 + [1.0] * 12 + [1.5] * 11)


def test_a_pens_median_is_fixed_at_grace_and_never_later() -> None:
    """Who is judged again is held against the same pen, whoever is judged again with her."""
    of = herds()
    excused(of)

    again = excused(of, np.full(3, 0.2), np.array([0, 1, 2]), to_fix=False)
    later = excused(of, np.full(12, 0.2), np.full(12, 2), to_fix=False)

    assert again.tolist() == pytest.approx([1.5, 1.0, 1.5])
    assert later.tolist() == pytest.approx([1.5] * 12)  # of nine at grace: the herd's stands


def test_of_warmth_a_pen_is_excused_by_degrees() -> None:
    """The sun stands on one side of the barn."""
    warm = np.where(GROUPS == 0, 0.4, np.where(GROUPS == 1, -0.1, 0.0))

    assert excused(herds(), warm, key=WARM)[:24].tolist() == pytest.approx([0.4] * 12 + [-0.1] * 12)


def test_without_pens_the_herd_is_all_there_is() -> None:
    """Most registers tell of none."""
    nobody = np.full(len(RATIOS), NO_PEN)
    of = herds()

    assert excused(of, groups=nobody).tolist() == [of.medians(FARM, HOUR).value(KEY, RATIOS)] * 35


def test_an_hour_that_left_the_ring_lends_its_medians_to_none() -> None:
    """The slot of an hour holds another one later."""
    of = herds()
    excused(of)
    of.begin(FARM, HOUR + OPEN_HOURS)

    later = of.medians(FARM, HOUR + OPEN_HOURS)

    assert later.by_pen(KEY, RATIOS[:3], GROUPS[:3], to_fix=False).tolist() == [1.0] * 3


def test_they_survive_a_snapshot() -> None:
    """Who is judged again after a restart is held against the same pen."""
    of, restored = herds(), Herds([KEY, WARM])
    of.begin("away", HOUR)
    excused(of)

    restored.load(of.to_arrays())

    again = np.full(3, 0.2), np.array([0, 1, 2])
    assert excused(restored, *again, to_fix=False).tolist() == pytest.approx([1.5, 1.0, 1.5])
    assert all(
        np.array_equal(a, restored.to_arrays()[n], equal_nan=True)
        for n, a in of.to_arrays().items()
    )
