"""Simulated animals on a running farm: registered like real ones, with credentials of their own."""

import csv
import io
import secrets
from collections.abc import Callable
from pathlib import Path

from contracts.ids import AnimalId, CollarId, FarmId, UserId
from firmware_sim.app import open_herd
from firmware_sim.collar import Buffered
from firmware_sim.herd import Herd, Sent, Worn
from herd.farm_file import FarmFile
from runtime.mqtt_users import MqttUsers

WORN_FROM = "2026-01-01T00:00:00Z"  # before any reading: a first start and a tenth agree
RELAYED_WITHIN_S = 30.0
SIMULATOR = UserId("simulator")

# Names that cattle have had, in many languages; after them the animals are numbered.
_NAMES = (
    "Bella Alma Berta Clara Daisy Elsa Flora Greta Heidi Iris Jolie Karla Lotte Mara Nora Olga "
    "Paula Quinta Rosa Stella Thea Ulla Vera Wanda Xenia Yara Zita Agnes Birte Carmen Dora Emmi"
)
NAMES = tuple(_NAMES.split())


def register_animals(farm: FarmFile, farm_id: FarmId, count: int) -> list[Worn]:
    """Animals and collars `{farm}-001` …, known to the gateway; running it again changes nothing.

    Each collar gets a new password: of the old one only the hash is known.
    """
    from herdbook import import_csv, open_herdbook

    users_dir = Path(farm.fields["MQTT_USERS_DIR"])
    collars = [CollarId(f"{farm_id}-c{number:03}") for number in range(1, count + 1)]
    animals = [AnimalId(f"{farm_id}-{number:03}") for number in range(1, count + 1)]
    with open_herdbook(farm.fields["POSTGRES_DSN"], users_dir) as herdbook:
        done = import_csv(
            herdbook, _csv(farm_id, animals, collars), farm_id, by=SIMULATOR, dry_run=False
        )
        if done.refused:
            raise RuntimeError(f"the simulated herd was refused: {done.refused[0]}")
        if done.position is not None:
            herdbook.wait_until_relayed(done.position, within_s=RELAYED_WITHIN_S)
    passwords = MqttUsers(users_dir).add_collars([(farm_id, collar) for collar in collars])
    return [
        Worn(
            farm_id=farm_id,
            animal_id=animal,
            collar_id=collar,
            user=collar,
            password=passwords[collar],
        )
        for animal, collar in zip(animals, collars, strict=True)
    ]


def name_of(number: int) -> str:
    """The name of the n-th animal, from 0."""
    turn, place = divmod(number, len(NAMES))
    return NAMES[place] if turn == 0 else f"{NAMES[place]} {turn + 1}"


def _csv(farm_id: FarmId, animals: list[AnimalId], collars: list[CollarId]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["external_id", "animal_id", "name", "group", "collar_id", "worn_from"])
    for number, (animal, collar) in enumerate(zip(animals, collars, strict=True)):
        external = f"{farm_id} {number + 1:04}"
        rows.writerow([external, animal, name_of(number), "barn", collar, WORN_FROM])
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


def a_farm_id(prefix: str) -> FarmId:
    """A farm nobody used before."""
    return FarmId(f"{prefix}-{secrets.token_hex(3)}")
