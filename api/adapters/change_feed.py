"""From the worklist's feed to the hub: one thread that is woken by a hint or by the clock.

A hint (Redis' pub/sub) saves the wait, but may be lost: every farm that somebody looks at is asked
for at least every POLL_S. Changes go to the event loop page by page, and the next page waits until
the loop has taken the last one, so nothing piles up between the two.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import TypeVar

import structlog

from api.hub import QUEUE_MAX, Head, Hub
from contracts.clock import Clock
from contracts.ids import FarmId
from read_models import Hints, ReadModelUnavailableError, Worklist
from runtime.lifecycle import Running

log = structlog.get_logger()
T = TypeVar("T")

POLL_S = 0.25
PAGE_MAX = 200
STALE_AFTER = timedelta(seconds=10)  # the projector tells its age every second
HANDOVER_MAX_S = 30.0  # an event loop that takes longer hangs
QUEUE_HIGH = QUEUE_MAX // 2
ROOM_WAIT_S = 0.02
ROOM_WAITS_MAX = 50  # a second in all: who reads nothing then is too slow, the others go on


class ChangeFeed:
    """Brings the changes of all farms that the hub follows."""

    def __init__(
        self, worklist: Worklist, hub: Hub, clock: Clock, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._worklist = worklist
        self._hub = hub
        self._clock = clock
        self._loop = loop

    def run(self, running: Running) -> None:
        """Until stopped. A Redis that is away is told to the clients, and asked again."""
        while running.goes_on():
            try:
                with closing(self._worklist.hints()) as hints:
                    self._follow(hints, running)
            except ReadModelUnavailableError as error:
                if not self._hub.stale:
                    log.warning("worklist_unavailable", error=str(error))
                self._in_loop(partial(self._hub.heard, "", None, stale=True))
                running.wait(POLL_S)

    def _follow(self, hints: Hints, running: Running) -> None:
        polled_at = 0.0
        while running.goes_on():
            hint = hints.wait(POLL_S)
            heads = self._hub.heads()
            if hint is not None and hint in heads:
                self._bring(hint, heads[hint], running)
            if time.monotonic() - polled_at < POLL_S:
                continue
            polled_at = time.monotonic()
            self._tell_age()
            for farm_id, head in heads.items():
                if farm_id != hint:
                    self._bring(farm_id, head, running)

    def _bring(self, farm_id: FarmId, head: Head, running: Running) -> None:
        """Hand over what a farm has new, page by page."""
        while running.goes_on():
            page = self._worklist.page(farm_id, head.epoch, head.position, limit=PAGE_MAX)
            waiting = self._in_loop(partial(self._hub.publish, farm_id, page))
            if page is None or len(page.changes) < PAGE_MAX:
                return
            head = Head(page.epoch, page.changes[-1].position)
            for _ in range(ROOM_WAITS_MAX):
                if waiting < QUEUE_HIGH or running.wait(ROOM_WAIT_S):
                    break
                waiting = self._in_loop(partial(self._hub.fullest, farm_id))

    def _tell_age(self) -> None:
        age = self._worklist.age()
        stale = age.as_of is None or self._clock.now() - age.as_of > STALE_AFTER
        self._in_loop(partial(self._hub.heard, age.epoch, age.as_of, stale=stale))

    def _in_loop(self, call: Callable[[], T]) -> T:
        """What `call` returns, run where the hub lives."""

        async def run() -> T:
            return call()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(HANDOVER_MAX_S)
