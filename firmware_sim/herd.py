"""N collars on one clock: measures, keeps the ledger, sends, and frees what is answered.

One thread does everything, so a collar's state needs no lock; other threads only ask for counts,
move the horizon, and lay conditions over animals, which are replaced whole.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from contracts.clock import Clock, SystemClock
from contracts.ids import AnimalId, CollarId
from firmware_sim.beats import EverySoOften, OnItsGrid
from firmware_sim.collar import Buffered, Collar, Limits, payload_of
from firmware_sim.conditions import Course, Fever, Laid
from firmware_sim.grid import BOOT_ID
from firmware_sim.ledger import ACKNOWLEDGED, PRODUCED, Ledger, NoLedger
from firmware_sim.member import Member, Worn

__all__ = ["Counts", "Heard", "Herd", "HerdStoppedError", "Sent", "Sessions", "Worn"]

log = structlog.get_logger()

LOOP_WAIT_MAX_S = 0.05  # how late a due measurement or a stop may be noticed
STOP_MAX_S = 10.0
LAY_MAX_S = 120.0  # a step of 6 h of 120 animals takes about a second


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


class HerdStoppedError(RuntimeError):
    """A herd was stopped before a step of its history was answered."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"stopped before everything up to {until} was answered")


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


class Herd:
    """Collars that measure and send until stopped. `start` and `stop` once each.

    Its sessions and its ledger are its own from then on: it closes them when it stops.

    readings_per_s: of all collars together, in real time. Or since: each collar on its grid of the
    farm's time, from there on (see beats.OnItsGrid); nothing is measured before `lay` or
    `follow_clock`. clock: the farm's; sent_at is real time. interval_s: what a reading covers.
    course: what happens to the animals. on_sent, on_acknowledged: called in the herd's thread, for
    latencies; they must not block.
    """

    def __init__(  # noqa: PLR0913  a herd has that many sides
        self,
        worn: Sequence[Worn],
        sessions: Sessions,
        clock: Clock,
        ledger: Ledger | NoLedger,
        *,
        readings_per_s: float | None = None,
        since: datetime | None = None,
        boot_id: int = BOOT_ID,
        interval_s: int = 300,
        course: Course | None = None,
        limits: Limits | None = None,
        on_sent: Callable[[Sent], None] | None = None,
        on_acknowledged: Callable[[Worn, Buffered], None] | None = None,
        seed: int = 1,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._wall = SystemClock()
        self._ledger = ledger
        self._on_sent = on_sent
        self._on_acknowledged = on_acknowledged
        jitter = random.Random(seed).random  # noqa: S311  no secret
        course = course or Course()
        self._members = [
            Member(
                one,
                Collar(one.collar_id, boot_id=boot_id, jitter=jitter, limits=limits),
                course.of(one.animal_id),
            )
            for one in worn
        ]
        self._by_collar = {member.worn.collar_id: member for member in self._members}
        self._by_animal = {member.worn.animal_id: member for member in self._members}
        self._beat = _beat(self._members, clock, readings_per_s, since, interval_s)
        self._produced = 0
        self._acknowledged = 0
        self._measuring = True
        self._paused = threading.Event()
        self._stop = threading.Event()
        self._laying: tuple[datetime, threading.Event] | None = None
        self.failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="herd", daemon=True)

    def start(self) -> None:
        """Begin to measure and send; `lay` and `follow_clock` do it themselves."""
        if self._thread.ident is None:
            self._thread.start()

    def lay(self, until: datetime, *, within_s: float = LAY_MAX_S) -> None:
        """Returns when every reading up to `until` is measured and answered, silent collars' aside.

        The farm's clock may be behind: this is how history is laid down before a farm lives.
        Raises HerdStoppedError if it was stopped meanwhile, TimeoutError, or what it failed of:
        then some of it may be missing.
        """
        done = threading.Event()
        self._laying = (until, done)
        if self._stop.is_set():  # asked after `stop` can see us: one of both notices the other
            raise HerdStoppedError(until)
        self._on_grid().reach(until)
        self.start()
        was_in_time = done.wait(within_s)
        self._laying = None
        if self.failure is not None:
            raise self.failure
        if self._stop.is_set():
            raise HerdStoppedError(until)
        if not was_in_time:
            raise TimeoutError(f"{self.counts()} after {within_s:g} s, up to {until}")

    def follow_clock(self) -> None:
        """Measure on as the farm's time goes on; what lies between comes at once."""
        self._on_grid().follow_clock()
        self.start()

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
        laying = self._laying
        if laying is not None:
            laying[1].set()  # the thread may have ended before it saw this one
        if self._thread.is_alive():
            self._thread.join(STOP_MAX_S)
        if self.failure is not None:
            raise self.failure

    def befall(self, animal_id: AnimalId, condition: Laid) -> None:
        """Lay a condition over an animal; what she measured before stays as it is."""
        self._by_animal[animal_id].befall(condition)

    def make_feverish(
        self, animal_id: AnimalId, *, raise_c: float = 2.2, for_span: timedelta | None = None
    ) -> datetime:
        """Lay a fever over an animal from now on; returns its onset on the farm's clock."""
        begins_at = self._clock.now()
        ends_at = None if for_span is None else begins_at + for_span
        self.befall(animal_id, Fever(begins_at, raise_c, ends_at=ends_at))
        return begins_at

    def make_well(self, animal_id: AnimalId) -> None:
        """Take an animal's fevers away."""
        self._by_animal[animal_id].recover(Fever)

    def oldest_held(self) -> datetime | None:
        """The time of the oldest reading that no answer has come for; None if all are answered."""
        held = [one.collar.oldest() for one in self._members]
        return min((reading.time for reading in held if reading is not None), default=None)

    def counts(self) -> Counts:
        """Readings so far."""
        overwritten = sum(member.collar.overwritten for member in self._members)
        # not what the collars hold now: what they have freed may not be in the ledger yet
        buffered = self._produced - self._acknowledged - overwritten
        return Counts(self._produced, self._acknowledged, max(0, buffered), overwritten)

    def _on_grid(self) -> OnItsGrid:
        if not isinstance(self._beat, OnItsGrid):
            raise ValueError("a herd of so many readings a second has no grid to lay history on")  # noqa: TRY004
        return self._beat

    def _run(self) -> None:
        self._beat.begin()
        try:
            while not self._stop.is_set():
                if not self._measuring:
                    self._paused.set()
                self._measure()
                self._send()
                self._hear(self._sessions.turn(min(LOOP_WAIT_MAX_S, self._beat.wait_s())))
                self._tell_laid()
        except (OSError, ValueError, RuntimeError) as error:
            log.exception("herd_failed")
            self.failure = error
        finally:
            self._sessions.close()
            self._ledger.close()
            if self._laying is not None:
                self._laying[1].set()

    def _measure(self) -> None:
        fresh = self._beat.measure(measuring=self._measuring)
        # before anything of it is sent
        self._ledger.write(PRODUCED, [(one.worn.animal_id, reading) for one, reading in fresh])
        self._produced += len(fresh)

    def _send(self) -> None:
        now_s, now, sent_at = time.monotonic(), self._beat.now(), self._wall.now()
        for member in self._members:
            if member.is_silent(now):
                continue
            upload = member.collar.upload(now_s)
            if not upload:
                continue
            if not self._sessions.publish(member.worn.collar_id, payload_of(upload, sent_at)):
                member.collar.not_sent(now_s)
            elif self._on_sent:
                for reading in upload:
                    first_time = reading.seq > member.sent_to_seq
                    self._on_sent(Sent(member.worn, reading, time.monotonic(), first_time))
                member.sent_to_seq = max(member.sent_to_seq, upload[-1].seq)

    def _hear(self, heard: list[Heard]) -> None:
        safe: list[tuple[AnimalId, Buffered]] = []
        for one in heard:
            member = self._by_collar[one.collar_id]
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

    def _tell_laid(self) -> None:
        laying = self._laying
        if laying is None or not self._on_grid().has_measured(laying[0]):
            return
        now = self._beat.now()
        if not any(len(one.collar) and not one.is_silent(now) for one in self._members):
            laying[1].set()


def _beat(
    members: Sequence[Member],
    clock: Clock,
    readings_per_s: float | None,
    since: datetime | None,
    interval_s: int,
) -> EverySoOften | OnItsGrid:
    match readings_per_s, since:
        case float() | int(), None:
            every_s = len(members) / readings_per_s
            return EverySoOften(members, clock, every_s=every_s, interval_s=interval_s)
        case None, datetime():
            return OnItsGrid(members, clock, since=since, interval_s=interval_s)
        case _:
            raise ValueError("a herd measures either readings_per_s, or on its grid since a time")
