"""Theft: what no animal can walk is a case, a jump of the receiver is not."""

import pytest

from contracts.detection import Phase
from pipeline.detectors.theft import Theft
from tests.pipeline.detectors.seen import Seen, Watch, cut

NOON, NIGHT = 12 * 60.0, 23 * 60.0
DEGREE_M = 111_195.0


def way(start: float, step: float, *metres: float) -> list[Seen]:
    """Fixes every few minutes, so many metres north of her pasture."""
    return [
        Seen(start + step * n, {"latitude": 52.0 + one / DEGREE_M, "longitude": 5.0})
        for n, one in enumerate(metres)
    ]


@pytest.mark.parametrize("start", [NOON, NIGHT], ids=["by day", "by night"])
@pytest.mark.parametrize("step", [1.0, 2.0, 5.0, 10.0])
def test_a_lorry_is_told_within_minutes(start: float, step: float) -> None:
    """Ten metres a second from her pasture on, whatever the cadence."""
    drive = [600 * step * n for n in range(1, 9)]

    told = Watch(Theft()).told(way(start, step, 0, 20, 10, 30, *drive))

    ((phase, minute),) = told
    assert phase is Phase.ONSET
    assert minute - (start + 3 * step) <= max(2 * step, 4.0)


def test_at_night_one_far_fix_is_enough() -> None:
    """The thief throws the collar away: there may be no second one."""
    gone = (0, 10, 30, 4000)

    assert len(Watch(Theft()).told(way(NIGHT, 10, *gone))) == 1
    assert Watch(Theft()).told(way(NOON, 10, *gone)) == []


@pytest.mark.parametrize(
    ("step", "metres"),
    [
        (10, (0, 10, 500, 20, 480, 10, 500, 490, 0)),
        (1, (0, 10, 500, 20, 480, 10, 500, 490, 0)),
        (10, (0, 10, 600, 1300, 1950, 2600, 3200)),
        (10, (0, 10, 850, 1650, 2400, 3200)),
        (1, (0, 10, 240, 480, 600, 640, 650, 600)),
        (10, (0, 10, 9000, 20, 10, 0)),
    ],
    ids=[
        "jumps",
        "jumps by the minute",
        "a herd that is driven",
        "a quick one",
        "a run",
        "one wild fix",
    ],
)
def test_what_is_none(step: float, metres: tuple[float, ...]) -> None:
    """All of these are of every day."""
    assert Watch(Theft()).told(way(NOON, step, *metres)) == []


def test_no_fix_is_no_theft() -> None:
    """(0, 0) is 5,800 km away, at night too."""
    night = way(NIGHT, 10, 0, 10, 0, 10)
    nowhere = [Seen(NIGHT + 45, {"latitude": 0.0, "longitude": 0.0})]

    assert Watch(Theft()).told([*night, *nowhere, *way(NIGHT + 50, 10, 0, 10)]) == []


def test_night_is_where_she_is() -> None:
    """Noon by Greenwich is midnight in Auckland."""
    far = [
        Seen(NOON + 10 * n, {"latitude": -36.0 - one / DEGREE_M, "longitude": 175.0})
        for n, one in enumerate((0, 10, 30, 4000))
    ]

    assert len(Watch(Theft()).told(far)) == 1


def test_the_case_is_over_when_she_is_back() -> None:
    """A legal drive to the vet and home again; while she is away it stays open."""
    drive = way(NOON, 10, 0, 10, 30, 9000, 18000, 18000, 18010, 18000, 9000, 40, 20, 10)

    assert Watch(Theft()).told(drive) == [(Phase.ONSET, NOON + 40), (Phase.END, NOON + 100)]


def test_the_evidence_says_how_far_and_how_fast() -> None:
    """That is what one tells the police."""
    watch = Watch(Theft())

    (change,) = watch.see(way(NIGHT, 10, 0, 0, 0, 9000))

    gone, speed = change.evidence
    assert (gone.signal, gone.value) == ("gone_m", 9000.0)
    assert (speed.signal, speed.value) == ("gone_m_s", 15.0)
    assert change.onset_us == round((NIGHT + 20) * 60_000_000)
    assert watch.detector.evidence(watch.memory, 0) == (gone,)


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_the_answer_does_not_hang_on_where_the_log_is_cut(batch: int) -> None:
    """Six fixes of each are remembered, and where home is."""
    day = way(NOON, 10, 0, 10, 30, 9000, 18000, 18000, 9000, 40, 20, 10, 9000, 18000, 18000)
    late = [*day[:5], day[2], *day[5:]]
    whole, pieces = Watch(Theft()), Watch(Theft())

    assert cut(pieces, late, batch) == whole.told(late) != []
    for name, array in whole.memory.to_arrays(1).items():
        assert array.tobytes() == pieces.memory[name][:1].tobytes(), name
