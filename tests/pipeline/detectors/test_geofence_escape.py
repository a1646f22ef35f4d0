"""Geofence escape: an animal outside is told, a jump of the receiver is not."""

import math

import pytest

from contracts.detection import Phase
from pipeline.detectors.geofence_escape import SPEC, GeofenceEscape
from tests.pipeline.detectors.seen import Seen, Watch, cut

FIX = {"latitude": 52.0, "longitude": 5.0}
NOWHERE = {"latitude": 0.0, "longitude": 0.0}
FREE = math.nan


def fixes(*outside_m: float, first: float = 0.0) -> list[Seen]:
    """Fixes every ten minutes, so many metres outside; under 0: inside, NaN: no fence."""
    return [
        Seen(first + 10.0 * number, FIX, outside_m=metres)
        for number, metres in enumerate(outside_m)
    ]


def watch() -> Watch:
    """A farm with a fence."""
    return Watch(GeofenceEscape(), fenced=True)


def test_three_fixes_outside_are_an_animal() -> None:
    """The third one tells it, since the first."""
    (change,) = watch().see(fixes(-40, 60, 90, 140))

    assert change.phase is Phase.ONSET
    assert change.onset_us == 10 * 60_000_000
    assert [(one.signal, one.value, one.limit) for one in change.evidence] == [
        ("outside_m", 60.0, 25.0),
        ("outside_m", 90.0, 25.0),
        ("outside_m", 140.0, 25.0),
    ]


@pytest.mark.parametrize(
    "outside_m",
    [(400, -40, 400, 400, -40), (20, 24, 25, 24, 20), (60, 60, 20, 60, 60)],
    ids=["jumps", "a receiver's error", "along the fence"],
)
def test_what_is_none(outside_m: tuple[float, ...]) -> None:
    """One or two jumps, and an animal that grazes along the wire."""
    assert watch().told(fixes(*outside_m)) == []


def test_no_fix_is_neither_in_nor_out() -> None:
    """(0, 0) lies far outside every fence, and says nothing."""
    nowhere = [Seen(one.minute, NOWHERE, outside_m=6e6) for one in fixes(1, 1, 1, 1)]
    between = [*fixes(90, 90), Seen(15, NOWHERE, outside_m=FREE), *fixes(90, first=20)]

    assert watch().told(nowhere) == []
    assert watch().told(between) == [(Phase.ONSET, 20.0)]


def test_two_fixes_inside_bring_her_back() -> None:
    """One may be a jump the other way."""
    told = watch().told(fixes(60, 60, 60, -5, 60, -5, -20, -20))

    assert told == [(Phase.ONSET, 20.0), (Phase.END, 60.0)]


@pytest.mark.parametrize("fenced", [True, False], ids=["of others", "of nobody"])
def test_where_the_fence_is_taken_down_nobody_is_outside(*, fenced: bool) -> None:
    """The farmer opened the next field: her case ends with her next fix."""
    farm = watch()
    farm.told(fixes(60, 60, 60))

    farm.fenced = fenced
    told = farm.told(fixes(FREE, FREE, first=40))

    assert told == [(Phase.END, 40.0)]
    assert farm.memory["run"][0] == 0


def test_a_letter_of_the_morning_does_not_bring_her_back() -> None:
    """Two old fixes, from inside, come while she is out."""
    out, old = fixes(60, 60, 60, 60, first=100), fixes(-40, -40)

    assert watch().told([*out[:3], *old, out[3]]) == [(Phase.ONSET, 120.0)]


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_the_answer_does_not_hang_on_where_the_log_is_cut(batch: int) -> None:
    """Fixes with and without a fence around them, in pieces."""
    day = fixes(-5, 60, 60, 60, 60, -5, -5, 60, FREE, FREE, 60, 60, FREE, 60, 60, 60, FREE)
    whole, pieces = watch(), watch()

    assert cut(pieces, day, batch) == whole.told(day) != []
    for name, array in whole.memory.to_arrays(1).items():
        assert array.tobytes() == pieces.memory[name][:1].tobytes(), name


def test_a_farm_may_keep_more_distance() -> None:
    """Under trees a receiver errs more."""
    woods = Watch(GeofenceEscape(SPEC.tuned({"margin_m": 100.0})), fenced=True)

    assert woods.told(fixes(60, 60, 60, 60)) == []
