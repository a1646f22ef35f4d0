"""`herd simulate`: simulated collars on the running farm for a while."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from herd.commands import checked_farm
from herd.farm_file import running_farm
from herd.simulated import herd_on, register_animals

DRAIN_MAX_S = 30.0
CHECK_EVERY_S = 0.2


def simulate_herd(  # noqa: PLR0913  the options of the command
    data: Path,
    farm_id: str,
    *,
    animals: int,
    rate: float,
    seconds: float,
    fevers: int,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """{animals, produced, acknowledged, buffered}: what the collars sent and got answered."""
    farm = running_farm(data)
    worn = register_animals(farm, checked_farm(farm_id), animals)
    with tempfile.TemporaryDirectory(prefix="herd-simulate-") as directory:
        ledger = Path(directory) / "ledger.csv"
        herd = herd_on(farm, worn, readings_per_s=rate, ledger=ledger)
        herd.start()
        try:
            for one in worn[:fevers]:
                herd.make_feverish(one.animal_id)
            tell(f"{animals} collars publish {rate:g} readings/s for {seconds:g} s")
            _wait(seconds, lambda: False)
            herd.pause()
            _wait(DRAIN_MAX_S, lambda: herd.counts().buffered == 0)
        finally:
            herd.stop()
        counts = herd.counts()
    return {
        "animals": animals,
        "produced": counts.produced,
        "acknowledged": counts.acknowledged,
        "buffered": counts.buffered,
    }


def _wait(seconds: float, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not done():
        time.sleep(CHECK_EVERY_S)
