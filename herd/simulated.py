"""Simulated animals on a running farm: registered like real ones, with credentials of their own."""

import csv
import io
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from contracts.clock import Clock
from contracts.ids import FarmId, UserId
from firmware_sim.app import open_herd
from firmware_sim.collar import Buffered
from firmware_sim.conditions import Course
from firmware_sim.herd import Herd, Sent, Worn
from herd.farm_file import FarmFile
from herd.roster import Cow, roster
from runtime.mqtt_users import MqttUsers

WORN_FROM = "2026-01-01T00:00:00Z"  # before any reading: a first start and a tenth agree
RELAYED_WITHIN_S = 30.0
SIMULATOR = UserId("simulator")


def register_animals(
    farm: FarmFile, farm_id: FarmId, count: int, clock: Clock | None = None
) -> list[Worn]:
    """Animals and collars `{farm}-001` …, known to the gateway; running it again changes nothing.

    Each collar gets a new password: of the old one only the hash is known. clock: the farm's, if
    it is not the machine's.
    """
    from herdbook import import_csv, open_herdbook

    cows = roster(farm_id, count, datetime.now(UTC).date())
    users_dir = Path(farm.fields["MQTT_USERS_DIR"])
    with open_herdbook(farm.fields["POSTGRES_DSN"], users_dir, clock) as herdbook:
        done = import_csv(herdbook, _csv(cows), farm_id, by=SIMULATOR, dry_run=False)
        if done.refused:
            raise RuntimeError(f"the simulated herd was refused: {done.refused[0]}")
        if done.position is not None:
            herdbook.wait_until_relayed(done.position, within_s=RELAYED_WITHIN_S)
    passwords = MqttUsers(users_dir).add_collars([(farm_id, cow.collar_id) for cow in cows])
    return [
        Worn(
            farm_id=farm_id,
            animal_id=cow.animal_id,
            collar_id=cow.collar_id,
            user=cow.collar_id,
            password=passwords[cow.collar_id],
        )
        for cow in cows
    ]


def _csv(cows: list[Cow]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["external_id", "animal_id", "name", "group", "collar_id", "worn_from"])
    for cow in cows:
        rows.writerow(
            [cow.external_id, cow.animal_id, cow.name, cow.group, cow.collar_id, WORN_FROM]
        )
    return text.getvalue()


def herd_on(
    farm: FarmFile,
    worn: list[Worn],
    *,
    readings_per_s: float,
    ledger: Path | None,
    on_sent: Callable[[Sent], None] | None = None,
    on_acknowledged: Callable[[Worn, Buffered], None] | None = None,
) -> Herd:
    """Collars that publish to the farm's own MQTT broker, one session each; not yet started."""
    host, _, port = farm.mqtt.partition(":")
    return open_herd(
        worn,
        host=host,
        port=int(port),
        ledger=ledger,
        readings_per_s=readings_per_s,
        interval_s=max(1, round(len(worn) / readings_per_s)),
        on_sent=on_sent,
        on_acknowledged=on_acknowledged,
    )


def clocked_herd_on(
    farm: FarmFile,
    worn: list[Worn],
    *,
    clock: Clock,
    since: datetime,
    course: Course,
    interval_s: int,
) -> Herd:
    """Collars on their grid of the farm's time, from `since` on; not yet started."""
    host, _, port = farm.mqtt.partition(":")
    return open_herd(
        worn,
        host=host,
        port=int(port),
        ledger=None,  # some 400 MB a day that nobody reads
        since=since,
        interval_s=interval_s,
        course=course,
        clock=clock,
    )


def a_farm_id(prefix: str) -> FarmId:
    """A farm nobody used before."""
    return FarmId(f"{prefix}-{secrets.token_hex(3)}")
