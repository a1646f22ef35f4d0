"""The simulated herd can be told apart by what stands on the tags."""

from datetime import date

from contracts.ids import FarmId, is_id
from herd.roster import PENS, roster

TODAY = date(2026, 3, 1)


def test_no_two_animals_share_a_tag_or_a_name() -> None:
    """A farmer calls them by what stands on the tag; 120 is the demo's herd."""
    cows = roster(FarmId("home"), 120, TODAY)

    assert len({cow.external_id[-3:] for cow in cows}) == 120
    assert len({cow.name for cow in cows}) == 120
    assert {cow.group for cow in cows} == set(PENS)
    assert all(is_id(cow.animal_id) and is_id(cow.collar_id) for cow in cows)


def test_ear_tags_stay_unique_in_a_herd_of_thousands() -> None:
    """The register refuses an external id that another animal carries."""
    assert len({cow.external_id for cow in roster(FarmId("home"), 2000, TODAY)}) == 2000


def test_the_same_farm_has_the_same_animals_on_another_day() -> None:
    """A start on the next day must not rename the herd."""
    first, next_day = (roster(FarmId("home"), 9, TODAY.replace(day=day)) for day in (1, 2))

    for one, other in zip(first, next_day, strict=True):
        assert (one.external_id, one.name, one.group) == (
            other.external_id,
            other.name,
            other.group,
        )
