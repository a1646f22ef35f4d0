"""The bench of detectors' cost: all of the registry, each by what it judges."""

from benchmarks.detectors import Spent, form_of, timed
from pipeline.detectors.registry import ALL


def test_every_detector_is_timed_by_what_it_judges() -> None:
    """A form that the bench does not know would be told as free."""
    for detector in ALL:
        spent = Spent()
        twin = timed(detector, spent)

        assert twin.spec is detector.spec
        assert form_of(twin) == form_of(detector)
        assert form_of(detector) in {"reading", "hour", "herd's hour", "line", "tick"}


def test_a_timed_call_answers_as_before_and_is_noted() -> None:
    """What is measured is what is used."""
    spent = Spent()

    assert spent.timed("judge", lambda value: value + 1)(4) == 5
    assert spent.by_method["judge"] >= 0
