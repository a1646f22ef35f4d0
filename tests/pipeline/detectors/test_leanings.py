"""Leanings: how far a window lies over her usual, in spreads of her own, alone and together."""

from collections.abc import Iterable

import numpy as np
import pytest

from pipeline.detectors.leanings import (
    SPREAD_MIN,
    Leaning,
    lean,
    leaning,
    spread_of,
    sum_of,
    told,
)
from pipeline.herd_hour import HerdHour
from tests.pipeline.detectors.made_hours import hour_after
from tests.pipeline.weeks import HERD, Change, Measures, unchanged

SHE = HERD[3]
PLACE = HERD.index(SHE)
ACTIVE = Leaning("activity", 8, 1, 1.0)
CHEWS = Leaning("rumination_minutes", 8, -1, 1.0)
WARM = Leaning("temperature_c", 12, -1, 1.0)


class Asks:
    """Whoever asks for these windows' medians."""

    medians = tuple((one.signal, one.hours) for one in (ACTIVE, CHEWS, WARM))


def seen(change: Change) -> HerdHour:
    """The twelfth hour under the change."""
    return hour_after(12, change, Asks())  # type: ignore[arg-type]  # only its medians are asked


def times(factor: float, herd: Iterable[str] = (SHE,)) -> Change:
    """Activity of these times a factor."""

    def change(animal: str, _hour: int, measures: Measures) -> Measures:
        if animal not in herd:
            return measures
        return measures | {"activity": measures["activity"] * factor}

    return change


def test_it_is_counted_in_spreads_of_her_own_on_any_scale() -> None:
    """An index that counts in thousands says the same as one that counts in units."""

    def scaled(animal: str, hour: int, measures: Measures) -> Measures:
        found = times(1.4)(animal, hour, measures) or {}
        return found | {"activity": found["activity"] * 7}

    herd = seen(times(1.4))
    lies = lean(herd, "activity", 8)

    assert lies[PLACE] == pytest.approx(0.4 / SPREAD_MIN, rel=0.2)
    assert abs(np.delete(lies, PLACE)).max() < 1
    assert spread_of(herd, "activity", 8)[PLACE] == pytest.approx(SPREAD_MIN)
    # a whole herd that reads seven times as much leans nowhere, and she as before
    assert lean(seen(scaled), "activity", 8)[PLACE] == pytest.approx(lies[PLACE], rel=0.05)


def test_hours_cut_from_one_reading_tell_as_much_as_one() -> None:
    """Pairs of equal hours look steadier than they are: 2-hourly collars would cry for nothing."""
    hourly, two_hourly = (seen(unchanged) for _ in range(2))
    for herd in (hourly, two_hourly):
        herd.baselines.table["variance"][:] = 900.0
    two_hourly.bins.table["readings"][:, ::2] = 0

    wider = spread_of(two_hourly, "activity", 8) / spread_of(hourly, "activity", 8)

    assert wider == pytest.approx(np.sqrt(2))


def test_a_herd_at_rest_makes_nobody_restless_where_that_is_asked() -> None:
    """Half of the usual in all pens: who keeps her pace is not restless."""
    herd = seen(times(0.5, [one for one in HERD if one != SHE]))

    assert lean(herd, "activity", 8)[PLACE] > 5
    assert lean(herd, "activity", 8, rest=1.0)[PLACE] < 1


def test_one_sign_proves_and_refutes_only_so_much() -> None:
    """A slipped collar reads nothing, or ten times too much."""
    assert leaning(seen(times(30.0)), ACTIVE)[PLACE] == ACTIVE.most
    assert leaning(seen(times(0.0)), ACTIVE)[PLACE] == ACTIVE.least


def test_a_sensor_that_measures_less_speaks_at_the_same_limit() -> None:
    """What is not measured neither speaks nor is silent."""

    def restless(animal: str, hour: int, measures: Measures) -> Measures:
        found = times(1.2)(animal, hour, measures) or {}
        return {name: value for name, value in found.items() if name != "rumination_minutes"}

    herd = hour_after(40, restless, Asks())  # type: ignore[arg-type]
    light = Leaning("activity", 8, 1, 0.3)
    both, one = sum_of(herd, (light, CHEWS)), sum_of(herd, (ACTIVE,))

    assert both.judged[PLACE] == one.judged[PLACE] == 1
    assert both.spreads[PLACE] == pytest.approx(one.spreads[PLACE])
    assert both.speaking[PLACE] == 1


def test_what_is_told_stands_beside_what_is_usual() -> None:
    """Degrees to two digits, minutes and counts to one."""

    def cool(animal: str, hour: int, measures: Measures) -> Measures:
        found = times(1.5)(animal, hour, measures) or {}
        return found | {"temperature_c": found["temperature_c"] - 0.5 * (animal == SHE)}

    herd = seen(cool)
    active, chews, warm = told(herd, (ACTIVE, CHEWS, WARM), PLACE)

    assert (active.unit, chews.unit, warm.unit) == ("1", "min", "Cel")
    assert active.usual is not None
    assert active.value == pytest.approx(1.5 * active.usual, rel=0.1)
    assert warm.usual is not None
    assert warm.value == pytest.approx(warm.usual - 0.5, abs=0.1)


def test_where_nothing_is_known_nothing_is_said() -> None:
    """Not a number is no sign."""
    herd = seen(unchanged)

    assert sum_of(herd, ()).judged.max() == 0
    assert np.isnan(sum_of(herd, ()).spreads).all()
