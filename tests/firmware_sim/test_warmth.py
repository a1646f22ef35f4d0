"""How warm she is, at three places."""

from datetime import UTC, datetime

import numpy as np
import pytest

from firmware_sim.animal import Animal
from firmware_sim.draws import Floats
from firmware_sim.effects import Effects
from firmware_sim.stage import Kind, Stage
from firmware_sim.weather import air_at
from tests.builders import MORNING

MARCH_S = MORNING.timestamp() + 300 * np.arange(1, 288 * 8 + 1, dtype=np.float64)
HERD = [Animal(f"nl-{number}", "home") for number in range(12)]


def warmth(animal: Animal, site: str, times_s: Floats = MARCH_S) -> Floats:
    """Her temperatures, (days, 288)."""
    found = animal.columns(times_s, 300, ["temperature_c"], site)["temperature_c"]
    return found.reshape(-1, 288)


def test_a_core_swings_as_in_implanted_cows() -> None:
    """38.8 °C, 1.23 ± 0.09 from peak to trough; science's 0.10 to 0.15 from day to day."""
    core = np.array([warmth(one, "core") for one in HERD])

    own = core.mean(axis=(1, 2))
    assert 38.6 < core.mean() < 38.95
    assert 0.05 < own.std() < 0.25
    assert 0.07 < (core.mean(axis=2) - own[:, None]).std() < 0.16
    assert 1.05 < (core.max(axis=2) - core.min(axis=2)).mean() < 1.45


def test_a_rumen_is_warmer_and_only_it_feels_a_drink() -> None:
    """Bolus and thermometer disagree by 0.4 °C, and for an hour by degrees."""
    core, rumen = warmth(HERD[0], "core"), warmth(HERD[0], "rumen")

    assert np.quantile(rumen, 0.8) - np.quantile(core, 0.8) == pytest.approx(0.4, abs=0.2)
    assert rumen.min() < 37 < core.min()


def test_an_ear_follows_the_air() -> None:
    """520 readings of 30 cattle: r = 0.75 with the air, 0.29 with the core, 33.7 ± 2.8 °C."""
    year_s = MORNING.timestamp() + 7200 * np.arange(12 * 365.0)
    animal = Animal("nl-1", "home")

    ear = animal.columns(year_s, 7200, ["temperature_c"], "ear")["temperature_c"]

    assert 0.5 < np.corrcoef(ear, air_at("home", year_s).ambient_c)[0, 1] < 0.85
    assert 30 < ear.mean() < 35
    assert 1.7 < ear.std() < 3.5


def test_a_hot_spell_warms_the_herd_by_tenths_and_by_day() -> None:
    """Dikmen & Hansen 2009: 39.0 °C at 29.7 °C of air, 39.5 at 31.4; no fever of one animal."""
    june = datetime(2026, 6, 1, 4, tzinfo=UTC).timestamp()
    summer_s = june + 300 * np.arange(288 * 90.0)
    air = air_at("home", summer_s).ambient_c.reshape(90, 288)
    hot, mild = np.argsort(air.max(axis=1))[[-2, 20]]

    core = np.mean(
        [warmth(Animal(f"nl-{number}", "home"), "core", summer_s) for number in range(4)], axis=0
    )

    assert 0.2 < core[hot, 100:180].mean() - core[mild, 100:180].mean() < 1.6


def test_a_raised_core_shows_everywhere_by_its_share() -> None:
    """A fever of two degrees is two in the rumen and little at the ear."""

    class Raised:
        def lay(self, effects: Effects, at_s: Floats) -> None:
            effects.raised_c[: len(at_s)] += 2.0

    well, feverish = HERD[0], HERD[0].with_condition(Raised())

    for site, degrees in (("core", 2.0), ("rumen", 2.0), ("ear", 0.6)):
        risen = warmth(feverish, site)[:2] - warmth(well, site)[:2]
        np.testing.assert_allclose(risen, degrees, atol=0.02)


def test_a_calf_is_warm_and_a_range_cow_drinks_seldom_and_deep() -> None:
    """38.9 °C in the calf's core; what a cow drinks at once cools her for longer."""
    calf = Animal("nl-1", "home", stage=Stage(kind=Kind.CALF))
    cow = Animal("nl-1", "home", stage=Stage(kind=Kind.BEEF))

    assert 38.5 < warmth(calf, "core").mean() < 39.3
    assert (warmth(cow, "rumen") < 37).mean() < (warmth(HERD[0], "rumen") < 37).mean()
