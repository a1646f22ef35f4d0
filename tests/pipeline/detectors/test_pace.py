"""A reading beside her usual hour: whatever it counts in, and however long it covers."""

import numpy as np
import pytest

from pipeline.detectors.down import Down
from pipeline.detectors.pace import centi, of_usual, share_of_time
from tests.pipeline.detectors.seen import Seen, Watch


@pytest.mark.parametrize(("minutes", "steps"), [(5, 10.0), (60, 120.0), (120, 240.0)])
def test_the_usual_is_that_of_so_much_of_an_hour(minutes: float, steps: float) -> None:
    """Sixty steps an hour are five in five minutes and a hundred and twenty in two hours."""
    watch = Watch(Down(), {"steps": 60.0})
    reading = Seen(600, {"steps": steps, "lying_minutes": minutes / 2}, interval_minutes=minutes)

    signals = watch.signals([reading])

    assert of_usual(signals, "steps")[0] == pytest.approx(2.0)
    assert share_of_time(signals, "lying_minutes")[0] == pytest.approx(0.5)


def test_what_is_not_measured_or_not_known_has_none() -> None:
    """NaN, and never a nought that reads like rest."""
    reading = [Seen(600, {"steps": 3.0})]

    assert np.isnan(of_usual(Watch(Down()).signals(reading), "steps")).all()
    assert np.isnan(of_usual(Watch(Down(), {"steps": 0.0}).signals(reading), "steps")).all()
    assert np.isnan(of_usual(Watch(Down(), {"activity": 9.0}).signals(reading), "activity")).all()


def test_hundredths_are_whole_and_nothing_is_none_of_them() -> None:
    """They are added up: a float would say in which order."""
    assert centi(np.array([1.239, np.nan, 0.0])).tolist() == [124, 0, 0]
