"""When to inseminate: counted from the hour in which the excess of activity began."""

import pytest

from pipeline.detectors.oestrus import Oestrus
from pipeline.detectors.oestrus_service import first_restless_hour, service_window
from pipeline.tables import HOUR_US
from tests.pipeline.detectors.made_hours import hour_after
from tests.pipeline.weeks import HERD, Measures

SHE = HERD[3]
PLACE = HERD.index(SHE)


@pytest.mark.parametrize("lasts", [2, 6, 14])
def test_the_onset_is_the_first_restless_hour_however_long_ago(lasts: int) -> None:
    """A case that is told again hours later must not move the time of insemination."""
    begins = 20

    def change(animal: str, hour: int, measures: Measures) -> Measures:
        factor = 3.0 if animal == SHE and hour >= begins else 1.0
        return measures | {"activity": measures["activity"] * factor}

    herd = hour_after(begins + lasts, change, Oestrus())

    assert first_restless_hour(herd, "activity", PLACE, 1.0) == herd.hour - lasts + 1


def test_the_window_is_told_as_two_moments() -> None:
    """Evidence holds times: a page shows from when until when."""
    since, until = service_window(100, 12, 24)

    assert (since.at_us, until.at_us) == (112 * HOUR_US, 124 * HOUR_US)
    assert (since.value, until.value, since.unit) == (12, 24, "h")
