"""Crash schedules drawn from a seed: whatever happens to workers, the log is told once and whole.

    python -m tests.pipeline.crash_schedules SEED            replays one, step by step
    python -m tests.pipeline.crash_schedules --count 3000    runs so many, on two cores

A schedule says which worker takes which turn, and what befalls it: it is killed or frozen at a
failpoint, a second one is started in its place, its commit is refused or its answer lost, a
snapshot is damaged, time passes. Then all faults end, and what must hold is looked at. There is no
thread and no clock in it: a seed gives the same schedule, step for step.
"""

import argparse
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from random import Random

import structlog

from contracts.dead_letter import DeadLetter
from contracts.topics import DETECTIONS, HOURS
from pipeline.adapters.transactions import SlotTakenError, TransactionFailedError
from runtime.failpoints import declared, failpoint
from tests.pipeline.lives import CrashedError, Life, Ports
from tests.pipeline.logs import run_all
from tests.pipeline.memory_kafka import MemoryKafka, MemorySnapshots
from tests.pipeline.small_logs import COUNT, Expected, small_log

POINTS = tuple(name for name in declared() if name.startswith("pipeline."))
WORKERS_MAX = 3
TAIL_S = 11.0  # sessions and transactions of the dead are over
TAIL_ROUNDS_MAX = 300
TAIL_BATCH = 50
NEW_BESIDE_FROZEN = 0.3  # share of the frozen that somebody starts anew meanwhile
ENDS_A_LIFE = (CrashedError, TransactionFailedError, SlotTakenError)


class BrokenError(AssertionError):
    """A promise does not hold; the schedule's seed and history say how to see it again."""


class Simulation:
    """One schedule over one log."""

    def __init__(self, seed: int, ports: Ports | None = None, *, fences: bool = True) -> None:
        self.seed = seed
        self.history: list[str] = []
        self._rng = rng = Random(seed)  # noqa: S311  it must be the same again
        self._log = small_log(rng.randrange(COUNT))
        self._ports = ports or Ports()
        self._batch = rng.choice([1, 4, 10, 40])
        self._said = {
            "commit_every_s": rng.choice([0, 0.2]),
            "snapshot_records_max": rng.choice([4, 15, 10_000]),
        }
        fed_whole = rng.choice([True, False])  # a replay; else a few records a poll
        self._kafka = MemoryKafka(
            {p: list(some) if fed_whole else [] for p, some in self._log.values.items()}
        )
        self._kafka.fences = fences
        self._lives: list[Life] = []
        self._begun = 0
        for _ in range(rng.randrange(1, WORKERS_MAX + 1)):
            self._start()

    def run(self) -> "Simulation":
        """The schedule, its fault-free tail, and what must hold then."""
        acts: list[tuple[int, Callable[[], None]]] = [
            (6, partial(self._on_some, self._turns)),
            (3, partial(self._on_some, self._kill)),
            (2, partial(self._on_some, self._freeze)),
            (2, self._start),
            # a second one in the slot of one that still lives: the first is to be refused
            (1, partial(self._on_some, lambda life: self._begin(life.slot))),
            (1, partial(self._on_some, self._stop)),
            (1, partial(self._on_some, self._refuse)),
            (1, partial(self._on_some, self._read_early)),
            (1, self._pass_time),
            (1, self._damage),
        ]
        weights, calls = zip(*acts, strict=True)
        for _ in range(self._rng.randrange(6, 20)):
            self._feed(self._rng.randrange(12))
            self._rng.choices(calls, weights)[0]()
        self._tail()
        self._check()
        return self

    def _on_some(self, act: Callable[[Life], None]) -> None:
        if self._lives:
            act(self._rng.choice(self._lives))

    def _turns(self, life: Life) -> None:
        self._note(life, "takes turns")
        self._live(life, life.turns, self._rng.randrange(1, 4))

    def _kill(self, life: Life) -> None:
        point = self._rng.choice(POINTS)
        self._note(life, f"is to be killed at {point}")
        failpoint(point).arm(_crash, nth=self._rng.randrange(1, 3))
        self._live(life, life.turns, 4)
        failpoint(point).disarm()

    def _freeze(self, life: Life) -> None:
        point, seconds = self._rng.choice(POINTS), self._rng.choice([2.0, 9.0, 12.0])
        self._note(life, f"is to freeze at {point} for {seconds} s")
        meanwhile = partial(self._go_on_without, life, seconds)
        failpoint(point).arm(partial(life.frozen, meanwhile))
        self._live(life, life.turns, 4)
        failpoint(point).disarm()

    def _go_on_without(self, frozen: Life, seconds: float) -> None:
        self._note(frozen, "is frozen")
        self._kafka.pass_time(seconds)
        if self._rng.random() < NEW_BESIDE_FROZEN:
            self._begin(frozen.slot)
        for _ in range(self._rng.randrange(1, 5)):
            for life in [one for one in self._lives if one is not frozen]:
                if life in self._lives:
                    self._live(life, life.turns, 1)
        self._note(frozen, "wakes")

    def _start(self) -> None:
        free = {f"pipeline-{n}" for n in range(WORKERS_MAX)} - {life.slot for life in self._lives}
        if free:
            self._begin(self._rng.choice(sorted(free)))

    def _begin(self, slot: str) -> None:
        self._begun += 1
        life = Life(self._kafka, self._batch, slot, self._said, self._ports, self._begun)
        self._note(life, "is started")
        self._lives.append(life)

    def _stop(self, life: Life) -> None:
        self._note(life, "is stopped")
        self._live(life, life.stop)
        self._gone(life)

    def _refuse(self, life: Life) -> None:
        life.output.refuse = self._rng.choice([True, False])
        life.output.unheard = not life.output.refuse
        self._note(life, "is refused" if life.output.refuse else "hears no answer")
        self._live(life, life.turns, 2)

    def _pass_time(self) -> None:
        seconds = self._rng.choice([0.3, 5.0, 9.0])
        self.history.append(f"{seconds} s pass")
        self._kafka.pass_time(seconds)

    def _damage(self) -> None:
        partition = self._rng.choice(sorted(self._log.values))
        value = self._rng.choice([None, b"rust"])
        place = self._rng.randrange(100)
        if self._kafka.damage(partition, place, value):
            self.history.append(f"a snapshot record of {partition} is {value!r} now")

    def _read_early(self, life: Life) -> None:
        """The next rebalance happens within a poll that holds a record already."""
        self._note(life, "reads before it is asked to hand over")
        life.input.stale = True
        self._start()

    def _live(self, life: Life, act: Callable[..., object], *said: int) -> None:
        try:
            act(*said)
        except ENDS_A_LIFE as error:
            self._note(life, f"is gone: {type(error).__name__} {error}")
            self._gone(life)

    def _gone(self, life: Life) -> None:
        life.crash()
        if life in self._lives:
            self._lives.remove(life)

    def _note(self, life: Life, what: str) -> None:
        self.history.append(f"{life.slot}.{life.number} {what}")

    def _feed(self, count: int) -> None:
        for partition, values in self._log.values.items():
            some = self._kafka.inputs[partition]
            some += values[len(some) : len(some) + count]

    def _tail(self) -> None:
        """No faults from here on: everything is told within some rounds, by whoever lives."""
        self.history.append("the faults are over")
        self._feed(10_000)
        self._kafka.pass_time(TAIL_S)
        for _ in range(TAIL_ROUNDS_MAX):
            if not self._lives:
                self._start()
                self._kafka.pass_time(TAIL_S)
            for life in list(self._lives):
                life.input.stale, life.input.batch = False, TAIL_BATCH
                self._live(life, life.turns, 1)
            if self._kafka.done and self._settled():
                break
        else:
            self._broken("it does not end")
        for life in list(self._lives):
            self._live(life, life.stop)

    def _settled(self) -> bool:
        """Whether each partition is owned by one worker that is live."""
        owned = [
            (number, partition.live)
            for life in self._lives
            for number, partition in life.worker._partitions.items()
        ]
        return sorted(owned) == [(number, True) for number in sorted(self._log.values)]

    def _check(self) -> None:
        for wrong in self._kafka.wrong:
            self._broken(wrong)
        origins = [
            event.payload.origin
            for event in self._kafka.letters
            if isinstance(event.payload, DeadLetter)
        ]
        for partition, expected in self._log.expected.items():
            self._check_told(partition, expected)
            mine = sorted(o for o in origins if o.split("/")[-2] == str(partition))
            self._same(mine, sorted(expected.letters), f"letters of {partition}")
            self._check_counted(partition, expected)

    def _check_told(self, partition: int, expected: Expected) -> None:
        hours = self._kafka.values_of(HOURS, partition)
        self._same(hours, expected.hours, f"hours of {partition}")
        # an open episode may be told again, unchanged
        told = list(dict.fromkeys(self._kafka.values_of(DETECTIONS, partition)))
        self._same(told, expected.detections, f"detections of {partition}")

    def _check_counted(self, partition: int, expected: Expected) -> None:
        """What a restore would count now, from whatever snapshot is left."""
        found = MemorySnapshots(self._kafka).newest(partition, None).found
        values = self._log.values[partition]
        state, start = (found.state, found.manifest.input_offset) if found else (None, 0)
        counted = run_all(values[start:], state=state)[0].counted_by_animal()
        self._same(counted, expected.state.counted_by_animal(), f"counts of {partition}")

    def _same(self, found: object, expected: object, what: str) -> None:
        if found != expected:
            sizes = [len(one) if isinstance(one, list) else "" for one in (found, expected)]
            self._broken(f"{what} differ {sizes}")

    def _broken(self, what: str) -> None:
        raise BrokenError(f"seed {self.seed}: {what}")


def _crash() -> None:
    raise CrashedError


def broken_among(
    seeds: Iterable[int], ports: Ports | None = None, *, fences: bool = True
) -> list[str]:
    """What does not hold, of each seed whose schedule breaks something."""
    found = []
    with quiet():
        for seed in seeds:
            try:
                Simulation(seed, ports, fences=fences).run()
            except BrokenError as error:
                found.append(str(error))
    return found


def broken_among_many(count: int) -> list[str]:
    """The same of seeds from 0 on, on two cores; prints how fast."""
    began = time.perf_counter()
    slices = [range(start, min(start + 50, count)) for start in range(0, count, 50)]
    with ProcessPoolExecutor(2) as pool:
        broken = [line for lines in pool.map(broken_among, slices) for line in lines]
    seconds = time.perf_counter() - began
    sys.stdout.write(f"{count} schedules in {seconds:.1f} s, {count / seconds:.0f}/s\n")
    return broken


@contextmanager
def quiet() -> Iterator[None]:
    """Workers log nothing meanwhile: their lines would cost more than their work."""
    before = structlog.get_config()
    none = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=none)
    try:
        yield
    finally:
        structlog.configure(**before)


def main() -> int:
    """Run one schedule or many; 1 if a promise does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int, nargs="?")
    parser.add_argument("--count", type=int, default=1000)
    said = parser.parse_args()
    if said.seed is not None:
        return _replayed(said.seed)
    broken = broken_among_many(said.count)
    sys.stdout.write("".join(f"{line}\n" for line in broken))
    return 1 if broken else 0


def _replayed(seed: int) -> int:
    with quiet():
        simulation = Simulation(seed)
    try:
        with quiet():
            simulation.run()
    except BrokenError as error:
        sys.stdout.write("\n".join([*simulation.history, str(error), ""]))
        return 1
    sys.stdout.write("\n".join([*simulation.history, f"seed {seed}: all of it holds", ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
