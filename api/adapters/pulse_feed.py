"""Feels the pulse of every farm that somebody listens to, once a second, in a thread of its own.

A store that is away stops the pulse, not the sockets: they go on telling the alerts, and a screen
sees by the age of the newest reading that nothing is heard.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import structlog

from api.adapters.outages import OUTAGES
from api.pulses import FarmPulse, Pulses
from contracts.ids import FarmId
from read_models import History, Latest
from runtime.lifecycle import Running

log = structlog.get_logger()
T = TypeVar("T")

EVERY_S = 1.0
COUNT_EVERY_S = 10.0  # a herd does not grow by the second
COUNT_AGAIN_S = 60.0  # asking a register that is away holds the pulse up for some seconds
HANDOVER_MAX_S = 30.0  # an event loop that takes longer hangs


class PulseFeed:
    """Brings the pulses of all farms that are listened to."""

    def __init__(
        self, latest: Latest, history: History, pulses: Pulses, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._latest = latest
        self._history = history
        self._pulses = pulses
        self._loop = loop
        self._animals: dict[FarmId, int] | None = None
        self._count_at = time.monotonic()
        self._away = False

    def run(self, running: Running) -> None:
        """Until stopped."""
        while not running.wait(EVERY_S):
            farms = self._in_loop(self._pulses.farms)
            if farms:
                self._feel(farms)

    def _feel(self, farms: tuple[FarmId, ...]) -> None:
        self._count()
        try:
            for farm_id in farms:
                found = self._latest.pulse(farm_id)
                pulse = FarmPulse(
                    found.newest_reading_at,
                    found.newest_received_at,
                    found.heard,
                    None if self._animals is None else self._animals.get(farm_id, 0),
                )
                self._in_loop(partial(self._pulses.felt, farm_id, pulse))
        except OUTAGES as error:
            if not self._away:
                log.warning("latest_unavailable", error=str(error))
            self._away = True
        else:
            self._away = False

    def _count(self) -> None:
        """How many animals each farm has; while nobody can say, as many as before."""
        if time.monotonic() < self._count_at:
            return
        try:
            self._animals = dict(self._history.farms())
            self._count_at = time.monotonic() + COUNT_EVERY_S
        except OUTAGES as error:
            log.warning("history_unavailable", error=str(error))
            self._count_at = time.monotonic() + COUNT_AGAIN_S

    def _in_loop(self, call: Callable[[], T]) -> T:
        """What `call` returns, run where the pulses live."""

        async def run() -> T:
            return call()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(HANDOVER_MAX_S)
