"""`herd demo --check`: a private farm, ill animals, and the seconds until somebody's screen knows.

Nothing is faked: collars publish over MQTT with credentials of their own, the alert arrives at a
WebSocket client, is acknowledged over REST, and the acknowledgement arrives at the same socket.
"""

import math
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from contracts.ids import AnimalId
from firmware_sim.herd import Herd, Sent
from herd.commands import CommandError
from herd.live_client import LiveClient
from herd.simulated import a_farm_id, herd_on, register_animals
from herd.supervisor import Farm

READINGS_PER_S_MAX = 50.0  # a farm of 15,000 animals at one reading in five minutes
SECONDS_BETWEEN_READINGS = 1.0  # of one animal, where few are simulated
FEVERS_PER_S = 10.0
QUIET_MAX_S = 60.0  # without an alert that is due: the chain is broken
EVENT_WAIT_S = 0.1


class Sending:
    """When each reading was handed to MQTT first; filled by the herd's thread."""

    def __init__(self) -> None:
        self._sent_s: dict[tuple[AnimalId, datetime], float] = {}
        self._lock = threading.Lock()

    def note(self, sent: Sent) -> None:
        """Remember the first sending of a reading."""
        with self._lock:
            key = (sent.worn.animal_id, sent.reading.time)
            self._sent_s.setdefault(key, sent.sent_s)

    def of(self, animal_id: str, time_text: str) -> float:
        """Monotonic seconds at which the reading of that animal and time was sent."""
        with self._lock:
            return self._sent_s[AnimalId(animal_id), datetime.fromisoformat(time_text)]


def check_chain(alerts: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """{reading_to_socket_ms, acknowledged_ms, p50_ms, p99_ms, alerts, …}; CommandError if broken.

    reading_to_socket_ms: from handing the third hot reading to MQTT until its alert is read from
    the socket, the median where alerts are many.
    """
    with (
        tempfile.TemporaryDirectory(prefix="herd-check-") as directory,
        Farm(Path(directory) / "farm", tell=tell) as farm,
    ):
        ready_s = time.monotonic()
        farm_id = a_farm_id("check")
        tell(f"registering {alerts + 2} animals")
        worn = register_animals(farm.file, farm_id, alerts + 2)
        sending = Sending()
        rate = min(READINGS_PER_S_MAX, len(worn) / SECONDS_BETWEEN_READINGS)
        ledger = Path(directory) / "ledger.csv"
        herd = herd_on(farm.file, worn, readings_per_s=rate, ledger=ledger, on_sent=sending.note)
        herd.start()
        try:
            _until_answered(herd, farm)
            ill = [one.animal_id for one in worn[:alerts]]
            with LiveClient(farm.file.url, farm.owner_token, farm_id) as live:
                delays_ms, first = _collect(live, herd, farm, ill, sending)
                acknowledged_ms = _acknowledge(live, farm, farm_id, first)
        finally:
            herd.stop()
        counts = herd.counts()
        return {
            "alerts": alerts,
            "reading_to_socket_ms": round(statistics.median(delays_ms), 1),
            "p50_ms": round(statistics.median(delays_ms), 1),
            "p99_ms": round(percentile(delays_ms, 99), 1),
            "acknowledged_ms": round(acknowledged_ms, 1),
            "readings_per_s": round(rate, 1),
            "readings_acknowledged": counts.acknowledged,
            "seconds": round(time.monotonic() - ready_s, 1),
        }


def percentile(values: list[float], percent: float) -> float:
    """The nearest-rank percentile of some values."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def _until_answered(herd: Herd, farm: Farm) -> None:
    """Wait for the first answers: credentials count within two seconds, sessions take a few."""
    deadline = time.monotonic() + QUIET_MAX_S
    while herd.counts().acknowledged < 1:
        farm.poll()
        time.sleep(EVENT_WAIT_S)
        if time.monotonic() > deadline:
            raise CommandError(
                f"no reading was answered within {QUIET_MAX_S:.0f} s: see the gateway's log"
            )


def _collect(
    live: LiveClient, herd: Herd, farm: Farm, ill: list[AnimalId], sending: Sending
) -> tuple[list[float], dict[str, Any]]:
    """Delays in ms of each ill animal's alert, and the first alert's event."""
    delays_ms: dict[str, float] = {}
    first: dict[str, Any] | None = None
    waiting, begun = list(ill), time.monotonic()
    quiet_since = begun
    while len(delays_ms) < len(ill):
        while waiting and (len(ill) - len(waiting)) <= (time.monotonic() - begun) * FEVERS_PER_S:
            herd.make_feverish(waiting.pop(0))
        for event in live.events(within_s=EVENT_WAIT_S):
            if event["type"] == "alert.raised.v1":
                came_s = time.monotonic()
                evidence = event["data"]["evidence"]
                sent_s = sending.of(event["subject"], max(one["at"] for one in evidence))
                delays_ms[event["subject"]] = (came_s - sent_s) * 1000
                first, quiet_since = first or event, came_s
            if waiting:
                break
        farm.poll()
        if time.monotonic() - quiet_since > QUIET_MAX_S:
            raise CommandError(
                f"{len(delays_ms)} of {len(ill)} alerts arrived, then none for "
                f"{QUIET_MAX_S:.0f} s: the chain is broken. See the logs of pipeline and alerts"
            )
    if first is None:
        raise CommandError("no alert arrived")
    return list(delays_ms.values()), first


def _acknowledge(live: LiveClient, farm: Farm, farm_id: str, raised: dict[str, Any]) -> float:
    """Milliseconds from POST until the acknowledgement is read from the socket."""
    alert_id = raised["data"]["alert_id"]
    begun = time.monotonic()
    httpx.post(
        f"{farm.file.url}/api/v1/farms/{farm_id}/alerts/{alert_id}/acknowledge",
        headers={"Authorization": f"Bearer {farm.owner_token}"},
        timeout=10.0,
    ).raise_for_status()
    for event in live.events(within_s=QUIET_MAX_S):
        if event["type"] == "alert.acknowledged.v1" and event["data"]["alert_id"] == alert_id:
            return (time.monotonic() - begun) * 1000
    raise CommandError("the acknowledgement did not come back to the socket")
