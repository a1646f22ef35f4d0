"""A detector's card: its limits by name, and the same card with a farm's own."""

import numpy as np
import pytest

from contracts.alert_event import Priority
from contracts.detection import Condition
from pipeline.detectors.base import (
    NO_STATION,
    Limit,
    LimitBoundsError,
    Spec,
    UnknownLimitError,
    Voices,
)

SPEC = Spec(
    "a_test",
    2,
    Condition.DOWN,
    (Limit("hours", 4.0, "h", "a paper"), Limit("steps", 10.0, "1", "ours")),
)


def test_a_tuned_card_differs_in_these_limits_alone() -> None:
    """Unit and source stay: the farm chose a number, not what it means."""
    tuned = SPEC.tuned({"hours": 6})

    assert (tuned.value("hours"), tuned.value("steps")) == (6.0, 10.0)
    assert SPEC.value("hours") == 4.0
    assert [(one.unit, one.source) for one in tuned.limits] == [("h", "a paper"), ("1", "ours")]
    assert (tuned.name, tuned.version, tuned.condition) == ("a_test", 2, Condition.DOWN)
    assert tuned.card.priority is Priority.CRITICAL


def test_a_limit_nobody_has_is_named_with_the_detector() -> None:
    """Whoever mistypes it reads where the right names stand."""
    with pytest.raises(UnknownLimitError, match="a_test has no limit hour: `herd config`"):
        SPEC.value("hour")
    with pytest.raises(UnknownLimitError, match="no limit minutes"):
        SPEC.tuned({"hours": 5.0, "minutes": 300.0})


def test_some_voices_keep_their_order_and_their_station() -> None:
    """Farms with limits of their own are asked apart."""
    reading, row, heard_us, interval_us = (np.array([7, 8, 9]) + 10 * n for n in range(4))
    voices = Voices(reading, row, heard_us, interval_us, np.array([0, NO_STATION, 2]))

    some = voices.only(np.array([True, False, True]))

    assert some.reading.tolist() == [7, 9]
    assert some.interval_us.tolist() == [37, 39]
    assert some.station.tolist() == [0, 2]


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), 1e12])
def test_a_limit_that_no_clock_or_counter_holds_is_refused(value: float) -> None:
    """Somebody types it for never; it stands in the log for ever, and must end no worker."""
    limit = Limit("minutes", 60.0, "min", "ours")
    spec = Spec("a_test", 1, Condition.FEVER, (limit,))

    with pytest.raises(LimitBoundsError, match=r"a_test\.minutes=.* is outside 0 … 6000"):
        spec.tuned({"minutes": value})

    assert spec.tuned({"minutes": 0.0}).value("minutes") == 0.0
