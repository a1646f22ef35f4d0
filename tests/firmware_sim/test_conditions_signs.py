"""Spells: each sign has its size and its hours, and only what is strong enough is asked for."""

from datetime import timedelta

import numpy as np
import pytest

from contracts.detection import Condition
from contracts.ids import AnimalId
from firmware_sim.animal import Animal
from firmware_sim.conditions_signs import Sign, Spell
from firmware_sim.effects import Effects
from tests.builders import MORNING

AT = MORNING + timedelta(days=1)
ENDS = AT + timedelta(days=2)
MINUTES_S = MORNING.timestamp() + 60.0 * np.arange(3 * 1440, dtype=np.float64)
COW = AnimalId("nl-1")


def day_of(spell: Spell, number: int) -> Effects:
    """Its effects on the number-th day from MORNING on."""
    effects = Effects()
    spell.lay(effects, MINUTES_S[number * 1440 : (number + 1) * 1440])
    return effects


def test_a_sign_rises_stays_and_falls_in_its_hours() -> None:
    """The literature's tables give sizes and hours: what is laid must be what they say."""
    signs = (Sign("rumination", -0.4, -12, 0, 6, 12), Sign("raised_c", 1.5, -6, 0, 6, 12))
    spell = Spell(AT, ENDS, signs, Condition.ILLNESS)

    before, after = day_of(spell, 0), day_of(spell, 1)

    assert spell.begins_at == AT - timedelta(hours=12)
    assert (before.rumination[:720] == 1).all()
    assert before.rumination[1080] == pytest.approx(0.8, abs=0.01)
    np.testing.assert_allclose(after.rumination[:360], 0.6)
    assert after.raised_c[540] == pytest.approx(0.75, abs=0.01)
    assert (after.raised_c[720:] == 0).all()


def test_two_spells_at_once_work_on_each_other() -> None:
    """Ketosis after metritis: she has what both leave her."""
    half = Spell(AT, ENDS, (Sign("eating", -0.5, 0, 0, 12, 12),))
    effects = day_of(half, 1)

    half.lay(effects, MINUTES_S[1440:2880])

    assert effects.eating[60] == pytest.approx(0.25)


def test_nothing_before_a_spell_depends_on_it() -> None:
    """What was heard already cannot have changed."""
    signals = ("activity", "lying", "bouts", "recumbent", "eating", "rumination", "heart")
    noon = MORNING + timedelta(hours=8)
    spell = Spell(noon, ENDS, tuple(Sign(one, 0.9, 0, 0, 12, 12) for one in signals))
    times_s = MINUTES_S[:480:10]

    well = Animal("nl-1").table(times_s, 600)

    np.testing.assert_array_equal(well, Animal("nl-1", conditions=[spell]).table(times_s, 600))


@pytest.mark.parametrize(
    ("sign", "told"),
    [
        (Sign("raised_c", 1.1, -24, -12, 6, 24), Condition.FEVER),
        (Sign("rumination", -0.3, -24, -12, 12, 24), Condition.RUMINATION_DROP),
        (Sign("eating", -0.35, -24, -12, 12, 24), Condition.FEEDING_DROP),
        (Sign("raised_c", -1.8, -4, 0, 6, 8), Condition.HYPOTHERMIA),
        (Sign("rumination", -0.2, -24, -12, 12, 24), None),
        (Sign("raised_c", 0.8, -24, -12, 6, 24), None),
        (Sign("eating", -0.6, -4, 0, 6, 8), None),  # hours of a meal are no feeding drop
    ],
)
def test_a_sign_is_true_by_itself_where_it_is_strong_enough(
    sign: Sign, told: Condition | None
) -> None:
    """A mastitis without fever is no missed fever."""
    found = [one.condition for one in Spell(AT, ENDS, (sign,), Condition.MASTITIS).truths(COW)]

    assert found == ([Condition.MASTITIS] if told is None else [Condition.MASTITIS, told])


def test_what_must_not_alert_is_no_truth() -> None:
    """A vaccination fever is a fever for a thermometer and none for the farmer."""
    assert Spell(AT, ENDS, (Sign("raised_c", 1.4, 0, 1, 24, 30),)).truths(COW) == []
