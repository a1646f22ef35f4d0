"""`herd bench gateway`: one gateway process empties a session that filled while it was away.

Problem: a gateway's own speed hides behind its publishers' unless they are done before it begins.
Approach: its shared subscription outlives it, so N uploads are published while nobody listens;
then the gateway starts, and the clock runs from the MQTT broker's CONNACK to the moment at which
Kafka took the last reading. The floor is a stock paho subscriber of a subscription of its own,
which has collected the very same messages, and only acknowledges. Both are drained in turn, the
first of them changing from round to round; figures are medians of the rounds. Before the first
round every collar sends once, so that no broker meets its topics for the first time on the clock.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.herd_uploads import MadeHerd, Uploads
from benchmarks.kafka_count import ReadingsLog
from benchmarks.mqtt_fill import Publisher, fill
from benchmarks.processes import Watched, log_time_s
from benchmarks.surroundings import Surroundings, surroundings

Tell = Callable[[str], None]
RECEIVE_MAXIMUM = 1000  # the gateway's own default, and the floor's
QUIET_MAX_S = 60.0  # without a new record that is due
LOOK_EVERY_S = 0.2  # Kafka has other things to do


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: uploads a round, of one reading and of `readings`."""

    collars: int = 2000
    singles: int = 20_000
    uploads: int = 4000
    readings: int = 50
    rounds: int = 3


@dataclass(frozen=True, slots=True)
class Drained:
    """One emptying of one session; cpu_s: of each process that had a part in it."""

    messages: int
    seconds: float
    cpu_s: dict[str, float]

    @property
    def per_s(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds


def run(tell: Tell, sizes: Sizes = Sizes(), mqtt_broker: str = "artemis") -> dict[str, Any]:
    """Design's keys of `bench gateway`, and what they were measured with."""
    with (
        tempfile.TemporaryDirectory(prefix="herd-bench-") as directory,
        surroundings(Path(directory), mqtt_broker, tell) as around,
    ):
        bench = _Bench(around, sizes, tell)
        try:
            bench.prepare()
            return bench.rounds() | {"mqtt_broker": around.mqtt_broker, **_said(sizes)}
        finally:
            bench.close()


def _said(sizes: Sizes) -> dict[str, int]:
    return {
        "collars": sizes.collars,
        "singles": sizes.singles,
        "uploads": sizes.uploads,
        "readings_an_upload": sizes.readings,
        "rounds": sizes.rounds,
        "receive_maximum": RECEIVE_MAXIMUM,
    }


class _Bench:
    def __init__(self, around: Surroundings, sizes: Sizes, tell: Tell) -> None:
        self._around = around
        self._sizes = sizes
        self._tell = tell
        self._herd = MadeHerd(sizes.collars)
        self._log = ReadingsLog(around.kafka_bootstrap)
        self._start_cpu_s = 0.0
        self._lost = self._doubled = 0

    def close(self) -> None:
        self._log.close()

    def prepare(self) -> None:
        """Two sessions that collect, and brokers that have met every collar."""
        self._around.register(self._herd.assignments())
        self._floor_takes(0)
        gateway = self._around.gateway(RECEIVE_MAXIMUM)
        gateway.start_and_wait()
        self._start_cpu_s = gateway.cpu_s()
        gateway.stop()
        self._tell(f"{self._sizes.collars} collars send once, unmeasured")
        warm = self._herd.uploads(self._sizes.collars, 1)
        self._fill(warm)
        self._ours(warm)
        self._floor(warm)

    def rounds(self) -> dict[str, Any]:
        """All rounds, and their medians."""
        sizes = self._sizes
        single: dict[str, list[Drained]] = {"floor": [], "ours": []}
        batched: dict[str, list[Drained]] = {"floor": [], "ours": []}
        for number in range(sizes.rounds):
            self._round(number, single, sizes.singles, 1)
            self._round(number, batched, sizes.uploads, sizes.readings)
        floor_per_s = _median_per_s(single["floor"])
        single_per_s = _median_per_s(single["ours"])
        return {
            "single_per_s": round(single_per_s),
            "single_floor_per_s": round(floor_per_s),
            "single_of_floor": round(single_per_s / floor_per_s, 2),
            "batched_readings_per_s": round(_median_per_s(batched["ours"]) * sizes.readings),
            "batched_floor_readings_per_s": round(_median_per_s(batched["floor"]) * sizes.readings),
            "lost": self._lost,
            "doubled": self._doubled,
            "single_cpu_us": _cpu_us(single["ours"], 1),
            "single_floor_cpu_us": _cpu_us(single["floor"], 1),
            "batched_cpu_us_per_reading": _cpu_us(batched["ours"], sizes.readings),
            "each": {
                "single_per_s": [round(one.per_s) for one in single["ours"]],
                "single_floor_per_s": [round(one.per_s) for one in single["floor"]],
                "batched_readings_per_s": [
                    round(one.per_s * sizes.readings) for one in batched["ours"]
                ],
            },
        }

    def _round(
        self, number: int, found: dict[str, list[Drained]], count: int, readings: int
    ) -> None:
        uploads = self._herd.uploads(count, readings)
        took_s = self._fill(uploads)
        self._tell(f"round {number + 1}: {count} uploads of {readings} published in {took_s:.1f} s")
        who = {"floor": self._floor, "ours": self._ours}
        for name in sorted(who, reverse=number % 2 == 1):  # the first of two changes
            drained = who[name](uploads)
            found[name].append(drained)
            self._tell(
                f"  {name}: {drained.per_s * readings:,.0f} readings/s, CPU "
                + ", ".join(f"{one} {cpu_s:.2f} s" for one, cpu_s in drained.cpu_s.items())
            )

    def _fill(self, uploads: Uploads) -> float:
        begun_s = time.monotonic()
        around = self._around
        fill(Publisher(*around.mqtt, around.user, around.password), uploads.messages)
        return time.monotonic() - begun_s

    def _ours(self, uploads: Uploads) -> Drained:
        begin = self._log.ends()
        watched = self._around.watched()
        gateway = self._around.gateway(RECEIVE_MAXIMUM)
        gateway.start_and_wait()
        connected_s = log_time_s(gateway.log(), "mqtt_connected")
        self._wait_for(uploads, begin)
        cpu_s = {"gateway": gateway.cpu_s() - self._start_cpu_s, **_since(watched)}
        gateway.stop()
        # read after it has stopped: what it might have sent twice is counted too
        found = self._log.between(begin, self._log.ends())
        lost = len(uploads.event_ids - found.event_ids)
        doubled = found.records - len(found.event_ids)
        self._lost, self._doubled = self._lost + lost, self._doubled + doubled
        seconds = found.last_s - connected_s
        return Drained(len(uploads.messages), seconds, cpu_s)

    def _wait_for(self, uploads: Uploads, begin: dict[int, int]) -> None:
        """Return once all of it stands in the log, or nothing more comes."""
        due = sum(begin.values()) + len(uploads.event_ids)
        end, grew_s = begin, time.monotonic()
        while time.monotonic() - grew_s < QUIET_MAX_S:
            time.sleep(LOOK_EVERY_S)
            before, end = end, self._log.ends()
            if end != before:
                grew_s = time.monotonic()
            if sum(end.values()) < due:
                continue
            missing = uploads.event_ids - self._log.between(begin, end).event_ids
            if not missing:
                return
            due = sum(end.values()) + len(missing)  # repeats stand among them

    def _floor(self, uploads: Uploads) -> Drained:
        watched = self._around.watched()
        told = self._floor_takes(len(uploads.messages))
        cpu_s = {"floor": told["cpu_s"], **_since(watched)}
        return Drained(len(uploads.messages), told["took_s"], cpu_s)

    def _floor_takes(self, messages: int) -> dict[str, float]:
        host, port = self._around.mqtt
        asked = {
            "host": host,
            "port": port,
            "user": self._around.user,
            "password": self._around.password,
            "client_id": "bench-floor",
            "mqtt_filter": self._around.floor_filter,
            "receive_maximum": RECEIVE_MAXIMUM,
            "messages": messages,
        }
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.mqtt_floor"],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=True,
        )
        found: dict[str, float] = json.loads(done.stdout)
        return found


def _since(watched: dict[str, Watched]) -> dict[str, float]:
    return {name: one.cpu_s() for name, one in watched.items()}


def _median_per_s(found: list[Drained]) -> float:
    return statistics.median(one.per_s for one in found)


def _cpu_us(found: list[Drained], readings: int) -> dict[str, float]:
    """CPU of each process a reading, median of the rounds."""
    return {
        name: round(
            statistics.median(one.cpu_s[name] / one.messages / readings * 1e6 for one in found), 1
        )
        for name in found[0].cpu_s
    }
