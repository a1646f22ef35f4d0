"""Battery low: measured by itself, whatever cell it is."""

import pytest

from contracts.detection import Phase
from pipeline.detectors.battery_low import BatteryLow
from tests.pipeline.detectors.seen import Seen, Watch, cut

HOUR = 60.0
DAY = 24 * HOUR


def volts(values: list[float], first: float = 0.0, step: float = HOUR) -> list[Seen]:
    """A voltage every hour."""
    return [Seen(first + step * n, {"battery_v": v}) for n, v in enumerate(values)]


def knee(full: float, days: int = 10) -> list[float]:
    """Hourly voltages that sink by a fifth within so many days, faster at the end."""
    hours = 24 * days
    return [full * (1 - 0.2 * (n / hours) ** 2.5) for n in range(hours)]


@pytest.mark.parametrize("full", [1.5, 3.0, 3.65, 4.2, 12.6], ids=str)
def test_each_cell_is_measured_by_itself(full: float) -> None:
    """The knee is told days before it is empty, whatever full means."""
    day = volts([*[full] * 48, *knee(full)])

    ((phase, minute),) = Watch(BatteryLow()).told(day)

    empty = 12 * DAY
    assert phase is Phase.ONSET
    assert 1.5 * DAY < empty - minute < 4 * DAY


@pytest.mark.parametrize(
    "values",
    [
        [3.6] * 20 + [3.2] * 4 + [3.6] * 20,
        [3.6] * 20 + [5.0] + [3.6] * 40,
        [3.6 - 0.003 * n for n in range(60)],
    ],
    ids=["a cold night", "a slip of the sensor", "years"],
)
def test_what_is_none(values: list[float]) -> None:
    """It comes back by itself, or there is time."""
    assert Watch(BatteryLow()).told(volts(values)) == []


def test_a_new_battery_ends_it() -> None:
    """Charged or changed: the case is over without anybody's word."""
    day = volts([*[3.6] * 48, *knee(3.6), *[3.55] * 8])

    assert [phase for phase, _ in Watch(BatteryLow()).told(day)] == [Phase.ONSET, Phase.END]


def test_another_collar_with_a_weaker_cell_is_not_low() -> None:
    """She wears another make since noon: 3.0 V are full there."""
    assert Watch(BatteryLow()).told(volts([4.2] * 48 + [3.0] * 96)) == []


def test_what_the_cell_before_held_is_nothing_to_the_new_one() -> None:
    """Two readings of the strong one lie among the last three: they do not count for the weak."""
    watch = Watch(BatteryLow())

    watch.told(volts([4.2] * 48 + [3.0]))
    assert watch.memory["full"][0] == 0
    watch.told(volts([3.0, 3.1], first=49 * HOUR))
    assert watch.memory["full"][0] == 3000


def test_what_is_no_voltage_says_nothing() -> None:
    """Nought, and per cent in the wrong column but for 100."""
    assert Watch(BatteryLow()).told(volts([0.0] * 48 + [-1.0] * 20 + [1e6] * 20)) == []


@pytest.mark.parametrize("batch", [1, 2, 7, 50])
def test_the_answer_does_not_hang_on_where_the_log_is_cut(batch: int) -> None:
    """With steps to other batteries and back."""
    day = volts([*[3.6] * 5, *[3.0] * 3, 3.6, 3.0, *[3.6] * 6, *[3.3, 3.1] * 2, *[3.0] * 20, 3.6])
    day += volts([*knee(3.6, 3)], first=100 * HOUR)
    whole, pieces = Watch(BatteryLow()), Watch(BatteryLow())

    assert cut(pieces, day, batch) == whole.told(day) != []
    for name, array in whole.memory.to_arrays(1).items():
        assert array.tobytes() == pieces.memory[name][:1].tobytes(), name


def test_the_evidence_is_what_it_held_and_what_it_should() -> None:
    """In volts, with the limit of this very cell."""
    (change,) = Watch(BatteryLow()).see(volts([*[4.0] * 48, *knee(4.0)]))

    newest = change.evidence[-1]
    assert (newest.signal, newest.unit, newest.limit) == ("battery_v", "V", 3.6)
    assert newest.value < 3.6
