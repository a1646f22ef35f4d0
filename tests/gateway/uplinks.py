"""Uplinks of LoRaWAN servers, made by hand for their traps, and who wears those devices."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from contracts.animal_event import ANIMAL, Assignment, CollarAssignments
from contracts.ids import AnimalId, CollarId
from gateway.attribution import Attribution
from gateway.decoders import Decoders
from gateway.decoders.example_collar import decode as example_collar
from tests.builders import FARM, MORNING

FIXTURES = Path(__file__).parents[1] / "fixtures" / "uplinks"
DEV_EUI = CollarId("70b3d57ed0061717")
DECODERS: Decoders = {"example-collar": example_collar}
CHIRPSTACK_TOPIC = f"lorawan/v1/{FARM}/application/ca739e26/device/{DEV_EUI}/event/up"
THINGS_STACK_TOPIC = f"lorawan/v1/{FARM}/v3/home-cows@ttn/devices/bolus-17/up"


def fixture(name: str) -> bytes:
    """A captured payload."""
    return (FIXTURES / f"{name}.json").read_bytes()


def changed(name: str, *path: str, to: object) -> bytes:
    """The same with one value changed."""
    whole: dict[str, Any] = json.loads(fixture(name))
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    return json.dumps(whole).encode()


def worn(collar_id: CollarId = DEV_EUI, *, kind: str = ANIMAL) -> Attribution:
    """The device of the fixtures, on an animal of the farm since a week before this morning.

    kind STATION: it hangs in the barn.
    """
    known = Attribution()
    assignment = Assignment(
        animal_id=AnimalId("nl-0017" if kind == ANIMAL else collar_id),
        farm_id=FARM,
        worn_from=MORNING - timedelta(days=7),
        kind=kind,
    )
    known.apply(CollarAssignments(collar_id=collar_id, assignments=(assignment,)))
    return known
