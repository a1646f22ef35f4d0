"""Slow change: weeks against days, what the herd does taken off, illness not learnt."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline import drift
from pipeline.sums import HERD_MIN
from pipeline.tables import Table

SIGNAL = "steps"
COLUMN = drift.SIGNALS.index(SIGNAL)
HERD = np.arange(12)
Floats = NDArray[np.float64]


def after(
    days: list[Floats], *, heard: int = 24, odd: dict[int, int] | None = None, herd: int = len(HERD)
) -> Floats:
    """(animals,): the drift after so many days at these levels, (animals,) each.

    heard: hours of each day. odd: day → hours of the first animal's in which an episode was open.
    """
    table = Table(drift.COLUMNS)
    rows = HERD[:herd]
    table.reach(len(rows))
    shape = 1.0 + np.sin(np.arange(24))  # of the day: what a gap must not shift
    for day, level in enumerate(days):
        for hour in range(24 - heard, 24):
            values = np.full((len(rows), len(drift.SIGNALS)), np.nan)
            values[:, COLUMN] = level[: len(rows)] * shape[hour]
            levels = np.full_like(values, shape[hour])
            is_odd = np.zeros(len(rows), np.bool_)
            is_odd[0] = hour >= 24 - (odd or {}).get(day, 0)
            drift.add_hour(table, rows, values, levels, is_odd)
        drift.close_day(table, rows, np.full((len(rows), len(drift.SIGNALS)), shape.mean()))
    return drift.of(table, rows, SIGNAL)


def usual(days: int, factor: float = 1.0) -> list[Floats]:
    """Days of a herd whose animals differ by nature, all by one factor."""
    return [factor * np.linspace(0.5, 2.0, len(HERD)) for _ in range(days)]


def with_one(days: list[Floats], factors: list[float]) -> list[Floats]:
    """The same, the first animal's times these."""
    return [day * np.where(HERD == 0, f, 1.0) for day, f in zip(days, factors, strict=True)]


def test_who_is_as_she_was_does_not_drift_and_a_gap_shifts_nothing() -> None:
    """Three quarters of a day, by what is usual for just those hours, are a day."""
    assert after(usual(20)) == pytest.approx(np.ones(12))
    assert after(usual(20), heard=18) == pytest.approx(np.ones(12))
    assert np.isnan(after(usual(20), heard=17)).all()


def test_nothing_is_known_before_some_days() -> None:
    """Ten days: three for the first of the fast level, seven that the slow one learns of it."""
    assert np.isnan(after(usual(9))).all()
    assert np.isfinite(after(usual(10))).all()


def test_a_fall_over_two_weeks_is_seen() -> None:
    """Lameness: a per cent or two a day, which no window of a day can tell from noise."""
    falling = [1.0] * 14 + [1.0 - 0.02 * day for day in range(14)]

    found = after(with_one(usual(28), falling))

    assert found[0] < 0.9
    assert found[1:] == pytest.approx(np.ones(11), abs=0.02)


def test_what_the_herd_does_is_taken_off_and_a_small_one_has_no_median() -> None:
    """Another pasture changes everybody's steps."""
    moved = [*usual(20), *usual(4, 0.6)]

    assert after(moved) == pytest.approx(np.ones(12))
    assert (after(moved, herd=HERD_MIN - 1) < 0.85).all()


def test_days_of_an_open_episode_are_not_what_was_before() -> None:
    """Else a lame animal would be her own measure after three weeks."""
    lame = with_one(usual(44), [1.0] * 14 + [0.7] * 30)

    held = after(lame, odd=dict.fromkeys(range(16, 44), 24))
    learnt = after(lame)

    assert held[0] < 0.75 < learnt[0]


def test_one_day_moves_it_little() -> None:
    """Oestrus: three times the steps of any day."""
    assert after(with_one(usual(20), [1.0] * 19 + [4.0]))[0] < 1.2
