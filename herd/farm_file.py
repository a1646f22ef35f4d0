"""What a running farm tells other commands: `farm.json` in its data directory, readable by us."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from herd.services import process_lives

FARM_FILE = "farm.json"


class NoFarmError(Exception):
    """No farm runs on this data directory."""

    def __init__(self, data: Path) -> None:
        super().__init__(
            f"No farm runs on {data}: start one with `herd up` (or `herd demo`), "
            "or name its directory with --data"
        )


@dataclass(frozen=True, slots=True)
class FarmFile:
    """Addresses of a running farm, and how each of its services does.

    pid: of the supervising `herd`. services: {name: {state, pid, address, restarts}}.
    webhooks: where LoRaWAN servers post to, without the path.
    fields: the address fields every service gets (KAFKA_BOOTSTRAP, POSTGRES_DSN, …): secrets
    are among them, hence mode 0600.
    """

    pid: int
    url: str
    mqtt: str
    owner_token_file: str
    fields: Mapping[str, str]
    services: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    webhooks: str = ""

    def write(self, data: Path) -> None:
        """Replace the file in one step: a reader sees the old or the new one, whole."""
        scratch = data / f"{FARM_FILE}.new"
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=1)
        scratch.replace(data / FARM_FILE)


def running_farm(data: Path) -> FarmFile:
    """The farm that runs on `data`; raises NoFarmError if none does."""
    try:
        farm = FarmFile(**json.loads((data / FARM_FILE).read_text("utf-8")))
    except FileNotFoundError:
        raise NoFarmError(data) from None
    if not process_lives(farm.pid):
        raise NoFarmError(data)
    return farm
