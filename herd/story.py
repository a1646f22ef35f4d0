"""What happens on the demo's farm: a drawn past and future, and stories for whoever looks on. Pure.

The stories are set so that they unfold in the two hours that the demo tells in two minutes: an
illness that comes up over the night, a heat that has begun, a fever, a collar that falls silent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.detection import Condition
from contracts.ids import AnimalId
from firmware_sim.conditions import Course, Fever, Illness, Laid, Oestrus, Silence, Truth
from firmware_sim.course import draw_course

PAST = timedelta(days=14)
DRAWN = timedelta(days=60)  # a demo that runs on has a future of weeks
AROUND = timedelta(days=4)  # nothing else happens to the animals of the stories
STORIES = 4
SIGNS = {
    Condition.FEVER,
    Condition.HYPOTHERMIA,
    Condition.RUMINATION_DROP,
    Condition.FEEDING_DROP,
    Condition.DRINKING_STOPPED,
    Condition.ILLNESS,
}
ILLNESSES = SIGNS | {
    Condition.MASTITIS,
    Condition.METRITIS,
    Condition.KETOSIS,
    Condition.DISPLACED_ABOMASUM,
}
TOLERANCE = timedelta(hours=36)  # a sign may come before what a herdsman would have seen


@dataclass(frozen=True, slots=True)
class Scripted:
    """One story. at: when the terminal tells of it; what: in a few words."""

    animal_id: AnimalId
    at: datetime
    what: str
    condition: Laid


@dataclass(frozen=True, slots=True)
class Story:
    """The course of the whole herd, and the scripted part of it by time."""

    course: Course
    scripted: tuple[Scripted, ...]
    _truths: tuple[Truth, ...]

    def was_so(self, animal_id: str, condition: Condition, at: datetime) -> bool:
        """Whether a detection of this condition at that time was right; a sign for its illness."""
        asked = ILLNESSES if condition in SIGNS else {condition}
        return any(
            truth.animal_id == animal_id
            and truth.condition in asked
            and truth.begins_at - TOLERANCE <= at <= truth.ends_at + TOLERANCE
            for truth in self._truths
        )


def story_of(seed: int, animals: Sequence[AnimalId], past_from: datetime) -> Story:
    """The same for the same farm on every start; at least three animals.

    The stories begin around past_from + PAST, where the farm goes live.
    """
    live_at = past_from + PAST
    drawn = draw_course(f"demo-{seed}", animals, past_from, past_from + DRAWN)
    scripted = _scripted(_quiet(drawn, animals, live_at), live_at)
    conditions = dict(drawn.conditions)
    for one in scripted:
        apart = [
            other for other in drawn.of(one.animal_id) if abs(other.begins_at - live_at) > AROUND
        ]
        conditions[one.animal_id] = tuple(
            sorted([*apart, one.condition], key=lambda each: each.begins_at)
        )
    course = Course(conditions)
    return Story(course, tuple(sorted(scripted, key=lambda one: one.at)), tuple(course.truths()))


def _quiet(drawn: Course, animals: Sequence[AnimalId], live_at: datetime) -> list[AnimalId]:
    """The animals to whom nothing else happens around then; all of them where those are too few."""
    quiet = [
        one
        for one in animals
        if all(abs(other.begins_at - live_at) > 2 * AROUND for other in drawn.of(one))
    ]
    return quiet if len(quiet) >= STORIES else list(animals)


def _scripted(quiet: Sequence[AnimalId], live_at: datetime) -> list[Scripted]:
    hour = timedelta(hours=1)
    told: list[tuple[timedelta, str, Laid]] = [
        (
            timedelta(minutes=2),
            "has been eating and ruminating less since last night",
            Illness(
                begins_at=live_at - 16 * hour,
                ends_at=live_at + 50 * hour,
                condition=Condition.ILLNESS,
                fever_c=1.0,
                rumination_loss=0.75,
                eating_loss=0.6,
                rise=6 * hour,
            ),
        ),
        (
            timedelta(minutes=5),
            "is restless: her heat has begun",
            Oestrus(
                begins_at=live_at - timedelta(hours=5, minutes=30),
                ends_at=live_at + 13 * hour,
                activity_times=4.4,
                rumination_loss=0.2,
            ),
        ),
        (
            timedelta(minutes=25),
            "runs a fever",
            Fever(
                begins_at=live_at + timedelta(minutes=25),
                raise_c=2.2,
                rise=timedelta(minutes=20),
                ends_at=live_at + 20 * hour,
            ),
        ),
        (
            timedelta(minutes=30),
            "is not heard any more: her collar has fallen silent",
            Silence(
                begins_at=live_at + timedelta(minutes=20), ends_at=live_at + 9 * hour, buffered=True
            ),
        ),
    ]
    chosen = quiet[:: max(1, len(quiet) // STORIES)]  # not neighbours
    return [
        Scripted(animal_id, live_at + after, what, condition)
        for animal_id, (after, what, condition) in zip(chosen, told, strict=False)
    ]
