"""The demo's stories: the same farm on every start, and a truth that judgements can be held to."""

from datetime import UTC, datetime, timedelta

from contracts.detection import Condition
from contracts.ids import AnimalId
from firmware_sim.conditions import Silence
from herd.story import PAST, STORIES, story_of

PAST_FROM = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIVE_AT = PAST_FROM + PAST
ANIMALS = [AnimalId(f"home-{number:03}") for number in range(1, 121)]


def test_the_same_farm_has_the_same_story_on_every_start() -> None:
    """A farm that was killed goes on where it was: other truths would be another herd."""
    assert story_of(1, ANIMALS, PAST_FROM) == story_of(1, ANIMALS, PAST_FROM)
    assert story_of(2, ANIMALS, PAST_FROM) != story_of(1, ANIMALS, PAST_FROM)


def test_each_story_has_an_animal_to_whom_nothing_else_happens() -> None:
    """Two causes on one animal would make a story that nobody understands."""
    story = story_of(1, ANIMALS, PAST_FROM)

    assert len({one.animal_id for one in story.scripted}) == STORIES
    for one in story.scripted:
        near = [
            other
            for other in story.course.of(one.animal_id)
            if abs(other.begins_at - LIVE_AT) < timedelta(days=4)
        ]
        assert near == [one.condition]


def test_a_small_herd_has_as_many_stories_as_animals() -> None:
    """`--animals 3` must not fail for want of a fourth."""
    assert len(story_of(1, ANIMALS[:3], PAST_FROM).scripted) == 3


def test_a_sign_is_right_during_any_illness_and_a_heat_during_heat_alone() -> None:
    """The farmer who finds a sick cow calls the alarm right, whatever it was named."""
    story = story_of(1, ANIMALS, PAST_FROM)
    ill, in_heat = (story.scripted[place].animal_id for place in (0, 1))

    assert story.was_so(ill, Condition.RUMINATION_DROP, LIVE_AT)
    assert story.was_so(in_heat, Condition.OESTRUS, LIVE_AT)
    assert not story.was_so(ill, Condition.OESTRUS, LIVE_AT)
    assert not story.was_so(in_heat, Condition.FEVER, LIVE_AT)


def test_one_collar_falls_silent_while_somebody_looks_on() -> None:
    """An hour of silence is told an hour later: within the two hours that are told fast."""
    (silence,) = [
        one.condition
        for one in story_of(1, ANIMALS, PAST_FROM).scripted
        if isinstance(one.condition, Silence)
    ]

    assert LIVE_AT < silence.begins_at < LIVE_AT + timedelta(minutes=50)
