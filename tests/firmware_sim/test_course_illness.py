"""Illnesses as drawn, held against the papers that their signatures come from."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from contracts.detection import Condition
from contracts.ids import AnimalId
from firmware_sim.conditions_signs import Spell
from firmware_sim.course_illness import (
    draw_displaced_abomasum,
    draw_ketosis,
    draw_lameness,
    draw_mastitis,
    draw_metritis,
    draw_pneumonia,
)
from firmware_sim.draws import drawn_from
from tests.builders import MORNING

CASES = 600


def cases(draw: Callable[..., Spell]) -> list[Spell]:
    """Many of them."""
    rng: Generator = drawn_from("cases", draw.__name__)
    return [draw(rng, MORNING) for _ in range(CASES)]


def sizes(spells: list[Spell], signal: str) -> np.ndarray:
    """(cases,): of that sign at its height."""
    return np.array(
        [sum(one.size for one in spell.signs if one.signal == signal) for spell in spells]
    )


def test_four_of_ten_mastitis_cases_have_no_fever() -> None:
    """Gram-positive ones: about half of them show nothing a bolus sees (Stangaferro II)."""
    fever_c = sizes(cases(draw_mastitis), "raised_c")

    assert 0.33 < (fever_c < 0.5).mean() < 0.47
    assert 0.9 < np.median(fever_c[fever_c >= 0.5]) < 1.8  # Adams 2013: +0.8 °C and more


def test_half_of_metritis_shows_next_to_nothing() -> None:
    """Adams 2013 found no difference, Stangaferro III found 55 %."""
    losses = -sizes(cases(draw_metritis), "rumination")

    assert 0.42 < (losses < 0.10).mean() < 0.62


def test_ketosis_comes_over_days_without_fever_and_a_displaced_abomasum_goes_deeper() -> None:
    """Stangaferro I: alerted 1.6 and 3.0 days before, by sums of a day; so it began before."""
    ketosis, displaced = cases(draw_ketosis), cases(draw_displaced_abomasum)

    assert (sizes(ketosis, "raised_c") == 0).all()
    assert 0.15 < np.median(-sizes(ketosis, "rumination")) < 0.32
    assert 0.40 < np.median(-sizes(displaced, "rumination")) < 0.70
    for spells in (ketosis, displaced):
        before_h = [(one.at - one.begins_at).total_seconds() / 3600 for one in spells]
        assert 72 <= min(before_h) < max(before_h) <= 120


def test_severity_spreads_as_it_does_on_farms() -> None:
    """Log-normal, cv 0.4 to 0.5: on a simulator of average cases every detector looks good."""
    logs = np.log(-sizes(cases(draw_ketosis), "rumination").clip(-0.84, None))

    assert 0.3 < logs.std() < 0.5
    assert abs(logs.mean() - np.median(logs)) < 0.08


def test_pneumonia_has_fever_days_before_it_is_seen() -> None:
    """Flattot 2021; feeding is down when somebody sees it (-19 % on that day)."""
    for spell in cases(draw_pneumonia)[:50]:
        fever = next(one for one in spell.signs if one.signal == "raised_c")
        eating = next(one for one in spell.signs if one.signal == "eating")
        assert fever.full_h <= -19
        assert eating.full_h >= -4


def test_lameness_drifts_over_weeks_and_asks_for_no_sign_of_its_own() -> None:
    """Beer 2016, Tucker 2021: a detector of hours cannot find it."""
    for spell in cases(draw_lameness)[:50]:
        assert (spell.at - spell.begins_at).days >= 11
        assert [one.condition for one in spell.truths(AnimalId("nl-1"))] == [Condition.LAMENESS]
