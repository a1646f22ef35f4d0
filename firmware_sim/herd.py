"""N collars on one clock: measures, keeps the ledger, sends, and frees what is answered.

One thread does everything, so a collar's state needs no lock; other threads only ask for counts
and for fevers, which are replaced whole.
"""

import heapq
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from contracts.clock import Clock
from contracts.ids import AnimalId, CollarId, FarmId
from firmware_sim.animal import Animal, Fever
from firmware_sim.collar import Buffered, Collar, Limits, payload_of
from firmware_sim.ledger import ACKNOWLEDGED, PRODUCED, Ledger, NoLedger

log = structlog.get_logger()

LOOP_WAIT_MAX_S = 0.05  # how late a due measurement or a stop may be noticed
STOP_MAX_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worn:
    """One collar on one animal, with its credentials at the MQTT broker."""

    farm_id: FarmId
    animal_id: AnimalId
    collar_id: CollarId
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A collar was told something. seq None with boot_id None: its session is new."""

    collar_id: CollarId
    boot_id: int | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """One reading on its way. sent_s: monotonic seconds at the moment it was handed to MQTT."""

    worn: Worn
    reading: Buffered
    sent_s: float
    first_time: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """Readings of the whole herd so far; buffered ones are produced and not acknowledged."""

    produced: int
    acknowledged: int
    buffered: int
    overwritten: int


class Sessions(Protocol):
    """The collars' MQTT side."""

    def turn(self, wait_s: float) -> list[Heard]:
        """Serve all sessions, at most `wait_s`; what collars were told."""
        ...

    def publish(self, collar_id: CollarId, payload: bytes) -> bool:
        """Hand over an upload; False while the collar has no connection."""
        ...

    def close(self) -> None:
        """Leave."""
        ...


class _Member:
    def __init__(self, worn: Worn, collar: Collar) -> None:
        self.worn = worn
        self.collar = collar
        self.animal = Animal(worn.animal_id)
        self.sent_to_seq = 0


class Herd:
    """Collars that measure and send until stopped. `start` and `stop` once each.

    Its sessions and its ledger are its own from then on: it closes them when it stops.

    readings_per_s: of all collars together. interval_s: what each reading says it covers.
    on_sent, on_acknowledged: called in the herd's thread, for latencies; they must not block.
    """

    def __init__(  # noqa: PLR0913  a herd has that many sides
        self,
        worn: Sequence[Worn],
        sessions: Sessions,
        clock: Clock,
        ledger: Ledger | NoLedger,
        *,
        readings_per_s: float,
        boot_id: int,
        interval_s: int = 300,
        limits: Limits | None = None,
        on_sent: Callable[[Sent], None] | None = None,
        on_acknowledged: Callable[[Worn, Buffered], None] | None = None,
        seed: int = 1,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._ledger = ledger
        self._interval_s = interval_s
        self._every_s = len(worn) / readings_per_s
        self._on_sent = on_sent
        self._on_acknowledged = on_acknowledged
        jitter = random.Random(seed).random  # noqa: S311  no secret
        self._members = {
            one.collar_id: _Member(
                one, Collar(one.collar_id, boot_id=boot_id, jitter=jitter, limits=limits)
            )
            for one in worn
        }
        self._fevers: dict[AnimalId, Fever] = {}
        self._produced = 0
        self._acknowledged = 0
        self._measuring = True
        self._paused = threading.Event()
        self._stop = threading.Event()
        self.failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="herd", daemon=True)

    def start(self) -> None:
        """Begin to measure and send."""
        self._thread.start()

    def pause(self) -> None:
        """Measure no more, from the return on; what is buffered is still sent and answered."""
        self._paused.clear()
        self._measuring = False
        if self._thread.is_alive():
            self._paused.wait(STOP_MAX_S)

    def resume(self) -> None:
        """Measure again."""
        self._measuring = True

    def stop(self) -> None:
        """Leave; what is still buffered stays unacknowledged in the ledger."""
        self._stop.set()
        self._thread.join(STOP_MAX_S)
        if self.failure is not None:
            raise self.failure

    def make_feverish(
        self, animal_id: AnimalId, *, raise_c: float = 2.2, for_span: timedelta | None = None
    ) -> datetime:
        """Lay a fever over an animal from now on; returns its onset on the farm's clock."""
        begins_at = self._clock.now()
        ends_at = None if for_span is None else begins_at + for_span
        self._fevers = self._fevers | {animal_id: Fever(begins_at, raise_c, ends_at=ends_at)}
        return begins_at

    def make_well(self, animal_id: AnimalId) -> None:
        """Take an animal's fever away."""
        self._fevers = {one: fever for one, fever in self._fevers.items() if one != animal_id}

    def counts(self) -> Counts:
        """Readings so far."""
        overwritten = sum(member.collar.overwritten for member in self._members.values())
        # not what the collars hold now: what they have freed may not be in the ledger yet
        buffered = self._produced - self._acknowledged - overwritten
        return Counts(self._produced, self._acknowledged, max(0, buffered), overwritten)

    def _run(self) -> None:
        due = [
            (time.monotonic() + number * self._every_s / len(self._members), collar_id)
            for number, collar_id in enumerate(self._members)
        ]
        heapq.heapify(due)
        try:
            while not self._stop.is_set():
                if not self._measuring:
                    self._paused.set()
                self._measure(due)
                self._send()
                wait_s = min(LOOP_WAIT_MAX_S, max(0.0, due[0][0] - time.monotonic()))
                self._hear(self._sessions.turn(wait_s))
        except (OSError, ValueError, RuntimeError) as error:
            log.exception("herd_failed")
            self.failure = error
        finally:
            self._sessions.close()
            self._ledger.close()

    def _measure(self, due: list[tuple[float, CollarId]]) -> None:
        now_s = time.monotonic()
        fresh: list[tuple[AnimalId, Buffered]] = []
        while due[0][0] <= now_s:
            at_s, collar_id = heapq.heappop(due)
            # after a halt of this machine the herd goes on from now, it does not catch up
            heapq.heappush(due, (max(at_s + self._every_s, now_s - self._every_s), collar_id))
            if self._measuring:
                fresh.append(self._measured(self._members[collar_id]))
        self._ledger.write(PRODUCED, fresh)  # before anything of it is sent
        self._produced += len(fresh)

    def _measured(self, member: _Member) -> tuple[AnimalId, Buffered]:
        at = self._clock.now()
        animal_id = member.worn.animal_id
        measures = member.animal.measures(at, self._interval_s, self._fevers.get(animal_id))
        return animal_id, member.collar.measured(measures, at, self._interval_s)

    def _send(self) -> None:
        now_s = time.monotonic()
        for member in self._members.values():
            upload = member.collar.upload(now_s)
            if not upload:
                continue
            # without a connection the upload counts as sent and lost: it comes again by timeout
            payload = payload_of(upload, self._clock.now())
            if self._sessions.publish(member.worn.collar_id, payload) and self._on_sent:
                for reading in upload:
                    first_time = reading.seq > member.sent_to_seq
                    self._on_sent(Sent(member.worn, reading, time.monotonic(), first_time))
                member.sent_to_seq = max(member.sent_to_seq, upload[-1].seq)

    def _hear(self, heard: list[Heard]) -> None:
        safe: list[tuple[AnimalId, Buffered]] = []
        for one in heard:
            member = self._members[one.collar_id]
            if one.boot_id is None or one.seq is None:
                member.collar.connected(time.monotonic())
                continue
            freed = member.collar.answered(one.boot_id, one.seq)
            safe += [(member.worn.animal_id, reading) for reading in freed]
            if self._on_acknowledged:
                for reading in freed:
                    self._on_acknowledged(member.worn, reading)
        self._ledger.write(ACKNOWLEDGED, safe)
        self._acknowledged += len(safe)
