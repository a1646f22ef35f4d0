"""Runs of judged hours: an onset must hold, an end must hold, and what lies between breaks both."""

import numpy as np

from pipeline.detectors.sustained import ILL, JUDGED, MEMORY, OVER, UNDER, Hold, Machine
from pipeline.tables import Table

ROWS = np.array([0, 1])
HOLD = Hold(onset_hours=2, end_hours=3)
LETTERS = {"o": JUDGED | OVER, "u": JUDGED | UNDER, "-": JUDGED, "?": 0, "i": JUDGED | OVER | ILL}
NOBODY = np.zeros(2, np.bool_)


def a_memory() -> Table:
    """Of two animals."""
    memory = Table(MEMORY)
    memory.reach(2)
    return memory


def course(said: str, hold: Hold = HOLD) -> list[tuple[int, str]]:
    """(hour, what) of the first animal, one letter an hour: over, under, between, not judged, ill.

    The second one is always under.
    """
    memory = a_memory()
    found = []
    for hour, letter in enumerate(said):
        machine = Machine.of(memory, ROWS)
        bits = np.array([LETTERS[letter], LETTERS["u"]], np.uint8)
        turned = machine.turn(hour, bits, NOBODY, hold)
        machine.put(memory, ROWS)
        assert not turned.begins[1]
        assert not turned.ends[1]
        found += [(hour, "begin")] * int(turned.begins[0]) + [(hour, "end")] * int(turned.ends[0])
    return found


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
        machine.turn(hour, bits, NOBODY, HOLD)

    assert (machine.open[0], machine.first_hour[0]) == (True, 7)


def test_rules_of_the_hours_around_are_part_of_the_fold() -> None:
    """How long one lasts, how long she rests after it, and that who is ill has none."""
    rests = Hold(onset_hours=1, end_hours=1, lasts_hours_max=3, rest_hours=4)

    assert course("oooooooooo", rests) == [(0, "begin"), (3, "end"), (7, "begin")]
    assert course("i" + 30 * "o", Hold(onset_hours=2, end_hours=3, well=True)) == [(25, "begin")]
