"""The pieces of a screen: what stands on the tag, who is found, whose curve is drawn."""

from datetime import timedelta

import pytest

from api.cards import card, fits, main_signal, tag_of, track_out
from contracts.alert_event import Outcome, Priority
from contracts.detection import Condition, Evidence
from contracts.ids import SubjectKind
from read_models import AlertRow, AnimalRow, LatestReading, Status, Track
from tests.builders import FARM, MORNING

BERTA = AnimalRow(
    animal_id="a-1", external_id="NL 0312 345", name="Berta", group="dry", collar_id="c-17"
)


def a_row(*signals: str) -> AlertRow:
    """An open case whose evidence names these signals."""
    return AlertRow(
        alert_id="x",
        farm_id=FARM,
        subject_kind=SubjectKind.ANIMAL,
        subject_id="a-1",
        condition=Condition.FEVER,
        number=1,
        priority=Priority.URGENT,
        status=Status.OPEN,
        detection_id="d",
        revision=1,
        evidence=tuple(
            Evidence(signal=signal, unit="1", value=1.0, at=MORNING) for signal in signals
        ),
        raised_at=MORNING,
        updated_at=MORNING,
        position=1,
    )


@pytest.mark.parametrize(
    ("external_id", "animal_id", "tag"),
    [
        ("NL 0312 345", "a-1", "345"),
        ("17", "a-1", "17"),
        ("Berta", "nl-0017", "017"),
        ("", "7f3c", "f3c"),
        ("٣٤٥", "a-1", "a-1"),
    ],
)
def test_the_tag_is_what_is_read_from_an_ear(external_id: str, animal_id: str, tag: str) -> None:
    """The last digits, as people call them across the barn."""
    assert tag_of(external_id, animal_id) == tag


def test_what_is_not_known_of_her_is_none_and_not_a_guess() -> None:
    """An animal that the register could not be asked about still has her case."""
    unknown = card("nl-0017", None, None)

    assert (unknown.tag, unknown.external_id, unknown.last_heard_at) == ("017", None, None)


def test_the_register_says_what_she_wears_and_the_reading_when_she_was_heard() -> None:
    """Each from the one who knows."""
    at = MORNING + timedelta(hours=1)
    reading = LatestReading(at, at, "c-99", {"temperature_c": 38.6})

    assert card("a-1", BERTA, reading).collar_id == "c-17"
    assert card("a-1", None, reading).collar_id == "c-99"
    assert card("a-1", BERTA, reading).last_heard_at == at


@pytest.mark.parametrize(
    ("words", "found"),
    [("", True), ("345", True), ("berta dry", True), ("BERTA c-17", True), ("berta fresh", False)],
)
def test_every_word_must_be_hers(words: str, found: bool) -> None:  # noqa: FBT001  a parameter
    """People type a number, a name, or both."""
    assert fits(BERTA, words) is found


def test_the_curve_is_of_the_first_evidence_that_hours_are_kept_of() -> None:
    """A silent collar has no curve: there is nothing to draw."""
    assert main_signal(a_row("rumination_minutes", "eating_minutes")) == "rumination_minutes"
    assert main_signal(a_row("herd_rumination_pct", "eating_minutes")) == "eating_minutes"
    assert main_signal(a_row("silent_minutes")) is None
    assert main_signal(a_row()) is None


def test_a_condition_without_a_judged_case_has_an_empty_track() -> None:
    """Nobody was right or wrong yet."""
    assert track_out(None).closed == 0
    assert track_out(Track(2, 1, (Outcome.CONFIRMED, Outcome.NOTHING_FOUND))).right == 1
