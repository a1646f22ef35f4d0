"""How long the mover takes over three days of a herd, on a real Kafka of its own.

`python -m tests.gateway.mover_speed [ANIMALS]` (350 if not said, one reading in five minutes).
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from contracts.animal_event import Assignment, CollarAssignments
from contracts.ids import AnimalId, CollarId, FarmId
from contracts.serde import Serde
from contracts.topics import READINGS, partition_of_farm
from farmbox.box import Addresses, Box
from gateway.adapters.mover_log import KafkaMoverLog
from gateway.mover import AFTER_S, Mover
from gateway.moves import Register
from runtime.kafka import Outbox, ensure_topics, new_producer, send_event
from runtime.registry import RegistrySchemaIds
from tests.builders import a_reading

FARM = FarmId("big")
ROUNDS = 72 * 12
BEGIN = datetime.now(UTC) - timedelta(hours=72)


def fill(box: Addresses, animals: int) -> None:
    """Three days of readings, each under its animal."""
    outbox = Outbox(new_producer(box.kafka_bootstrap))
    serde = Serde(RegistrySchemaIds(str(box.registry_url)))
    for seq in range(ROUNDS):
        for n in range(animals):
            reading = a_reading(
                animal=f"nl-{n}",
                collar=f"c-{n}",
                farm=FARM,
                seq=seq,
                time=BEGIN + timedelta(minutes=5 * seq),
                temperature_c=38.6,
                temperature_site="rumen",
                rumination_minutes=2.0,
                activity=3.0,
            )
            send_event(outbox, serde, READINGS, reading)
    outbox.flush()


def tell(register: Register, n: int, animal: str, version: int) -> None:
    """The register says that this animal has worn the n-th collar all along."""
    worn = Assignment(animal_id=AnimalId(animal), farm_id=FARM, worn_from=BEGIN - timedelta(days=1))
    register.apply(
        CollarAssignments(collar_id=CollarId(f"c-{n}"), assignments=(worn,), version=version)
    )


def timed(what: str, act: Callable[[], None]) -> None:
    """Print how long it took."""
    began_s, cpu_s = time.monotonic(), time.process_time()
    act()
    took_s, worked_s = time.monotonic() - began_s, time.process_time() - cpu_s
    sys.stdout.write(f"{what}: {took_s:.2f} s, {worked_s:.2f} s of CPU\n")


def main(animals: int) -> None:
    """Look over all, move one collar's days, look again, move everybody's."""
    with TemporaryDirectory() as directory, Box(Path(directory), mqtt_port=None) as box:
        ensure_topics(box.addresses.kafka_bootstrap)
        schema_ids = RegistrySchemaIds(str(box.addresses.registry_url))
        schema_ids.register_all()
        fill(box.addresses, animals)
        log, register = KafkaMoverLog(box.addresses.kafka_bootstrap, schema_ids), Register()
        ours, mover = frozenset({partition_of_farm(FARM)}), Mover(log, register, lambda: True)
        for n in range(animals):
            tell(register, n, f"nl-{n}", 1)
        count = animals * ROUNDS
        timed(f"{count} readings looked over", lambda: mover.turn(ours, 0.0))
        tell(register, 0, "nl-new", 2)
        mover.turn(ours, 1.0)
        timed(f"{ROUNDS} of one collar moved", lambda: mover.turn(ours, 1.0 + AFTER_S[0]))
        timed("looked again", lambda: mover.turn(ours, 1.0 + AFTER_S[1]))
        for n in range(animals):
            tell(register, n, f"x-{n}", 3)
        mover.turn(ours, 1000.0)
        timed(f"all {count} moved", lambda: mover.turn(ours, 1000.0 + AFTER_S[0]))
        log.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 350)
