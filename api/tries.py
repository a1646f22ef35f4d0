"""How often one address may fail: pure bookkeeping, in a window of fixed length.

Tickets cannot be guessed; the limit keeps a script that tries from costing us more than a look
into a dictionary, and from hiding in the log.
"""

from collections import OrderedDict
from dataclasses import dataclass

FAILURES_MAX = 20  # a family that scans an old code does not come near it
WINDOW_S = 60.0
ADDRESSES_MAX = 1000  # the longest known is forgotten first


@dataclass(slots=True)
class _Window:
    since: float
    failures: int = 0


class FailedTries:
    """Failures by address. `at` is a monotonic time in seconds. For the event loop's thread."""

    def __init__(self) -> None:
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def wait_s(self, address: str, at: float) -> float:
        """Seconds until this address may try again; 0 = now."""
        window = self._windows.get(address)
        if window is None or window.failures < FAILURES_MAX:
            return 0.0
        return max(0.0, window.since + WINDOW_S - at)

    def failed(self, address: str, at: float) -> None:
        """Count one failure."""
        window = self._windows.get(address)
        if window is None or at >= window.since + WINDOW_S:
            self._windows.pop(address, None)
            window = self._windows[address] = _Window(at)
            while len(self._windows) > ADDRESSES_MAX:
                self._windows.popitem(last=False)
        window.failures += 1
