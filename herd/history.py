"""A simulated farm's past, laid down through the normal way: collars, MQTT, Kafka, all of it.

A farm that imports its past has a log time of its own. Step by step its collars upload what they
measured, and only when all of a step is answered, so in Kafka, the register moves the farm's time
there. At the end it goes live, and its partition's ticks count for it from there on.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from contracts.clock import Clock
from contracts.ids import FarmId, UserId
from firmware_sim.herd import Herd
from herd.demo_memory import BACKLOG_MAX, DemoMemory
from herd.farmer import Farmer
from herdbook import FarmIsLiveError, Herdbook
from read_models import ReadModelUnavailableError

STEP = timedelta(hours=6)  # no reading is further ahead of its farm's log time
BY = UserId("simulator")
CAUGHT_UP_MAX_S = 60.0
ASK_EVERY_S = 0.25

# What is done of [from, to]: for a progress bar.
Laid = Callable[[datetime], None]


class Historian:
    """Lays a farm's past, or what its collars kept while the farm was off. For one thread."""

    def __init__(  # noqa: PLR0913  the farm it writes the past of
        self,
        farm_id: FarmId,
        data: Path,
        herd: Herd,
        herdbook: Herdbook,
        farmer: Farmer,
        clock: Clock,
        *,
        caught_up: Callable[[], bool],
    ) -> None:
        self._farm_id, self._data = farm_id, data
        self._herd, self._herdbook, self._farmer = herd, herdbook, farmer
        self._clock, self._caught_up = clock, caught_up

    def lay(self, memory: DemoMemory, laid: Laid, stopped: Callable[[], bool]) -> DemoMemory:
        """Lay everything up to the farm's now; what is to be remembered from then on."""
        if memory.live:
            return self._backlog(memory, laid, stopped)
        try:
            # before its first reading: by the partition's time all of its past would be too late
            self._herdbook.move_time(self._farm_id, memory.laid_to, by=BY)
        except FarmIsLiveError:  # killed between going live and noting it
            return self._backlog(self._remember(replace(memory, live=True)), laid, stopped)
        while not stopped():
            now = self._clock.now()
            to = min(memory.laid_to + STEP, now)
            self._herd.lay(to)
            self._herdbook.move_time(self._farm_id, to, by=BY)
            memory = self._remember(replace(memory, laid_to=to))
            laid(to)
            self._judge(to)
            if to == now:
                self._wait_until_judged(stopped)
                self._judge(to)
                self._herdbook.go_live(self._farm_id, by=BY)
                return self._remember(replace(memory, live=True))
        return memory

    def _backlog(self, memory: DemoMemory, laid: Laid, stopped: Callable[[], bool]) -> DemoMemory:
        """What the collars kept while the farm was off, step by step, each remembered."""
        while not stopped():
            now = self._clock.now()
            to = min(max(memory.laid_to, now - BACKLOG_MAX) + STEP, now)
            self._herd.lay(to)
            held_from = self._herd.oldest_held()
            memory = self._remember(replace(memory, laid_to=to, held_from=held_from))
            laid(to)
            if to == now:
                break
        return memory

    def _judge(self, now: datetime) -> None:
        with suppress(ReadModelUnavailableError):  # being built; the next step comes by again
            self._farmer.look_after(now)

    def _wait_until_judged(self, stopped: Callable[[], bool]) -> None:
        deadline = time.monotonic() + CAUGHT_UP_MAX_S
        while not (self._caught_up() or stopped()) and time.monotonic() < deadline:
            time.sleep(ASK_EVERY_S)

    def _remember(self, memory: DemoMemory) -> DemoMemory:
        memory.write(self._data)
        return memory
