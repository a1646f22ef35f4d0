"""A reading belongs to whom wore the collar at its own time, and to no other farm."""

from datetime import datetime

import pytest

from contracts.animal_event import Assignment, CollarAssignments
from contracts.dead_letter import Reason, Rejected
from contracts.ids import AnimalId, CollarId, FarmId
from gateway.attribution import Attribution
from tests.builders import FARM, at

COLLAR = CollarId("c-17")


def worn(animal: str, since: str, until: str | None = None, farm: str = FARM) -> Assignment:
    """One span of one animal."""
    return Assignment(
        animal_id=AnimalId(animal),
        farm_id=FarmId(farm),
        worn_from=at(since),
        worn_to=None if until is None else at(until),
    )


def attribution(*assignments: Assignment) -> Attribution:
    """What the register says of the one collar."""
    known = Attribution()
    known.apply(CollarAssignments(collar_id=COLLAR, assignments=assignments))
    return known


def wearer(known: Attribution, when: datetime, farm: str = FARM) -> str:
    """The animal's id, or the reason why there is none."""
    found = known.wearer(COLLAR, FarmId(farm), when)
    return found.reason if isinstance(found, Rejected) else found.animal_id


@pytest.mark.parametrize(
    ("when", "animal"),
    [
        ("2026-01-31T23:59:59Z", Reason.NOT_WORN),
        ("2026-02-01T00:00:00Z", "nl-1"),
        ("2026-02-28T23:59:59Z", "nl-1"),
        ("2026-03-01T00:00:00Z", Reason.NOT_WORN),
        ("2026-03-02T00:00:00Z", "nl-2"),
        ("2027-01-01T00:00:00Z", "nl-2"),
    ],
)
def test_the_readings_own_time_decides_whose_it_is(when: str, animal: str) -> None:
    """A collar moves between animals, and its buffer is sent days later."""
    known = attribution(
        worn("nl-2", "2026-03-02T00:00:00Z"),
        worn("nl-1", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
    )

    assert wearer(known, at(when)) == animal


def test_where_spans_overlap_the_later_begun_counts() -> None:
    """An assignment typed in without ending the one before is the newer knowledge."""
    known = attribution(worn("nl-1", "2026-02-01T00:00Z"), worn("nl-2", "2026-03-01T00:00Z"))

    assert wearer(known, at("2026-03-02T00:00Z")) == "nl-2"


def test_another_farms_collar_is_refused_without_naming_that_farm() -> None:
    """Nobody learns from a refusal where a collar was sold to."""
    known = attribution(worn("nl-1", "2026-02-01T00:00Z", farm="farm-b"))

    refused = known.wearer(COLLAR, FARM, at("2026-03-01T00:00Z"))

    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.WRONG_FARM
    assert "farm-b" not in refused.detail


def test_the_newest_record_of_a_collar_replaces_all_before() -> None:
    """The register corrects itself: what it says today is what counts."""
    known = attribution(worn("nl-1", "2026-02-01T00:00Z"))

    known.apply(
        CollarAssignments(collar_id=COLLAR, assignments=(worn("nl-9", "2026-02-01T00:00Z"),))
    )

    assert wearer(known, at("2026-03-01T00:00Z")) == "nl-9"


def test_an_unknown_collar_is_told_from_one_that_nobody_wears() -> None:
    """The one needs an import, the other an assignment: different hands mend them."""
    known = attribution()

    unknown = known.unknown(CollarId("c-99"))

    assert unknown is not None
    assert unknown.reason is Reason.UNKNOWN_COLLAR
    assert known.unknown(COLLAR) is None
    assert wearer(known, at("2026-03-01T00:00Z")) == Reason.NOT_WORN


def test_a_forgotten_collar_is_unknown_again() -> None:
    """A tombstone in the compacted topic means that the register knows it no longer."""
    known = attribution(worn("nl-1", "2026-02-01T00:00Z"))

    known.forget(COLLAR)

    assert known.unknown(COLLAR) is not None
    assert len(known) == 0
