"""Predator panic: several at once race; one alone, or a herd that walks, does not."""

from collections.abc import Sequence

import pytest

from contracts.detection import Phase
from pipeline.detectors.predator_panic import PredatorPanic
from tests.pipeline.detectors.seen import Seen, Watch, cut

USUAL = {"activity": 60.0}
FARM_ROW = 9
HERD = range(6)
DEGREE_M = 111_195.0


def hours(
    first: float, last: float, hunted: Sequence[int] = (), *, calm: float = 70.0, hot: float = 160.0
) -> list[Seen]:
    """A herd's hearts, every ten minutes each; those of the hunted race."""
    found = []
    for minute in range(round(first), round(last), 10):
        for row in HERD:
            bpm = hot if row in hunted else calm + row
            found.append(seen(minute + row, row, {"heart_rate_bpm": bpm}))
    return found


def seen(minute: float, row: int, measured: dict[str, float]) -> Seen:
    """A reading of one of the farm's animals."""
    return Seen(minute, measured, row=row, farm_row=FARM_ROW)


def test_three_hearts_that_race_within_minutes_are_one_case_of_the_farm() -> None:
    """The third tells it; the case is the farm's, whatever animals they are."""
    watch = Watch(PredatorPanic())

    (change,) = watch.see([*hours(0, 60), *hours(60, 70, hunted=[1, 3, 4])])

    (said,) = change.evidence
    assert (change.phase, change.row) == (Phase.ONSET, FARM_ROW)
    assert change.onset_us == 61 * 60_000_000
    assert (said.signal, said.value, said.limit) == ("racing_animals", 3.0, 3.0)


@pytest.mark.parametrize(
    "day",
    [
        [*hours(0, 60), *hours(60, 120, hunted=[1, 3])],
        [*hours(0, 60), *hours(60, 120, hunted=list(HERD), hot=105.0)],
        [*hours(0, 60), *hours(60, 70, [1]), *hours(90, 100, [3]), *hours(120, 130, [4])],
        hours(0, 120, hunted=list(HERD)),
    ],
    ids=["two", "a walk", "one after the other", "always so"],
)
def test_what_is_none(day: list[Seen]) -> None:
    """Illness, heat and the way to the parlour make hearts beat faster too."""
    assert Watch(PredatorPanic()).told(day) == []


def test_it_is_over_half_an_hour_after_the_last_one_raced() -> None:
    """And a second chase of that night is a case of its own."""
    night = [
        *hours(0, 60),
        *hours(60, 80, hunted=[1, 2, 3]),
        *hours(80, 200),
        *hours(200, 210, hunted=[1, 2, 3]),
    ]

    told = Watch(PredatorPanic()).told(night)

    assert told == [(Phase.ONSET, 63.0), (Phase.END, 103.0), (Phase.ONSET, 203.0)]


def test_legs_tell_it_where_no_heart_is_measured() -> None:
    """Five metres a second for five minutes; jumps of 500 m are every receiver's."""

    def fixes(metres: float) -> list[Seen]:
        rows = [(0, row, 0.0) for row in HERD] + [(5, row, metres) for row in HERD[:4]]
        return [
            seen(minute, row, {"latitude": 52 + way / DEGREE_M, "longitude": 5.0})
            for minute, row, way in rows
        ]

    assert [phase for phase, _ in Watch(PredatorPanic()).told(fixes(1500))] == [Phase.ONSET]
    assert Watch(PredatorPanic()).told(fixes(500)) == []


def test_activity_alone_needs_more_animals_and_more_of_it() -> None:
    """A herd that is driven is three times as lively as usual, an attacked one is tenfold."""

    def burst(rows: int, times: float) -> list[Seen]:
        return [seen(10.0, row, {"activity": 10.0 * times}) for row in range(rows)]

    assert len(Watch(PredatorPanic(), USUAL).see(burst(6, 8.0))) == 1
    assert Watch(PredatorPanic(), USUAL).see(burst(4, 8.0)) == []
    assert Watch(PredatorPanic(), USUAL).see(burst(6, 3.0)) == []
    assert Watch(PredatorPanic()).see(burst(6, 8.0)) == []


def test_a_heart_of_which_nothing_is_known_yet_does_not_race() -> None:
    """The second reading of a new collar is held against one: that is no measure."""
    new = [
        seen(row + 10.0 * turn, row, {"heart_rate_bpm": 60.0 + 90 * turn})
        for turn in (0, 1)
        for row in HERD
    ]

    assert Watch(PredatorPanic()).told(new) == []


def test_each_farm_has_its_own_end() -> None:
    """Both are hunted in one night, and calm down apart."""
    day = [*hours(0, 60), *hours(60, 70, hunted=[1, 2, 3]), *hours(70, 140)]
    other = [Seen(one.minute, one.measured, row=one.row + 6, farm_row=12) for one in day]
    both = [one for pair in zip(day, other, strict=True) for one in pair]
    watch = Watch(PredatorPanic())

    first = watch.told(both[: len(both) // 2])
    rest = watch.told(both[len(both) // 2 :])

    assert [phase for phase, _ in [*first, *rest]] == [Phase.ONSET] * 2 + [Phase.END] * 2


def test_two_farms_are_not_one_herd() -> None:
    """Hearts are counted by farm, though a worker has many."""
    day = [*hours(0, 60), *hours(60, 70, hunted=[1, 3, 4])]
    apart = [
        Seen(one.minute, one.measured, row=one.row, farm_row=9 if one.row < 4 else 10)
        for one in day
    ]

    assert Watch(PredatorPanic()).told(apart) == []


@pytest.mark.parametrize("batch", [1, 5, 40])
def test_the_answer_does_not_hang_on_where_the_log_is_cut(batch: int) -> None:
    """Late letters included."""
    day = [*hours(0, 60), *hours(60, 80, [1, 2, 3]), *hours(80, 150), *hours(60, 80, [5])]
    whole, pieces = Watch(PredatorPanic(), USUAL), Watch(PredatorPanic(), USUAL)

    assert cut(pieces, day, batch) == whole.told(day) != []
    for name, array in whole.memory.to_arrays(12).items():
        assert array.tobytes() == pieces.memory[name][:12].tobytes(), name


def test_what_was_not_hers_is_forgotten() -> None:
    """Her heart is held against her own readings."""
    watch = Watch(PredatorPanic())
    watch.told(hours(0, 60))

    watch.detector.forget(2, 42 * 60_000_000, watch.memory, ends=False)

    assert watch.memory["beats"][2].sum() == 0
    assert watch.memory["beats"][3].sum() > 0
