"""The peers' detector by rounds: what reading-by-reading code finds, whatever the batches."""

import math

import numpy as np

from benchmarks.ewma import ALPHA, GUARD, SIGMA2, Ewma
from contracts.columns import TextColumn


def one_by_one(readings: list[tuple[bytes, list[float]]]) -> list[bool]:
    """The definition, scalar. NaN = null."""
    states: dict[bytes, list[tuple[float, float]]] = {}
    fired = []
    for animal, values in readings:
        state = states.setdefault(animal, [(math.nan, 0.0)] * len(values))
        tells = False
        for signal, value in enumerate(values):
            mean, variance = state[signal]
            if math.isnan(value):
                continue
            if math.isnan(mean):
                state[signal] = (value, variance)
                continue
            distance = value - mean
            square = distance * distance
            tells |= square > SIGMA2 * variance + GUARD
            state[signal] = mean + ALPHA * distance, (1 - ALPHA) * variance + ALPHA * square
        fired.append(tells)
    return fired


def text_column(texts: list[bytes]) -> TextColumn:
    """Texts, one behind the other."""
    ends = np.cumsum([0, *map(len, texts)])
    return TextColumn(b"".join(texts), ends[:-1], ends[1:])


def some_readings(count: int) -> list[tuple[bytes, list[float]]]:
    """Of unequally busy animals, with outliers and nulls, also before the first value."""
    rng = np.random.default_rng(3)
    values = rng.normal(30, 0.15, (count, 3))
    values[rng.random((count, 3)) < 0.01] += 5
    values[rng.random((count, 3)) < 0.3] = math.nan
    animals = rng.zipf(1.3, count) % 40
    return [(b"cow%d" % a, v) for a, v in zip(animals.tolist(), values.tolist(), strict=True)]


def test_rounds_find_what_reading_by_reading_finds_whatever_the_batches() -> None:
    """The comparison counts ids: one that differs, and the figure is worth nothing."""
    readings = some_readings(4000)
    expected = one_by_one(readings)

    for size in (1, 7, 500, 4000):
        state = Ewma(3)
        found: list[bool] = []
        for begin in range(0, len(readings), size):
            batch = readings[begin : begin + size]
            animals = text_column([a for a, _ in batch])
            found += state.fired(animals, np.array([v for _, v in batch])).tolist()
            state = Ewma.from_arrays(state.to_arrays())  # as after a crash
            if size == 1 and begin > 300:
                break
        assert found == expected[: len(found)]
    assert 10 < sum(expected) < 400
