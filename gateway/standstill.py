"""Whether this process stood still: for how long no thread of it could run.

Problem: a loop of herd-clock that did not turn for long was either stopped with the whole process
(a signal, a frozen container, a machine that swaps), and knows nothing of that time; or it waited
for Kafka while the prober saw well that the way in was closed. The first must forget, the second
must tell.

Approach: signs of life of all threads go to one place, and among them those of one that does
nothing else (`app.py`): it waits for nobody, so a gap in them is a standstill.

Rejected: the prober's turns (it may wait for a broker that is away together with Kafka); the time
outside of calls to Kafka (herd-clock spends nearly all of its time within them).
"""

import threading

SIGN_EVERY_S = 0.5  # deaf is nobody before two seconds


class Standstill:
    """Told by every thread that lives, asked by the one that writes ticks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sign_at_s: float | None = None
        self._longest_s = 0.0

    def alive(self, monotonic_s: float) -> None:
        """A sign of life; one that was overtaken by another thread's says nothing new."""
        with self._lock:
            self._sign(monotonic_s)

    def longest_s(self, monotonic_s: float) -> float:
        """The longest time without a sign since this was last asked; asking is a sign, too."""
        with self._lock:
            self._sign(monotonic_s)
            longest_s, self._longest_s = self._longest_s, 0.0
            return longest_s

    def _sign(self, monotonic_s: float) -> None:
        if self._sign_at_s is not None:
            self._longest_s = max(self._longest_s, monotonic_s - self._sign_at_s)
            monotonic_s = max(monotonic_s, self._sign_at_s)
        self._sign_at_s = monotonic_s
