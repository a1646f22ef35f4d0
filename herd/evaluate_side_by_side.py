"""Farms side by side in processes of their own, with one line of progress for all of them.

A farm's log is one after the other by nature; farms know nothing of each other. Problem: children
must end with their parent, also after kill -9 of it, and on Ctrl-C at once. Approach: a thread in
each child looks whether its parent is still there, and a child looks at a common flag whenever it
counts a day of readings. Rejected: to look at the parent then too, since a child without work waits
for ever at a pipe that its siblings hold open.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.sharedctypes import Synchronized
from typing import Any, TypeVar

PROCESSES = 2
LOOK_EVERY_S = 0.1
TOLD_EVERY_S = 5.0
PARENT_EVERY_S = 1.0
ORPHAN_STATUS = 1

Job = TypeVar("Job")
Result = TypeVar("Result")
Counted = Callable[[int, float], None]  # so many readings, so many animal-days more
Tell = Callable[[str], None]


class _Shared:
    """What parent and children have in common; handed on by fork."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("fork")
        self.readings: Synchronized[int] = context.Value("q", 0)
        self.animal_days: Synchronized[float] = context.Value("d", 0.0)
        self.stops: Synchronized[int] = context.Value("b", 0)
        self.parent = os.getpid()


_shared: _Shared | None = None


class StoppedError(RuntimeError):
    """The parent was told to stop."""

    def __init__(self) -> None:
        super().__init__("told to stop")


def side_by_side(
    work: Callable[[Job, Counted], Result],
    jobs: Sequence[Job],
    *,
    animal_days: int,
    tell: Tell,
) -> Iterator[Result]:
    """What `work` makes of each job, in the order in which they are done.

    work: a function of a module. animal_days: of all jobs together, for the progress that is told.
    """
    global _shared  # noqa: PLW0603  the children's way to it is fork
    _shared = shared = _Shared()
    context = multiprocessing.get_context("fork")
    begun_s = told_s = time.monotonic()
    with ProcessPoolExecutor(min(PROCESSES, len(jobs)), context, initializer=_leave_me) as pool:
        waiting = [pool.submit(_run, work, job) for job in jobs]
        try:
            while waiting:
                for future in [one for one in waiting if one.done()]:
                    waiting.remove(future)
                    yield future.result()
                if time.monotonic() - told_s >= TOLD_EVERY_S:
                    told_s = time.monotonic()
                    done = len(jobs) - len(waiting)
                    tell(_progress(shared, done, len(jobs), animal_days, told_s - begun_s))
                time.sleep(LOOK_EVERY_S)
        except BaseException:
            shared.stops.value = 1
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _progress(shared: _Shared, done: int, jobs: int, animal_days: int, took_s: float) -> str:
    readings, days = shared.readings.value, shared.animal_days.value
    left_s = took_s * (animal_days - days) / days if days else 0.0
    return (
        f"{done} of {jobs} farms, {days:,.0f} of {animal_days:,} animal-days, "
        f"{readings / took_s:,.0f} readings/s, about {left_s / 60:.0f} min to go"
    )


def _leave_me() -> None:
    """In a child: the terminal's Ctrl-C is the parent's to act on, and its end is the child's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    while _shared is None or os.getppid() == _shared.parent:
        time.sleep(PARENT_EVERY_S)
    os._exit(ORPHAN_STATUS)


def _run(work: Callable[[Any, Counted], Any], job: Any) -> Any:  # noqa: ANN401
    shared = _shared
    assert shared is not None  # noqa: S101  set before the fork

    def counted(readings: int, animal_days: float) -> None:
        if shared.stops.value:
            raise StoppedError
        with shared.readings.get_lock():
            shared.readings.value += readings
        with shared.animal_days.get_lock():
            shared.animal_days.value += animal_days

    return work(job, counted)
