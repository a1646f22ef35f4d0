"""A process stood still if no thread of it could run; one that waits is no standstill."""

from threading import Thread

from gateway.app import live
from gateway.standstill import Standstill
from runtime.lifecycle import Running
from tests.waiting import eventually


class Counted(Standstill):
    """Counts the signs of life."""

    signs = 0

    def alive(self, monotonic_s: float) -> None:
        """One more."""
        super().alive(monotonic_s)
        self.signs += 1


def test_while_any_thread_gives_a_sign_nothing_stood_still() -> None:
    """One waits for Kafka for half a minute, the other does not."""
    standstill = Standstill()
    standstill.longest_s(0.0)
    for second in range(31):
        standstill.alive(float(second))

    assert standstill.longest_s(30.5) == 1.0


def test_a_gap_is_told_once_whoever_is_the_first_to_run_again() -> None:
    """Its threads go on in any order, and one may come with a moment from before."""
    for signs in ((60.0,), (60.0, 0.1), (0.1, 60.0, 60.5), ()):
        standstill = Standstill()
        standstill.alive(0.0)
        for sign in signs:
            standstill.alive(sign)

        assert standstill.longest_s(61.0) >= 59.5
        assert standstill.longest_s(61.2) <= 0.3


def test_herd_clock_has_a_loop_that_does_nothing_but_live() -> None:
    """Every other one waits for somebody."""
    standstill, running = Counted(), Running()
    thread = Thread(target=live, args=(standstill, running))
    thread.start()
    try:
        eventually(lambda: standstill.signs > 1, why="it gives signs")
    finally:
        running.stop()
        thread.join(5)

    assert not thread.is_alive()
