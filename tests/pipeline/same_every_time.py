"""Promise 3 as a table: one log of many farms, over every way in which workers may read it.

    python -m tests.pipeline.same_every_time [--small]

prints a line a variant: the SHA-256 of what was told of the live farms, of the copied ones and of
the hours, which must be those of the first line. The first reads each partition in one batch and
knows no worker; all others are workers over a Kafka in memory.
"""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from random import Random
from typing import Any

import structlog

from contracts.detection import Detection
from contracts.envelope import Event
from contracts.topics import HOURS
from pipeline.canonical import canonical
from runtime.failpoints import declared, failpoint
from tests.pipeline.farm_log import FULL, SMALL, Said, Size, farm_log, in_partitions, places_of
from tests.pipeline.lives import CrashedError, Life
from tests.pipeline.logs import SERDE, run_all
from tests.pipeline.memory_kafka import MemoryKafka

POINTS = tuple(name for name in declared() if name.startswith("pipeline."))
NOISE_BYTES = 40  # no record of ours is as short as what farm_log cannot be read by
HANDOVERS = ("pipeline.restoring", "pipeline.restored", "pipeline.revoking")
NOT_OF_SNAPSHOTS = tuple(name for name in POINTS if ".snapshot_" not in name)
NEVER_SAVED = 10_000_000
ROUNDS_MAX = 200_000
SESSION_S = 9.0  # longer than the group waits for a member


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to read the log. fed: records that arrive a round, 0 = all lie there already.

    save_every: records between snapshots. crashes: the failpoints at which a worker is lost.
    """

    name: str
    partitions: int = 1
    workers: int = 1
    batch: int = 1000
    fed: int = 0
    save_every: int = 500
    crashes: tuple[str, ...] = ()


@dataclass(slots=True)
class Outcome:
    """What was told: hashes by what they are of; crashed: the failpoints that were met."""

    sha: dict[str, str]
    counted: dict[tuple[str, str], int]
    letters: int
    told: list[Event[Detection]]
    seconds: float = 0.0
    crashed: list[str] = field(default_factory=list)

    def line(self, variant: str) -> str:
        """A row of the table."""
        shas = "  ".join(f"{name} {sha[:12]}" for name, sha in self.sha.items())
        crashes = f"  {len(self.crashed)} crashes" if self.crashed else ""
        return f"{variant:44} {shas}  {self.seconds:6.1f} s{crashes}"


def variants() -> list[Variant]:
    """The whole table but its first line."""
    replayed = [Variant(f"batches of {n}", batch=n) for n in (1, 7, 100, 1000, 10_000)]
    spread = [
        Variant(f"{p} partitions, {w} workers", p, w, batch=b, save_every=s)
        for p, w, b, s in (
            (2, 1, 500, 100),
            (3, 2, 64, 700),
            (4, 4, 1000, 300),
            (6, 3, 333, NEVER_SAVED),
            (12, 4, 200, 50),
            (12, 1, 10_000, NEVER_SAVED),
        )
    ]
    live = [
        Variant("live, a few records a poll", 1, 1, batch=50, fed=11),
        Variant("live over 6 partitions, 2 workers", 6, 2, batch=50, fed=40, save_every=200),
    ]
    crashed = [
        Variant(f"crashes at {name}", 4, 2, batch=150, save_every=200, crashes=(name,) * 4)
        for name in POINTS
    ]
    return [
        *replayed,
        *spread,
        *live,
        *crashed,
        Variant("crashes at each, live", 6, 3, 60, 60, 150, POINTS),
        Variant("crashes, never saved", 3, 2, 300, 0, NEVER_SAVED, NOT_OF_SNAPSHOTS),
    ]


def undisturbed(size: Size) -> Outcome:
    """The first line: each partition read in one batch, by no worker."""
    began = time.perf_counter()
    counted: dict[tuple[str, str], int] = {}
    told: list[Event[Detection]] = []
    hours: list[bytes] = []
    letters = 0
    for values in in_partitions(farm_log(size), 1).values():
        state, some = run_all(values, batch=len(values))
        counted |= state.counted_by_animal()
        told += some.detections
        hours += [SERDE.encode(event) for event in some.hour_events()]
        letters += sum(not is_readable(value) for value in values)
    return _outcome(told, hours, counted, letters, time.perf_counter() - began)


def outcome_of(variant: Variant, size: Size) -> Outcome:
    """What workers tell of the log, read as the variant says."""
    began = time.perf_counter()
    course = _Course(variant, farm_log(size))
    course.run()
    kafka = course.kafka
    counted = {key: count for state in course.states() for key, count in state.items()}
    found = _outcome(
        kafka.detections,
        [value for p in kafka.inputs for value in kafka.values_of(HOURS, p)],
        counted,
        len(kafka.letters),
        time.perf_counter() - began,
    )
    found.crashed = course.crashed
    assert not kafka.wrong, kafka.wrong
    return found


def differences(found: Outcome, expected: Outcome) -> list[str]:
    """What is not the same in both."""
    pairs = {name: (found.sha[name], sha) for name, sha in expected.sha.items()}
    pairs["letters"] = str(found.letters), str(expected.letters)
    pairs["counts"] = str(sorted(found.counted.items())), str(sorted(expected.counted.items()))
    return [name for name, (one, other) in pairs.items() if one != other]


def is_readable(value: bytes) -> bool:
    """Whether it is a record of ours."""
    return len(value) > NOISE_BYTES


def hash_of(told: Iterable[Event[Any]]) -> str:
    """SHA-256 of detections in canonical form."""
    return sha256(canonical(told)).hexdigest()


def _outcome(
    told: list[Event[Detection]],
    hours: list[bytes],
    counted: dict[tuple[str, str], int],
    letters: int,
    seconds: float,
) -> Outcome:
    copied = [event for event in told if (event.farm_id or "").startswith("copied-")]
    others = [event for event in told if not (event.farm_id or "").startswith("copied-")]
    sha = {
        "live": hash_of(others),
        "copied": hash_of(copied),
        "hours": sha256(b"".join(sorted(hours))).hexdigest(),
    }
    return Outcome(sha, counted, letters, told, seconds)


class _Course:
    """Workers at the log, round by round, until all of it is told."""

    def __init__(self, variant: Variant, log: tuple[Said, ...]) -> None:
        self._variant = variant
        self._rng = Random(variant.name)  # noqa: S311  the same course in every run
        logs: dict[int, list[bytes]] = in_partitions(log, variant.partitions)
        if variant.fed:
            self._waiting = iter(log)
            logs = {number: [] for number in logs}
        else:
            self._waiting = iter(())
        self.kafka = MemoryKafka(logs)
        self.crashed: list[str] = []
        self._records = len(log)
        self._lives = [self._begun(f"pipeline-{n}") for n in range(variant.workers)]

    def run(self) -> None:
        """To the end, all crashes met; then an orderly stop."""
        due = list(self._crashes())
        rounds = 0
        while not (self._fed() and self.kafka.done and not due):
            rounds += 1
            assert rounds < ROUNDS_MAX, self._variant
            if due and (rounds > due[0][0] or self.kafka.done):
                self._arm(due.pop(0)[1])
            self._round()
        for name in POINTS:
            failpoint(name).disarm()
        for life in self._lives:
            life.stop()

    def states(self) -> Iterator[dict[tuple[str, str], int]]:
        """How many readings counted, of each partition's newest state."""
        source = Life(self.kafka, slot="reader").worker
        for partition in self.kafka.inputs:
            found = source._snapshots.newest(partition, None).found
            assert found is not None, partition
            yield found.state.counted_by_animal()

    def _begun(self, slot: str) -> Life:
        variant = self._variant
        said = {"snapshot_records_max": variant.save_every, "snapshot_every_s": 300}
        return Life(self.kafka, batch=variant.batch, slot=slot, said=said)

    def _fed(self) -> bool:
        """Let the next records arrive; whether all have."""
        for _ in range(self._variant.fed):
            said = next(self._waiting, None)
            if said is None:
                return True
            for number in places_of(said, self._variant.partitions):
                self.kafka.inputs[number].append(said.value)
        return not self._variant.fed

    def _crashes(self) -> Iterator[tuple[int, str]]:
        """(round, failpoint) of each crash."""
        variant = self._variant
        if not variant.crashes:
            return
        polls = self._records // (variant.fed or variant.batch * variant.workers)
        apart = max(1, polls // (len(variant.crashes) + 1))
        for number, name in enumerate(variant.crashes):
            yield apart * (number + 1), name

    def _arm(self, name: str) -> None:
        failpoint(name).arm(partial(self._crash, name), nth=1)
        if name in HANDOVERS:  # nothing is handed over unless somebody goes
            self._lives[0].crash()
            self.kafka.pass_time(SESSION_S)
            self._lives[0] = self._begun(self._lives[0].slot)

    def _crash(self, name: str) -> None:
        self.crashed.append(name)
        raise CrashedError

    def _round(self) -> None:
        for place, life in enumerate(self._lives):
            try:
                life.turns(1)
            except CrashedError:
                life.crash()
                self._lives[place] = self._begun(life.slot)


def main() -> None:
    """Print the table; 1 if a line differs from the first."""
    size = SMALL if "--small" in sys.argv else FULL
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    sys.exit(1 if table(size) else 0)


def table(size: Size) -> list[str]:
    """Print all of it, made on two cores; the variants that differ from the first line."""
    with ProcessPoolExecutor(2) as pool:
        expected = pool.submit(undisturbed, size)
        outcomes = pool.map(partial(outcome_of, size=size), variants())
        print(expected.result().line("each partition in one batch"), flush=True)  # noqa: T201
        wrong = []
        for variant, found in zip(variants(), outcomes, strict=True):
            differs = differences(found, expected.result())
            wrong += [f"{variant.name}: {', '.join(differs)}"] if differs else []
            print(found.line(variant.name), *differs, flush=True)  # noqa: T201
    return wrong


if __name__ == "__main__":
    main()
