"""A move is told once: one mark a collar, in the order that the contract gives its moves."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.columns import columns_of
from contracts.ids import FarmId
from pipeline.moves import Moves, is_moved
from tests.builders import a_reading
from tests.pipeline.logs import moved

Told = tuple[str, str, int, int]  # farm, collar, taken_by, first_offset


def first_told(moves: Moves, told: Sequence[Told]) -> list[bool]:
    """Which of these moves are no repeats."""
    readings = [
        moved(a_reading(collar=collar, farm=FarmId(farm)), "nl-2", by=by, first_offset=first)
        for farm, collar, by, first in told
    ]
    found: list[bool] = moves.first_told(columns_of(list(enumerate(readings)))).tolist()
    return found


ABOVE = [("a", "c", 2, 8), ("a", "c", 3, 0), ("a", "other", 1, 0), ("b", "c", 1, 0)]
REPEATS = [("a", "c", 2, 7), ("a", "c", 2, 6), ("a", "c", 1, 99)]


@pytest.mark.parametrize("then", [*ABOVE, *REPEATS])
def test_a_move_counts_if_it_is_above_the_last_of_its_collar(then: Told) -> None:
    """A newer list, or further on by the same: else somebody has told it before."""
    assert first_told(Moves(), [("a", "c", 2, 7), then]) == [True, then in ABOVE]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"), st.sampled_from("cd"), st.integers(0, 3), st.integers(0, 5)
        ),
        max_size=30,
    ),
    st.integers(0, 30),
)
def test_a_snapshot_between_them_changes_nothing(told: list[Told], cut: int) -> None:
    """Restored, the marks are those that were left."""
    before, after = Moves(), Moves()
    whole = first_told(Moves(), told)

    begun = first_told(before, told[:cut])
    after.load(before.to_array())

    assert begun + first_told(after, told[cut:]) == whole


def test_a_reading_that_came_is_no_move() -> None:
    """Nearly all readings are none, and take the short way."""
    readings = [a_reading(), moved(a_reading(), "nl-2", by=0, first_offset=0)]

    assert is_moved(columns_of(list(enumerate(readings)))).tolist() == [False, True]
