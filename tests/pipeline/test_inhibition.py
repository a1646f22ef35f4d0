"""Who keeps whom from beginning, and in which order machines turn."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pytest

from contracts.detection import Condition
from pipeline.detectors.base import ByHour, Spec
from pipeline.detectors.sustained import (
    AROUND_MEMORY,
    JUDGED,
    LATELY_HOURS,
    MEMORY,
    OVER,
    UNDER,
    Around,
    Hold,
    Machine,
    flag_of,
)
from pipeline.inhibition import Rules
from pipeline.tables import Table

ROWS = np.array([0])
LETTERS = {"o": JUDGED | OVER, "u": JUDGED | UNDER, "-": JUDGED, "?": 0}
AT_ONCE = Hold(onset_hours=1, end_hours=1)
DROP, MASTITIS, HEAT = Condition.RUMINATION_DROP, Condition.MASTITIS, Condition.OESTRUS


@dataclass
class Judging:
    """Of a detector of hours, all that rules look at."""

    condition: Condition
    hold: Hold = AT_ONCE
    quiet_while: frozenset[Condition] = frozenset()

    @property
    def spec(self) -> Spec:
        """Its card."""
        return Spec(self.condition, 1, self.condition, (), quiet_while=self.quiet_while)


def course(pairs: list[tuple[Judging, str]], beside: str = "") -> list[Any]:
    """(hour, condition, what) of one animal; a letter an hour: over, under, between, not judged.

    beside: one letter an hour: (f)ever, (o)utbreak of the farm.
    """
    rules = Rules.of([cast("ByHour", one) for one, _ in pairs])
    memories, around = [Table(MEMORY) for _ in pairs], Table(AROUND_MEMORY)
    for table in (*memories, around):
        table.reach(1)
    flags = {"f": flag_of(Condition.FEVER), "o": flag_of(Condition.HERD_OUTBREAK)}
    found = []
    for hour in range(len(pairs[0][1])):
        machines = [Machine.of(memory, ROWS) for memory in memories]
        lies = Around.of(around, ROWS)
        bits = [np.array([LETTERS[letters[hour]]], np.uint8) for _, letters in pairs]
        flag = np.array([flags.get(beside[hour : hour + 1], 0)], np.uint8)
        turned = rules.turn(machines, lies, hour, bits, flag)
        lies.put(around, ROWS)
        for (one, _), machine, memory, change in zip(
            pairs, machines, memories, turned, strict=True
        ):
            machine.put(memory, ROWS)
            found += [(hour, one.condition, "begin")] * int(change.begins[0])
            found += [(hour, one.condition, "end")] * int(change.ends[0])
    return found


def test_none_begins_while_another_is_open_or_was_within_a_day() -> None:
    """A cow that just was ill is restless for other reasons than a bull."""
    heat = Judging(HEAT, Hold(1, 1, not_while=frozenset({DROP})))
    drop = "-oouu" + 30 * "-"

    found = course([(Judging(DROP), drop), (heat, "--" + 33 * "o")])

    assert found == [
        (1, DROP, "begin"),
        (3, DROP, "end"),
        (3 + LATELY_HOURS, HEAT, "begin"),
    ]


def test_what_is_not_judged_by_the_hour_keeps_from_beginning_as_long() -> None:
    """A fever of single readings is in the byte of the hour."""
    heat = Judging(HEAT, Hold(1, 1, not_while=frozenset({Condition.FEVER})))

    found = course([(heat, 30 * "o")], beside="ff")

    assert found == [(1 + LATELY_HOURS, HEAT, "begin")]


@pytest.mark.parametrize("order", [1, -1], ids=["as said", "the other way"])
def test_what_she_has_is_told_under_its_own_name_alone(order: int) -> None:
    """In the hour in which both could begin the general one does not, wherever it stands."""
    drop = Judging(DROP, Hold(1, 1, explained_by=frozenset({MASTITIS})))
    both = [(drop, "oooo"), (Judging(MASTITIS), "oooo")]

    found = course(both[::order])

    assert found == [(0, MASTITIS, "begin")]


def test_the_general_case_ends_with_the_begin_of_the_particular_one() -> None:
    """The farmer had a sign; now he has a name, and one case."""
    drop = Judging(DROP, Hold(1, 1, explained_by=frozenset({MASTITIS})))

    found = course([(drop, "oooooo"), (Judging(MASTITIS), "---ooo")])

    assert found == [(0, DROP, "begin"), (3, DROP, "end"), (3, MASTITIS, "begin")]


def test_two_that_explain_each_other_do_not_turn_for_ever() -> None:
    """Whichever was there first stays."""
    drop = Judging(DROP, Hold(1, 1, explained_by=frozenset({HEAT})))
    heat = Judging(HEAT, Hold(1, 1, explained_by=frozenset({DROP})))

    found = course([(drop, "-ooo"), (heat, "oooo")])

    assert found == [(0, HEAT, "begin")]


def test_a_farm_that_has_a_case_of_its_own_keeps_single_ones_quiet() -> None:
    """They are told when it is over, if they still last."""
    drop = Judging(DROP, AT_ONCE, frozenset({Condition.HERD_OUTBREAK}))

    assert course([(drop, "oooo")], beside="oo") == [(2, DROP, "begin")]
    assert course([(drop, "ouuu")], beside="ooo") == []
