"""A young animal's usual leans on the herd's shape of the day, at her own level."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.baselines import DAYS_MIN, Baselines
from pipeline.signals import SIGNALS
from pipeline.sums import HERD_MIN

HERD = np.arange(20)
SHAPE = 20.0 + 10.0 * np.sin(np.arange(24) / 24 * 2 * np.pi)
RUMINATION, TEMPERATURE = "rumination_minutes", "temperature_c"
Floats = NDArray[np.float64]


def own_level(signal: str) -> Floats:
    """(animals,): by what each differs from the shape, by nature."""
    return np.linspace(-1.0, 1.0, len(HERD)) if signal == TEMPERATURE else 1.0 + HERD / 20.0


def truth(signal: str) -> Floats:
    """(animals, 24): what is true of each."""
    own = own_level(signal)[:, None]
    return SHAPE / 10.0 + 38.0 + own if signal == TEMPERATURE else SHAPE * own


def learnt(days: int, *, herd: int = len(HERD), noise: float = 4.0, late: int = 0) -> Baselines:
    """What is learnt of so many noisy days; late: animals that came for the last three."""
    draw, baselines = np.random.default_rng(3), Baselines()
    rows = HERD[:herd]
    baselines.table.reach(len(HERD))
    for day in range(days):
        there = rows[: len(rows) - late] if day < days - DAYS_MIN else rows
        for hour in range(24):
            values = np.stack([truth(signal)[:, hour] for signal in SIGNALS], axis=1)
            scale = [noise / 10 if signal == TEMPERATURE else noise for signal in SIGNALS]
            values = (values + draw.normal(0.0, scale, values.shape))[there]
            heard = np.full(len(there), 6)
            baselines.take_in(there, 24 * day + hour, values, heard, np.zeros(len(there), np.bool_))
        baselines.close_day("home", rows)
    return baselines


def error(baselines: Baselines, signal: str, rows: NDArray[np.int64] = HERD) -> float:
    """By how much what is taken for usual is off what is true, in the root mean square."""
    found = baselines.usual(rows, signal, np.arange(24))
    return float(np.sqrt(np.mean((found - truth(signal)[rows]) ** 2)))


def bare(baselines: Baselines) -> Baselines:
    """The same without a herd."""
    found = Baselines()
    found.table = baselines.table
    return found


@pytest.mark.parametrize("signal", [RUMINATION, TEMPERATURE])
def test_of_few_days_the_herd_knows_better(signal: str) -> None:
    """Three days of an hour are a guess; the shape of twenty animals is not."""
    young = learnt(DAYS_MIN)

    assert error(young, signal) < 0.75 * error(bare(young), signal)


def test_a_newcomer_leans_on_a_herd_that_is_known() -> None:
    """A heifer that joins is held against her own level, and her pen's hours."""
    known = learnt(12, late=1)
    newcomer = HERD[-1:]

    assert error(known, RUMINATION, newcomer) < 0.75 * error(bare(known), RUMINATION, newcomer)


def test_an_old_animals_usual_is_her_own() -> None:
    """Who keeps other hours than the herd is not held against the herd's for ever."""
    old = learnt(40, noise=0.5)

    leaning = old.usual(HERD, RUMINATION, np.arange(24))
    own = bare(old).usual(HERD, RUMINATION, np.arange(24))

    assert np.abs(leaning - own).max() < 0.05 * own.max()


def test_an_animal_alone_leans_on_nobody() -> None:
    """A herd of nine has no median."""
    few = learnt(DAYS_MIN, herd=HERD_MIN - 1)
    rows = HERD[: HERD_MIN - 1]

    leaning, own = (b.usual(rows, RUMINATION, np.arange(24)) for b in (few, bare(few)))

    assert leaning.tobytes() == own.tobytes()


def test_nobody_is_known_sooner_for_it() -> None:
    """The herd's shape says nothing of her before her own days do."""
    assert np.isnan(learnt(DAYS_MIN - 1).usual(HERD, RUMINATION, np.arange(24))).all()
    assert np.isfinite(learnt(DAYS_MIN).usual(HERD, RUMINATION, np.arange(24))).all()


def test_the_order_of_a_herd_leaves_no_trace() -> None:
    """Rows hang on who was heard first."""
    one, other = learnt(4), learnt(4)
    mixed = np.random.default_rng(1).permutation(HERD)

    one.close_day("home", HERD)
    other.close_day("home", mixed)

    usual = [b.usual(HERD, RUMINATION, np.arange(24)).tobytes() for b in (one, other)]
    assert usual[0] == usual[1]


def test_it_survives_a_snapshot() -> None:
    """What a herd does is settled state as all that is learnt."""
    before = learnt(4)
    after = bare(before)
    after.priors.load(before.priors.to_arrays())

    usual = [b.usual(HERD, RUMINATION, np.arange(24)).tobytes() for b in (before, after)]
    assert usual[0] == usual[1]
