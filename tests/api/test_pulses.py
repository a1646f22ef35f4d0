"""Pulses: the last value wins, each is told once, and nobody holds more than one."""

from dataclasses import replace

from api.pulses import FarmPulse, Pulses, PulseSubscription
from contracts.ids import FarmId
from tests.builders import FARM, MORNING

FIRST = FarmPulse(MORNING, MORNING, heard=10, animals=12)
SECOND = replace(FIRST, heard=11)
OTHER = FarmId("farm-b")


def listening(pulses: Pulses, farm: FarmId = FARM) -> tuple[PulseSubscription, list[str]]:
    """A subscription, and a list that grows each time it is woken."""
    woken: list[str] = []
    subscription = PulseSubscription(farm, lambda: woken.append(farm))
    pulses.join(subscription)
    return subscription, woken


def test_who_reads_slowly_gets_the_newest_and_nothing_before() -> None:
    """A pulse of a minute ago is no news; a queue of sixty of them is memory."""
    pulses = Pulses()
    slow, _ = listening(pulses)

    for heard in range(100):
        pulses.felt(FARM, replace(FIRST, heard=heard))

    assert slow.take() == replace(FIRST, heard=99)
    assert slow.take() is None


def test_a_pulse_that_has_not_changed_wakes_nobody() -> None:
    """A thousand quiet screens cost nothing while the night is quiet."""
    pulses = Pulses()
    quiet, woken = listening(pulses)
    pulses.felt(FARM, FIRST)
    quiet.take()

    pulses.felt(FARM, FIRST)

    assert woken == [FARM]
    assert quiet.take() is None


def test_what_changed_back_before_it_was_read_is_no_news() -> None:
    """The client knows it already."""
    pulses = Pulses()
    slow, _ = listening(pulses)
    pulses.felt(FARM, FIRST)
    slow.take()

    pulses.felt(FARM, SECOND)
    pulses.felt(FARM, FIRST)

    assert slow.take() is None


def test_each_hears_his_own_farm_until_he_leaves() -> None:
    """And a farm that nobody listens to is not felt at all."""
    pulses = Pulses()
    one, _ = listening(pulses)
    two, _ = listening(pulses, OTHER)

    pulses.felt(FARM, FIRST)
    pulses.leave(one)
    pulses.felt(FARM, SECOND)

    assert (one.take(), two.take()) == (FIRST, None)
    assert pulses.farms() == (OTHER,)
