"""The rules by which findings are held against the truth; docs/evaluate.md says them in words."""

import pytest

from contracts.detection import Condition
from contracts.ids import SubjectKind
from pipeline.evaluate import Counting, Row, Table, Truth, scored, wilson
from pipeline.evaluate_run import Days, Finding
from pipeline.tables import DAY_US, HOUR_US

C = Condition
FARM = "home"
ANIMALS = ("berta", "olga")


def a_finding(
    condition: Condition, at_h: float, subject: str = "berta", *, lasts_h: float = 12
) -> Finding:
    """Known at_h hours after the log began."""
    at_us = round(at_h * HOUR_US)
    return Finding(
        condition=condition,
        subject_kind=SubjectKind.FARM if subject == FARM else SubjectKind.ANIMAL,
        subject_id=subject,
        detection_id=f"{condition}-{subject}-{at_h}",
        known_us=at_us,
        onset_us=at_us,
        ended_us=at_us + round(lasts_h * HOUR_US),
    )


def a_row(
    condition: Condition,
    from_h: float,
    to_h: float,
    animal: str = "berta",
    tolerance_h: float | None = None,
) -> Row:
    """True from from_h to to_h hours after the log began."""
    return Row(
        animal_id=animal,
        condition=condition,
        start_us=round(from_h * HOUR_US),
        end_us=round(to_h * HOUR_US),
        tolerance_h=tolerance_h,
    )


def a_table(
    rows: list[Row], findings: list[Finding], *, days: int = 60, young_count: bool = True
) -> Table:
    """The figures of a farm of two that was heard on so many days."""
    heard = Days(
        dict.fromkeys(range(len(ANIMALS)), 0),
        {place: list(range(days)) for place in range(len(ANIMALS))},
    )
    counting = Counting(ANIMALS, heard, young_count=young_count)
    return scored(Truth(FARM, rows), findings, counting, days * DAY_US)


def test_a_row_is_detected_once_and_further_hits_are_neutral() -> None:
    """Else a detector that repeats itself would look better, or worse, than one that does not."""
    row = a_row(C.OESTRUS, 100, 115)
    findings = [a_finding(C.OESTRUS, at) for at in (110, 120, 130)]

    figures = a_table([row], findings).conditions[C.OESTRUS]

    assert (figures.events, figures.detected, figures.right, figures.false) == (1, 1, 1, 0)
    assert figures.findings == 3


def test_lead_is_the_start_less_the_first_that_was_known() -> None:
    """Whoever is told a day before a diagnosis has a day."""
    row = a_row(C.KETOSIS, 200, 260)
    findings = [a_finding(C.KETOSIS, 210), a_finding(C.ILLNESS, 176)]

    figures = a_table([row], findings).conditions[C.KETOSIS]

    assert figures.leads_h == [24.0]
    assert figures.before == 1


@pytest.mark.parametrize(
    ("condition", "before_h"),
    [(C.OESTRUS, 24), (C.CALVING, 12), (C.LAMENESS, 336), (C.MASTITIS, 120)],
)
def test_a_finding_hits_within_the_tolerance_of_its_condition_and_not_beyond(
    condition: Condition, before_h: float
) -> None:
    """The windows are a contract: scripts outside compare figures by them."""
    row = a_row(condition, 500, 510)

    at_edge = a_table([row], [a_finding(condition, 500 - before_h)]).conditions[condition]
    beyond = a_table([row], [a_finding(condition, 510 + before_h + 0.1)]).conditions[condition]

    assert (at_edge.detected, at_edge.false) == (1, 0)
    assert (beyond.detected, beyond.false) == (0, 1)


def test_a_row_may_bring_its_own_tolerance() -> None:
    """A diagnosis that was written down days later needs more."""
    row = a_row(C.CALVING, 500, 501, tolerance_h=48)

    figures = a_table([row], [a_finding(C.CALVING, 460)]).conditions[C.CALVING]

    assert figures.detected == 1


@pytest.mark.parametrize("condition", [C.MASTITIS, C.METRITIS, C.KETOSIS, C.DISPLACED_ABOMASUM])
def test_illness_counts_for_its_four(condition: Condition) -> None:
    """A collar often says that she is ill before anything says of what."""
    table = a_table([a_row(condition, 100, 150)], [a_finding(C.ILLNESS, 90)])

    assert table.conditions[condition].detected == 1
    assert table.conditions[C.ILLNESS].right == 1
    assert table.conditions[C.ILLNESS].false == 0


def test_an_illness_of_another_name_is_false() -> None:
    """Who is sent to look for a milk fever and finds lameness was sent in vain."""
    table = a_table([a_row(C.LAMENESS, 100, 150)], [a_finding(C.KETOSIS, 110)])

    assert table.conditions[C.KETOSIS].false == 1
    assert table.conditions[C.LAMENESS].detected == 0


def test_signs_within_any_illness_of_that_animal_are_never_false() -> None:
    """A fever of a cow with mastitis is what it says."""
    rows = [a_row(C.MASTITIS, 200, 260)]
    hers = [a_finding(C.FEVER, 190), a_finding(C.RUMINATION_DROP, 250)]
    anothers = [a_finding(C.FEVER, 190, "olga")]

    table = a_table(rows, [*hers, *anothers])

    assert table.conditions[C.FEVER].false == 1
    assert table.conditions[C.RUMINATION_DROP].false == 0
    assert table.health_false == 1


def test_a_calving_excuses_no_fever() -> None:
    """Only rows of health do; a calving is none."""
    table = a_table([a_row(C.CALVING, 200, 204)], [a_finding(C.FEVER, 202)])

    assert table.conditions[C.FEVER].false == 1


def test_a_finding_about_the_farm_hits_rows_of_any_animal_and_counts_once() -> None:
    """An outbreak is one alert, and each animal of it one row."""
    rows = [a_row(C.HERD_OUTBREAK, 300, 400, animal) for animal in ANIMALS]

    figures = a_table(rows, [a_finding(C.HERD_OUTBREAK, 310, FARM)]).conditions[C.HERD_OUTBREAK]

    assert (figures.events, figures.detected) == (2, 2)
    assert (figures.findings, figures.right) == (1, 1)


def test_a_finding_about_an_animal_hits_a_row_about_the_farm() -> None:
    """A wolf comes to all of them; whose collar says so first is chance."""
    rows = [a_row(C.PREDATOR_PANIC, 300, 301, FARM)]

    figures = a_table(rows, [a_finding(C.PREDATOR_PANIC, 300.5)]).conditions[C.PREDATOR_PANIC]

    assert (figures.detected, figures.false) == (1, 0)


def test_what_lies_in_her_first_week_is_told_beside() -> None:
    """Nobody can know then what is usual for her; it is counted, and not hidden."""
    rows = [a_row(C.OESTRUS, 100, 115), a_row(C.OESTRUS, 400, 415)]
    findings = [a_finding(C.OESTRUS, 105), a_finding(C.OESTRUS, 150)]

    left_out = a_table(rows, findings, young_count=False)
    counted = a_table(rows, findings, young_count=True)

    figures = left_out.conditions[C.OESTRUS]
    assert (figures.events, figures.detected, figures.false) == (1, 0, 0)
    assert (figures.young_events, figures.young_detected) == (1, 1)
    assert left_out.animal_days == 2 * 53
    figures = counted.conditions[C.OESTRUS]
    assert (figures.events, figures.detected, figures.false) == (2, 1, 1)
    assert counted.animal_days == 2 * 60


def test_what_was_told_counts_though_it_was_taken_back() -> None:
    """By then somebody was up."""
    finding = a_finding(C.DOWN, 500)

    figures = a_table([], [finding]).conditions[C.DOWN]

    assert figures.false == 1


def test_false_calvings_are_held_against_the_days_in_which_one_is_waited_for() -> None:
    """Of a herd with few calvings, alerts a thousand animal-days say little."""
    rows = [a_row(C.CALVING, 24 * 50, 24 * 50 + 4), a_row(C.CALVING, 24 * 10, 24 * 10 + 4, "olga")]

    told = a_table(rows, [a_finding(C.CALVING, 24 * 40)]).told()

    per_1000 = told["conditions"]["calving"]["false_alerts_per_1000_pre_calving_days"]
    assert per_1000 == pytest.approx(1000 / (21 + 10), abs=1e-3)


def test_tables_of_two_farms_add_up() -> None:
    """A herd's figures and those of three herds are of one kind."""
    table = a_table([a_row(C.OESTRUS, 100, 115)], [a_finding(C.OESTRUS, 110)])

    table.add(a_table([a_row(C.OESTRUS, 100, 115)], [a_finding(C.FEVER, 110)]))

    told = table.told()
    assert told["animal_days"] == 240
    assert told["conditions"]["oestrus"]["sensitivity"] == 0.5
    assert told["conditions"]["oestrus"]["precision"] == 1.0
    assert told["health_false_alerts_per_1000_animal_days"] == pytest.approx(1000 / 240, abs=1e-3)


def test_the_interval_of_a_share_is_wilsons() -> None:
    """Held against the published example of 10 in 20 and the edges, where others leave 0 and 1."""
    assert wilson(10, 20) == (0.2993, 0.7007)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0
    assert wilson(0, 0) == (None, None)
    few, many = wilson(9, 10)[0], wilson(900, 1000)[0]
    assert few is not None
    assert many is not None
    assert few < many
