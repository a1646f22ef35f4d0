"""A member: what befalls her shows from then on, and whether anybody hears her collar."""

from datetime import timedelta

from contracts.ids import AnimalId, CollarId
from firmware_sim.collar import Collar
from firmware_sim.conditions import Fever, Oestrus, Silence
from firmware_sim.member import Member, Worn
from tests.builders import FARM, MORNING

NOON = MORNING + timedelta(hours=8)
LATER = NOON + timedelta(hours=2)


def a_member() -> Member:
    """An animal to whom nothing has happened."""
    worn = Worn(
        farm_id=FARM,
        animal_id=AnimalId("nl-1"),
        collar_id=CollarId("c-1"),
        user="c-1",
        password="",
    )
    return Member(worn, Collar(worn.collar_id, boot_id=1, jitter=lambda: 0.5))


def test_conditions_come_beside_each_other_and_go_by_kind() -> None:
    """Who is made well of a fever stays in heat."""
    member = a_member()
    heat = Oestrus(begins_at=NOON, ends_at=NOON + timedelta(hours=14))

    member.befall(heat)
    member.befall(Fever(NOON))

    assert member.animal.measures(LATER, 300).temperature_c > 40

    member.recover(Fever)

    assert member.conditions == (heat,)
    assert member.animal.measures(LATER, 300).temperature_c < 40


def test_a_collar_that_is_out_of_reach_keeps_measuring_and_a_dead_one_does_not() -> None:
    """Both are silent; only one has something to tell afterwards."""
    away, dead = a_member(), a_member()
    away.befall(Silence(begins_at=NOON, ends_at=LATER))
    dead.befall(Silence(begins_at=NOON, ends_at=LATER, buffered=False))

    for member in (away, dead):
        assert member.is_silent(NOON)
        assert not member.is_silent(LATER)
    assert not away.loses(NOON)
    assert dead.loses(NOON)
