"""The canonical form: what two runs must agree on, and nothing else."""

from datetime import timedelta

from pipeline.canonical import canonical
from tests.builders import MORNING, a_detection


def test_it_leaves_out_when_and_why_it_became_known() -> None:
    """Another speed of the log gives another known_at, not another finding."""
    one = a_detection()
    other = a_detection(known_at=MORNING + timedelta(hours=9))

    assert canonical([one]) == canonical([other])
    assert canonical([one]) != canonical([a_detection(animal="nl-2")])


def test_order_and_repeats_leave_no_trace() -> None:
    """A detection sent again after a restore is the same detection."""
    first, second = a_detection(), a_detection(revision=2)

    assert canonical([second, first, first]) == canonical([first, second])
