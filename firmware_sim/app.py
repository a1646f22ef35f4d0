"""Wires a herd to the MQTT broker: for the process of its own, for `herd demo` and for tests."""

import csv
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import structlog

from contracts.clock import Clock, SystemClock
from contracts.ids import AnimalId, CollarId, FarmId
from firmware_sim.adapters.mqtt_publisher import MqttSessions
from firmware_sim.collar import Buffered, Limits
from firmware_sim.conditions import Course
from firmware_sim.grid import BOOT_ID
from firmware_sim.herd import Herd, Sent, Worn
from firmware_sim.ledger import Ledger, NoLedger
from firmware_sim.settings import FirmwareSimSettings
from runtime.lifecycle import Loop, Running, run

log = structlog.get_logger()

TELL_EVERY_S = 10.0
# a step of history is one upload; its answer waits for those of all the others
GRID_LIMITS = Limits(upload_readings_max=500, timeout_s=15.0)
DRAIN_MAX_S = 5.0  # on stop: for the answers that are on their way


def main() -> int:
    """Run the simulator; returns the exit status."""
    settings = FirmwareSimSettings()
    return run("firmware-sim", settings, {"herd": herd_loop(settings, settings.clock())})


def open_herd(  # noqa: PLR0913  a herd, its broker, its pace, its ledger, two listeners
    worn: Sequence[Worn],
    *,
    host: str,
    port: int,
    ledger: Path | None,
    readings_per_s: float | None = None,
    since: datetime | None = None,
    interval_s: int = 300,
    course: Course | None = None,
    clock: Clock | None = None,
    station: tuple[str, str] | None = None,
    limits: Limits | None = None,
    on_sent: Callable[[Sent], None] | None = None,
    on_acknowledged: Callable[[Worn, Buffered], None] | None = None,
) -> Herd:
    """A herd that is ready to be started; either readings_per_s or since, see Herd.

    With readings_per_s its boot_id is this second, never one used before. On its grid (since) it
    always is the same boot, so that what it sends again is the same event.
    """
    if since is not None and limits is None:
        limits = GRID_LIMITS
    return Herd(
        worn,
        MqttSessions(host, port, worn, station=station),
        clock or SystemClock(),
        NoLedger() if ledger is None else Ledger(ledger),
        readings_per_s=readings_per_s,
        since=since,
        boot_id=int(time.time()) if since is None else BOOT_ID,
        course=course,
        interval_s=interval_s,
        limits=limits,
        on_sent=on_sent,
        on_acknowledged=on_acknowledged,
    )


def read_worn(path: Path) -> list[Worn]:
    """The collars of a `collars_file`; raises KeyError for a missing column."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Worn(
                farm_id=FarmId(row["farm_id"]),
                animal_id=AnimalId(row["animal_id"]),
                collar_id=CollarId(row["collar_id"]),
                user=row["collar_id"],
                password=row["password"],
            )
            for row in csv.DictReader(file)
        ]


def herd_loop(settings: FirmwareSimSettings, clock: Clock) -> Loop:
    """The simulator's loop; nothing connects before it runs."""

    def loop(running: Running) -> None:
        worn = read_worn(settings.collars_file)
        station = None
        if settings.station_user:
            station = (settings.station_user, settings.station_password.get_secret_value())
        herd = open_herd(
            worn,
            host=settings.mqtt_host,
            port=settings.mqtt_port,
            ledger=settings.ledger_file,
            readings_per_s=settings.readings_per_s or None,
            since=None if settings.readings_per_s else clock.now(),
            interval_s=settings.interval_s,
            clock=clock,
            station=station,
        )
        if settings.readings_per_s:
            herd.start()
        else:
            herd.follow_clock()
        running.ready()
        try:
            _watch(herd, running)
        finally:
            _drain(herd)
            herd.stop()
            log.info("herd_stopped", **_told(herd))

    return loop


def _watch(herd: Herd, running: Running) -> None:
    tell_at_s = 0.0
    while running.goes_on() and herd.failure is None:
        running.wait(0.2)
        if time.monotonic() > tell_at_s:
            tell_at_s = time.monotonic() + TELL_EVERY_S
            log.info("herd_measured", **_told(herd))


def _drain(herd: Herd) -> None:
    herd.pause()
    deadline = time.monotonic() + DRAIN_MAX_S
    while herd.counts().buffered and time.monotonic() < deadline and herd.failure is None:
        time.sleep(0.05)


def _told(herd: Herd) -> dict[str, int]:
    counts = herd.counts()
    return {
        "produced": counts.produced,
        "acknowledged": counts.acknowledged,
        "buffered": counts.buffered,
        "overwritten": counts.overwritten,
    }
