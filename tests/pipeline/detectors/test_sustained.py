"""Runs of judged hours: an onset must hold, an end must hold, and what lies between breaks both."""

import numpy as np

from contracts.detection import Phase
from pipeline.detectors.sustained import MEMORY, Hold, changes_of, turns
from pipeline.tables import HOUR_US, Table

ROWS = np.array([0, 1])
HOLD = Hold(onset_hours=2, end_hours=3)


def course(over: str, under: str) -> list[tuple[int, str]]:
    """(hour, phase) of the first animal's changes; one letter an hour, x = yes."""
    memory = Table(MEMORY)
    memory.reach(2)
    found = []
    for hour, (is_over, is_under) in enumerate(zip(over, under, strict=True)):
        turned = turns(
            memory,
            ROWS,
            hour,
            np.array([is_over == "x", False]),
            np.array([is_under == "x", True]),
            HOLD,
        )
        assert 1 not in turned.begin.tolist() + turned.end.tolist()
        found += [(hour, "begin") for row in turned.begin if row == 0]
        found += [(hour, "end") for row in turned.end if row == 0]
    return found


def test_an_onset_and_an_end_must_hold() -> None:
    """One late hour must neither raise a case nor close it."""
    assert course("-x-xx-----", "------xxx-") == [(4, "begin"), (8, "end")]


def test_an_hour_between_both_limits_breaks_an_end() -> None:
    """A case that flickers is worse than one that stays."""
    assert course("xx-------", "---xx-xxx") == [(1, "begin"), (8, "end")]


def test_an_episode_began_with_the_first_hour_of_its_run() -> None:
    """The id hangs on it: a run that ends the episode must not move it."""
    memory = Table(MEMORY)
    memory.reach(2)
    yes, no = np.array([True, False]), np.array([False, False])

    turns(memory, ROWS, 7, yes, no, HOLD)
    begun = turns(memory, ROWS, 8, yes, no, HOLD)
    onset = changes_of(begun, ROWS, memory, {0: ()})
    turns(memory, ROWS, 9, no, yes, HOLD)

    assert [(change.phase, change.onset_us) for change in onset] == [(Phase.ONSET, 7 * HOUR_US)]
    assert memory["first_hour"][0] == 7
