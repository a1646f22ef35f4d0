"""Uploads that came and wait to be judged: who is next. Pure.

After an outage every collar brings its backlog, 500 readings an upload, while a few others have one
reading of now, perhaps of a cow that is down. Judged in the order they came, the one reading waits
behind all backlogs. So:

* small uploads (*live*) go before large ones (*backlog*). Told by size alone: what delays others is
  the work, a size cannot be forged, and looking costs nothing; a small old upload delays nobody.
  Rejected: looking for the newest time in it (a search in each, and a clock is only a claim);
* in each class collars take turns, so that one with many uploads waits for itself;
* a collar's own uploads stay in their order, whatever their sizes;
* after so many bytes of live uploads one of the backlog is next: slow is allowed, never is not.
"""

from collections import deque
from typing import Generic, TypeVar

from gateway.payloads.native import UPLOAD_BYTES_MAX

T = TypeVar("T")

LIVE_BYTES_MAX = 8 * 1024  # about 24 full readings: two hours of a collar that measures every 5 min
LIVE_IN_A_ROW_BYTES = 3 * UPLOAD_BYTES_MAX  # the backlog keeps a quarter of a busy gateway


class FairQueue(Generic[T]):
    """What waits, by whose it is. Nothing is refused here: whoever fills it asks `is_full`."""

    def __init__(self, *, count_max: int, bytes_max: int) -> None:
        self._count_max = count_max
        self._bytes_max = bytes_max
        self._lines: dict[str, deque[tuple[int, T]]] = {}
        # whose turn it is: each who has something waiting stands in one of the two, by its oldest
        self._live: deque[str] = deque()
        self._backlog: deque[str] = deque()
        self._live_in_a_row_bytes = 0
        self._count = 0
        self._bytes = 0

    def __len__(self) -> int:
        """Uploads that wait."""
        return self._count

    @property
    def is_full(self) -> bool:
        """Whether to put nothing more in for now."""
        return self._count >= self._count_max or self._bytes >= self._bytes_max

    def put(self, whose: str, size_bytes: int, upload: T) -> None:
        """Add an upload behind what the same sender has waiting."""
        self._count += 1
        self._bytes += size_bytes
        line = self._lines.get(whose)
        if line is not None:
            line.append((size_bytes, upload))
            return
        self._lines[whose] = deque([(size_bytes, upload)])
        self._class_of(size_bytes).append(whose)

    def take(self, *, backlog_too: bool = True) -> T | None:
        """The next upload; None if none waits, or only backlog where that is not wanted."""
        turns = self._live
        if backlog_too and self._backlog:
            if not self._live or self._live_in_a_row_bytes >= LIVE_IN_A_ROW_BYTES:
                turns = self._backlog
        elif not self._backlog:
            self._live_in_a_row_bytes = 0  # nobody was kept waiting
        if not turns:
            return None
        return self._pop(turns)

    def _pop(self, turns: deque[str]) -> T:
        whose = turns.popleft()
        line = self._lines[whose]
        size_bytes, upload = line.popleft()
        if line:
            self._class_of(line[0][0]).append(whose)
        else:
            del self._lines[whose]
        self._count -= 1
        self._bytes -= size_bytes
        if turns is self._live:
            self._live_in_a_row_bytes += size_bytes
        else:
            self._live_in_a_row_bytes = 0
        return upload

    def _class_of(self, size_bytes: int) -> deque[str]:
        return self._live if is_live(size_bytes) else self._backlog


def is_live(size_bytes: int) -> bool:
    """Whether an upload of this size is a matter of now."""
    return size_bytes <= LIVE_BYTES_MAX
