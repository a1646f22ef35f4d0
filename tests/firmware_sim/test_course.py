"""The course of a herd: as often as on farms, mild as well as strong, told for the evaluation."""

from datetime import timedelta
from itertools import pairwise

from contracts.detection import Condition
from contracts.ids import AnimalId
from firmware_sim.conditions import Illness, Oestrus
from firmware_sim.course import draw_course, truth_csv
from tests.builders import MORNING

ANIMALS = [AnimalId(f"nl-{number:03}") for number in range(400)]
UNTIL = MORNING + timedelta(days=42)


def test_events_are_as_frequent_as_on_farms() -> None:
    """Precision depends on how rare a condition is: too many ill animals would flatter it."""
    course = draw_course("seed", ANIMALS, MORNING, UNTIL)
    conditions = [one for laid in course.conditions.values() for one in laid]

    heats = sum(isinstance(one, Oestrus) for one in conditions)
    illnesses = sum(isinstance(one, Illness) for one in conditions)
    assert 320 < heats < 440  # half of the herd, twice in six weeks
    assert 20 < illnesses < 46  # 0.2 % of the animal days


def test_some_events_are_mild() -> None:
    """A simulator on which every detector finds everything is not credible."""
    course = draw_course("seed", ANIMALS, MORNING, UNTIL, illness_per_day=0.01)
    conditions = [one for laid in course.conditions.values() for one in laid]
    heats = [one for one in conditions if isinstance(one, Oestrus)]
    illnesses = [one for one in conditions if isinstance(one, Illness)]

    silent = sum(one.activity_times < 1.5 for one in heats)
    assert 0.08 < silent / len(heats) < 0.2
    assert max(one.activity_times for one in heats) > 4
    feverish = sum(one.fever_c >= 1.0 for one in illnesses)
    assert 0.2 < feverish / len(illnesses) < 0.6
    assert min(one.rumination_loss for one in illnesses) < 0.12
    assert max(one.rumination_loss for one in illnesses) > 0.5


def test_heats_of_an_animal_are_18_to_24_days_apart() -> None:
    """The calendar of a cycle is something a detector may use."""
    course = draw_course("seed", ANIMALS, MORNING, UNTIL, illness_per_day=0)

    for laid in course.conditions.values():
        heats = [one.begins_at for one in laid if isinstance(one, Oestrus)]
        for first, second in pairwise(heats):
            assert timedelta(days=17.9) < second - first < timedelta(days=24.1)


def test_the_same_seed_draws_the_same_course_whatever_the_herd() -> None:
    """An animal's course is her own: a larger herd changes nothing of it."""
    whole = draw_course("seed", ANIMALS, MORNING, UNTIL)
    part = draw_course("seed", ANIMALS[:50], MORNING, UNTIL)

    assert part.conditions == {
        animal: laid for animal, laid in whole.conditions.items() if animal in ANIMALS[:50]
    }
    assert draw_course("other", ANIMALS, MORNING, UNTIL) != whole


def test_truth_is_told_in_the_columns_of_the_evaluation() -> None:
    """`herd evaluate --truth` reads this file."""
    truths = draw_course("seed", ANIMALS, MORNING, UNTIL).truths()

    lines = truth_csv(truths).splitlines()

    assert lines[0] == "animal_id,condition,start,end"
    assert len(lines) == len(truths) + 1
    first = truths[0]
    assert lines[1].startswith(f"{first.animal_id},{first.condition},2026-03-")
    assert {one.condition for one in truths} >= {Condition.OESTRUS, Condition.MASTITIS}
