"""Children watched over: spawned together, waited for, started again when they die, stopped.

`poll` is the whole supervision: whoever holds the children calls it a few times a second from the
main thread; no thread of our own runs.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from farmbox.errors import BoxError
from farmbox.service import PROBE_PAUSE_S, Service

BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 15.0
STEADY_S = 30.0  # up for so long, a service's next death counts as its first
LOG_CHECK_S = 5.0


@dataclass(slots=True)
class Watch:
    """What the supervision remembers of one service. Times are of the monotonic clock."""

    service: Service
    restarts: int = 0
    failures: int = 0  # in a row
    started_at_s: float = 0.0
    due_at_s: float | None = None  # when to try again; None while it runs
    problem: str = ""  # why the newest try could not even begin

    def spawn(self) -> None:
        """Start the child and remember when."""
        self.started_at_s = time.monotonic()
        self.due_at_s = None
        self.problem = ""
        self.service.spawn()

    def poll(self, now_s: float) -> None:
        """Start a dead child again: the first time at once, then later the more often it dies."""
        if self.service.alive:
            if now_s - self.started_at_s > STEADY_S:
                self.failures = 0
        elif self.due_at_s is None:
            pause_s = min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2**self.failures)
            self.due_at_s = now_s + (0.0 if self.failures == 0 else pause_s)
            self.failures += 1
        elif now_s >= self.due_at_s:
            self.due_at_s = None  # a try that fails is due again, later
            self.restarts += 1
            try:
                self.service.prepare()
                self.spawn()
            except BoxError as error:
                self.problem = str(error)


class Supervision:
    """Services in their order of start; on_progress hears each name that is ready, and seconds."""

    def __init__(
        self,
        services: Sequence[Service],
        on_progress: Callable[[str, float], None] = lambda _name, _seconds: None,
    ) -> None:
        self.watches = [Watch(service) for service in services]
        self._on_progress = on_progress
        self._log_check_at_s = 0.0

    def spawn_all(self) -> None:
        """Start every child, prepared already. From the main thread only."""
        for watch in self.watches:
            watch.spawn()

    def wait_all_ready(self) -> None:
        """Return when all answer; raise BoxError with the reason for the first that cannot."""
        waiting = list(self.watches)
        while waiting:
            for watch in list(waiting):
                took_s = time.monotonic() - watch.started_at_s
                if watch.service.answers():
                    waiting.remove(watch)
                    self._on_progress(watch.service.name, took_s)
                elif not watch.service.alive or took_s > watch.service.ready_max_s:
                    watch.service.wait_ready(within_s=0.0)  # raises, and says why
            time.sleep(PROBE_PAUSE_S)

    def poll(self) -> None:
        """Start dead services again; never waits for one to be ready. From the main thread."""
        now_s = time.monotonic()
        for watch in self.watches:
            watch.poll(now_s)
        if now_s > self._log_check_at_s:
            self._log_check_at_s = now_s + LOG_CHECK_S
            for watch in self.watches:
                watch.service.bound_log()

    def stop(self) -> None:
        """Stop every child, in reverse order of start; members of one cluster at once."""
        services = [watch.service for watch in reversed(self.watches)]
        for _, members in groupby(services, key=lambda service: service.cluster or id(service)):
            together = list(members)
            for service in together:
                service.ask_to_stop()
            for service in together:
                service.wait_stopped()
