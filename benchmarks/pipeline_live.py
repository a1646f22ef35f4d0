"""From a reading handed to Kafka to its detection read back, while many others arrive."""

import socket
import statistics
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from benchmarks.children import Children
from benchmarks.kafka_box import KafkaBox
from benchmarks.made_herds import HerdSizes
from benchmarks.processes import Measured
from contracts.detection import Detection, Phase
from contracts.serde import Serde
from contracts.topics import DETECTIONS, PARTITIONS
from runtime.kafka import new_consumer

CADENCE_S = 3.0  # of one animal: three readings make a fever within the stream
SLICE_S = 0.1
TICK_S = 5.0  # as herd-clock's own
DUE_MAX_S = 30.0  # after the last reading
COUNTS = ("herd_pipeline_readings_total", "herd_pipeline_commit_seconds_count")


@dataclass(frozen=True, slots=True)
class LiveSizes:
    """readings_per_s for so many seconds, with so many fevers planted evenly."""

    readings_per_s: int
    seconds: float = 30.0
    fevers: int = 240

    @property
    def herd(self) -> HerdSizes:
        """Who speaks."""
        animals = max(1, round(self.readings_per_s * CADENCE_S / PARTITIONS))
        slices = round(TICK_S / SLICE_S)
        name = f"live{self.readings_per_s}"
        return HerdSizes(animals, PARTITIONS, 2, CADENCE_S, SLICE_S, slices, name)


class _Onsets:
    """Reads the detections beside; when each onset's cause was told, POSIX seconds."""

    def __init__(self, box: KafkaBox) -> None:
        self._serde = Serde(box.schema_ids)
        self._consumer: Consumer = new_consumer(
            box.bootstrap, "herd-bench-live", **{"fetch.wait.max.ms": 10}
        )
        ends = box.ends(DETECTIONS)
        self._consumer.assign([TopicPartition(DETECTIONS.name, p, end) for p, end in ends.items()])
        self._read: list[tuple[float, bytes]] = []
        self._goes_on = True
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def wait_for(self, count: int, until_s: float) -> None:
        """Return when so many detections were read, or it is too late."""
        while len(self._read) < count and time.monotonic() < until_s:
            time.sleep(0.05)

    def told_s(self) -> dict[str, float]:
        """By the event_id of the reading that an onset came with."""
        self._goes_on = False
        self._thread.join()
        self._consumer.close()
        found: dict[str, float] = {}
        for at_s, value in self._read:
            event = self._serde.decode(value)
            payload = event.payload
            if isinstance(payload, Detection) and payload.phase is Phase.ONSET:
                found.setdefault(event.causation_id or "", at_s)
        return found

    def _follow(self) -> None:
        while self._goes_on:
            message = self._consumer.poll(0.2)
            value = message.value() if message is not None and message.error() is None else None
            if value is not None:
                self._read.append((time.time(), value))


def live(
    box: KafkaBox, slots: Sequence[str], sizes: LiveSizes, tell: Callable[[str], None]
) -> dict[str, Any]:
    """`live_{rate}_p50_ms` and what belongs to it."""
    box.set_back(box.ends())
    herd = sizes.herd
    asked = {
        "bootstrap": box.bootstrap,
        "registry_url": box.registry_url,
        "herd": asdict(herd),
        "slices": round(sizes.seconds / SLICE_S),
        "slice_s": SLICE_S,
        "fevers": sizes.fevers,
    }
    feed = Children("benchmarks.live_feed", [asked])
    ports = [free_port() for _ in slots]
    workers = [
        box.worker(slot, {"METRICS_PORT": str(port)})
        for slot, port in zip(slots, ports, strict=True)
    ]
    onsets = _Onsets(box)
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.wait_ready()
        before, cpu_s = _counts(ports), _cpu_s(workers)
        feed.go()
        (said,) = feed.answers()
        onsets.wait_for(len(said["sent_s"]), time.monotonic() + DUE_MAX_S)
        records, commits = (b - a for a, b in zip(before, _counts(ports), strict=True))
        cpu_s = _cpu_s(workers) - cpu_s
    finally:
        feed.kill()
        told_s = onsets.told_s()
        for worker in workers:
            worker.stop()
    sent_s: dict[str, float] = said["sent_s"]
    delays_ms = sorted((told_s[one] - at) * 1000 for one, at in sent_s.items() if one in told_s)
    rate = f"live_{sizes.readings_per_s // 1000}k"
    seconds = said["ended_s"] - said["begun_s"]
    found = {
        f"{rate}_p50_ms": round(statistics.median(delays_ms), 1),
        f"{rate}_p99_ms": round(delays_ms[int(len(delays_ms) * 0.99)], 1),
        f"{rate}_fevers": len(delays_ms),
        f"{rate}_missed": len(sent_s) - len(delays_ms),
        f"{rate}_arrived_per_s": round(said["records"] / seconds),
        f"{rate}_batch_mean": round(records / max(commits, 1), 1),
        f"{rate}_cpu_share": round(cpu_s / seconds, 2),
        f"{rate}_animals": herd.animals * herd.partitions,
    }
    tell(f"{found}")
    return found


def _cpu_s(workers: Sequence[Measured]) -> float:
    return sum(worker.cpu_s() for worker in workers)


def _counts(ports: Sequence[int]) -> list[float]:
    """Of all workers together: records judged, transactions."""
    return [sum(metric(port, name) for port in ports) for name in COUNTS]


def metric(port: int, name: str) -> float:
    """A metric without labels, as a process serves it now."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(f"{name} "):
                return float(line.rpartition(" ")[2])
    raise LookupError(f"no metric {name} at port {port}")


def free_port() -> int:
    """A port that nobody holds now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
