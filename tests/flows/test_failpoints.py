"""A gateway that dies, fails or stands still at any step between MQTT and Kafka loses nothing.

Two gateways share the uploads; one has a failpoint. Every reading that a collar measured is in the
log or, where it cannot be true, in the dead letters: held against the simulator's own ledger.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.dead_letter import DeadLetter, Reason
from contracts.ids import AnimalId, CollarId, FarmId, new_id
from contracts.topics import DEAD_LETTERS, READINGS
from farmbox.box import Addresses, Box
from firmware_sim.app import open_herd
from firmware_sim.collar import Limits
from firmware_sim.herd import Herd, Worn
from firmware_sim.ledger import PRODUCED, Entry, read_ledger
from gateway.app import gateway_loops
from runtime.failpoints import declared
from runtime.mqtt_users import MqttUsers
from tests.gateway.surroundings import Process, register
from tests.kafka_reader import events_of
from tests.waiting import eventually

FULL_SIZE = bool(os.environ.get("HERD_PROOF"))
# an odd number: the broker deals uploads out in turns, and with an even one each collar may meet
# the same gateway for ever, the one with the broken thermometer never the one that fails
COLLARS, READINGS_PER_S = 7, 70
MORE = 50  # readings answered after the fault: the other gateway goes on
PASSING = 3
STALL_S = 30 if FULL_SIZE else 2  # 30: the broker has given the connection up by then
IMPOSSIBLE_C = 70.0  # no animal: every reading of hers is a letter
ACTIONS = ("kill", "raise", "stall")

ROOM = gateway_loops.__module__.split(".")[0]  # importing it declares its points
POINTS = [name for name in declared() if name.startswith(f"{ROOM}.")]
# each point once, the actions in turns; the whole matrix at full size
SOME = [(point, ACTIONS[number % len(ACTIONS)]) for number, point in enumerate(POINTS)]
ALL = [(point, action) for point in POINTS for action in ACTIONS]

pytestmark = [pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def other_gateway(running_box: Box, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The gateway that nothing happens to."""
    directory = tmp_path_factory.mktemp("other")
    process = a_gateway(running_box.addresses, directory, instance="other")
    process.start()
    yield process
    process.kill()


def a_gateway(box: Addresses, directory: Path, **settings: object) -> Process:
    """One of two in a share group of their own."""
    settings |= {"mqtt_share_group": "failpoints"}
    upper = {name.upper(): value for name, value in settings.items()}
    return Process(box, directory, "HERD_GATEWAY_", "gateway", settings=upper)


def a_herd(box: Addresses, farm_id: FarmId, ledger: Path) -> Herd:
    """Registered collars on a farm of their own, one of them with a broken thermometer."""
    collars = [CollarId(f"{farm_id}-{number}") for number in range(COLLARS)]
    passwords = MqttUsers(box.mqtt_users).add_collars([(farm_id, one) for one in collars])
    register(box, farm_id, collars)
    worn = [
        Worn(
            farm_id=farm_id,
            animal_id=AnimalId(f"animal-of-{collar}"),
            collar_id=collar,
            user=collar,
            password=passwords[collar],
        )
        for collar in collars
    ]
    herd = open_herd(
        worn,
        host=box.mqtt_host,
        port=box.mqtt_port,
        ledger=ledger,
        readings_per_s=READINGS_PER_S,
        limits=Limits(upload_readings_max=5, timeout_s=0.5, timeout_max_s=2.0),
    )
    herd.make_feverish(worn[0].animal_id, raise_c=IMPOSSIBLE_C)
    return herd


@pytest.mark.parametrize(("point", "action"), ALL if FULL_SIZE else SOME)
def test_the_log_is_the_ledger_whatever_happens_wherever(
    box: Addresses, other_gateway: Process, tmp_path: Path, point: str, action: str
) -> None:
    """Lost is what was acknowledged and is not there; phantom, what is there and was not sent."""
    assert other_gateway.pid
    farm_id, ledger = FarmId(f"fail-{new_id()[:8]}"), tmp_path / "ledger.csv"
    told = f"{action}={STALL_S}" if action == "stall" else action
    failing = a_gateway(box, tmp_path, instance="failing", failpoint=f"{point}:{told}@{PASSING}")
    failing.start()
    herd = a_herd(box, farm_id, ledger)
    herd.start()
    try:
        eventually(lambda: '"failpoint_reached"' in failing.log(), within_s=30, why="no fault")
        if action != "stall":
            eventually(failing.has_ended, within_s=20, why="it goes on after the fault")
        answered = herd.counts().acknowledged
        eventually(lambda: herd.counts().acknowledged > answered + MORE, within_s=60, why="stuck")
        if action == "stall":  # it comes to again, with uploads that others have answered for long
            eventually(lambda: '"failpoint_left"' in failing.log(), within_s=60, why="for ever")
        herd.pause()
        eventually(lambda: herd.counts().buffered == 0, within_s=90, why="not all is answered")
    finally:
        herd.stop()
        failing.kill()

    produced = [one for one in read_ledger(ledger) if one.what == PRODUCED]
    in_the_log = [event.event_id for event in events_of(box, READINGS, farm_id)]
    letters = events_of(box, DEAD_LETTERS, farm_id)
    good = {one.event_id for one in produced if not is_bad(farm_id, one)}
    bad = {(one.boot_id, one.seq) for one in produced if is_bad(farm_id, one)}
    print(  # noqa: T201  a figure to be read
        f"{point}:{action}: {len(produced)} readings, {len(in_the_log) - len(good)} repeats in the "
        f"log, {len(letters) - len(bad)} in the letters"
    )

    assert set(in_the_log) == good
    assert {numbers_in(event.payload) for event in letters} == bad
    assert len({event.event_id for event in letters}) == len(bad)  # refused again: the same letter
    assert len(bad) >= PASSING
    assert len(good) > MORE // 2


def is_bad(farm_id: FarmId, entry: Entry) -> bool:
    """Whether it is of the collar with the broken thermometer."""
    return entry.collar_id == f"{farm_id}-0"


def numbers_in(letter: DeadLetter) -> tuple[int, int]:
    """Boot and seq of the one reading that a letter holds."""
    assert letter.reason == Reason.OUT_OF_RANGE
    upload = json.loads(letter.raw)
    (reading,) = upload["readings"]
    return upload["boot_id"], reading["seq"]
