"""What every detector of the registry must keep."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detectors.base import ByHearing, ByHour, ByReading, ByTime, Change, Detector
from pipeline.detectors.registry import ALL
from pipeline.tables import Table
from tests.pipeline.detectors.made import AnyReading, made_readings, signals_of

every_detector = pytest.mark.parametrize("detector", ALL, ids=lambda d: d.spec.name)
BYTES_OF_AN_ANIMAL_MAX = 8000


@every_detector
def test_every_limit_has_its_source(detector: Detector) -> None:
    """A number nobody can trace cannot be judged by a vet."""
    assert detector.spec.limits
    assert all(limit.source and limit.unit for limit in detector.spec.limits)


def test_names_are_told_apart() -> None:
    """The name keys memory, episodes and the actor of detections."""
    assert len({detector.spec.name for detector in ALL}) == len(ALL)


@pytest.mark.parametrize(
    "detector", [d for d in ALL if isinstance(d, ByReading)], ids=lambda d: d.spec.name
)
@given(st.lists(made_readings, max_size=40), st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_the_answer_does_not_hang_on_where_the_log_is_cut(
    detector: ByReading, readings: list[AnyReading], batch: int
) -> None:
    """Batches are cut elsewhere after a crash; memory must carry everything over."""
    whole, cut = Table(detector.memory), Table(detector.memory)
    whole.reach(8)
    cut.reach(8)

    expected = detector.judge(signals_of(readings), whole)
    found: list[Change] = []
    for start in range(0, len(readings), batch):
        found += detector.judge(signals_of(readings[start : start + batch], start), cut)

    assert found == expected
    for name, array in whole.to_arrays(8).items():
        assert array.tobytes() == cut[name][:8].tobytes(), name
    assert detector.evidence(whole, 0) == detector.evidence(cut, 0)


@every_detector
def test_each_judges_in_exactly_one_form(detector: Detector) -> None:
    """A detector of two forms would be asked twice, one of none never."""
    assert sum(isinstance(detector, form) for form in (ByReading, ByHour, ByTime, ByHearing)) == 1


@every_detector
def test_what_it_remembers_of_an_animal_is_bounded(detector: Detector) -> None:
    """A million animals have to fit."""
    assert Table(detector.memory).bytes_per_row < BYTES_OF_AN_ANIMAL_MAX
