"""Runs of judged hours: an onset must hold, an end must hold, and what lies between breaks both."""

import numpy as np

from pipeline.detectors.sustained import (
    JUDGED,
    MEMORY,
    OVER,
    UNDER,
    Hold,
    Machine,
    Meanwhile,
    put_verdicts,
    verdicts_in,
)
from pipeline.tables import Table

ROWS = np.array([0, 1])
HOLD = Hold(onset_hours=2, end_hours=3)
LETTERS = {"o": JUDGED | OVER, "u": JUDGED | UNDER, "-": JUDGED, "?": 0}


def a_memory() -> Table:
    """Of two animals."""
    memory = Table(MEMORY)
    memory.reach(2)
    return memory


def course(said: str, hold: Hold = HOLD, beside: str = "") -> list[tuple[int, str]]:
    """(hour, what) of the first animal, one letter an hour: over, under, between, not judged.

    The second one is always under. beside: what else is so of the first, one letter an hour:
    (b)arred, (e)xplained, (h)ushed.
    """
    memory = a_memory()
    found = []
    for hour, letter in enumerate(said):
        machine = Machine.of(memory, ROWS)
        bits = np.array([LETTERS[letter], LETTERS["u"]], np.uint8)
        turned = machine.turn(hour, bits, meanwhile(beside[hour : hour + 1]), hold)
        machine.put(memory, ROWS)
        assert not turned.begins[1]
        assert not turned.ends[1]
        found += [(hour, "begin")] * int(turned.begins[0]) + [(hour, "end")] * int(turned.ends[0])
    return found


def meanwhile(letter: str = "") -> Meanwhile:
    """What else is so of both, in one hour; only of the first."""
    barred, explained, hushed = (np.array([letter == one, False]) for one in "beh")
    return Meanwhile(barred | explained, explained, hushed)


def test_an_onset_and_an_end_must_hold() -> None:
    """One late hour must neither raise a case nor close it."""
    assert course("-o-oo-uuu-") == [(4, "begin"), (8, "end")]


def test_an_hour_between_both_limits_breaks_an_end() -> None:
    """A case that flickers is worse than one that stays."""
    assert course("oo-uu-uuu") == [(1, "begin"), (8, "end")]


def test_an_hour_that_was_not_judged_neither_counts_nor_breaks() -> None:
    """A dead zone is no sign of health."""
    assert course("o??o-u?uu") == [(3, "begin"), (8, "end")]


def test_an_episode_began_with_the_first_hour_of_its_run() -> None:
    """The id hangs on it: a run that ends the episode must not move it."""
    machine = Machine.of(a_memory(), ROWS)
    for hour, letter in ((7, "o"), (8, "o"), (9, "u")):
        bits = np.array([LETTERS[letter], 0], np.uint8)
        machine.turn(hour, bits, meanwhile(), HOLD)

    assert (machine.open[0], machine.first_hour[0]) == (True, 7)


def test_rules_of_the_hours_around_are_part_of_the_fold() -> None:
    """How long one lasts, how long she rests after it, and that nothing begins while barred."""
    rests = Hold(onset_hours=1, end_hours=1, lasts_hours_max=3, rest_hours=4)

    assert course("oooooooooo", rests) == [(0, "begin"), (3, "end"), (7, "begin")]
    assert course("oooooo", beside="bbb") == [(4, "begin")]
    assert course("oooouuuu", beside="--bb") == [(1, "begin"), (6, "end")]


def test_what_is_explained_by_something_else_ends() -> None:
    """She has one case, under the name of what she has."""
    assert course("oooooooo", beside="---eeee") == [(1, "begin"), (3, "end")]


def test_what_begins_while_the_farm_explains_it_is_told_if_it_lasts() -> None:
    """One case instead of two hundred; and none is lost that was not of it."""
    assert course("oooooooouuu", beside="hhhhh") == [(5, "begin"), (10, "end")]
    assert course("ooouuu----", beside="hhhhhhh") == []
    assert course("oooo?o-uuu", beside="hhhh") == [(5, "begin"), (9, "end")]  # who is not heard


def test_what_is_told_stays_told_when_the_farm_explains_it_later() -> None:
    """A case that vanished would be looked for."""
    assert course("oooooouuu", beside="--hhhhhhh") == [(1, "begin"), (8, "end")]


def test_verdicts_lie_two_to_a_byte_and_leave_each_other_alone() -> None:
    """Half of the memory of the hours that may still change."""
    memory, kept = a_memory(), {}
    for hour in range(200, 282):
        kept[hour] = np.array([hour % 8, hour % 5], np.uint8)
        put_verdicts(memory, ROWS, hour, kept[hour])
    put_verdicts(memory, ROWS, 231, np.array([7, 0], np.uint8))
    kept[231] = np.array([7, 0], np.uint8)

    assert all((verdicts_in(memory, ROWS, hour) == bits).all() for hour, bits in kept.items())
    hours = np.arange(200, 282)
    one = verdicts_in(memory, np.full(len(hours), ROWS[1]), hours)
    assert one.tolist() == [int(kept[hour][1]) for hour in hours.tolist()]
