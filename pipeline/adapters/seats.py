"""The seats of the group as Kafka's coordinator knows them, and a slot that a worker may take."""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from contracts.topics import PARTITIONS
from pipeline.adapters.input_log import GROUP, SESSION_MS
from pipeline.adapters.transactions import SlotTakenError
from pipeline.slots import Process, Seat, first_free, held, seat_of
from runtime import security

log = structlog.get_logger()

ASK_MAX_S = 10.0
ASK_EVERY_S = 0.2
# of a holder elsewhere that may be dead: longer than Kafka keeps the seat of one that is
WAIT_MAX_S = SESSION_MS / 1000 + 4.0
PROC = Path("/proc")
START_FIELD = 18  # of /proc/PID/stat behind name and state: clock ticks since the boot


class NoSlotError(RuntimeError):
    """No slot is left to work under; only whoever started this worker can change that."""


def this_process() -> Process:
    """Who we are, to whoever starts on this machine later."""
    found = process_at(os.getpid())
    assert found is not None  # noqa: S101  who asks is there
    return found


def lives(process: Process) -> bool:
    """Whether a process of this machine is still there; its pid may be another's by now."""
    return process_at(process.pid) == process


def take_slot(
    bootstrap: str, slot: str | None, goes_on: Callable[[], bool], *, crowded: bool = False
) -> str | None:
    """The slot to work under: the named one, or the first that is free. None = asked to stop.

    Whoever still sits somewhere stays there. Waits for the seat of one that may be dead.
    crowded: somebody took the last one that we took.
    Raises NoSlotError where another worker goes on under the named slot, or under each.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, **security.kafka()})
    me, began = this_process(), time.monotonic()
    skip = random.SystemRandom().randrange(PARTITIONS) if crowded else 0
    while goes_on():
        seats = _seats(admin)
        taken = held(seats, me, lives)
        found = slot or seat_of(seats, me) or first_free(taken, PARTITIONS, skip)
        if found is not None and found not in taken:
            log.info("slot_taken", slot=found)
            return found
        if time.monotonic() - began > WAIT_MAX_S:
            raise NoSlotError(_refusal(slot, taken))
        time.sleep(ASK_EVERY_S)
    return None


def look_again(bootstrap: str, slot: str) -> None:
    """Right before sitting down: SlotTakenError if another has done so since we looked.

    Kafka gives a seat to whoever sat down last: two that find it free within the few milliseconds
    from here to there still meet in it, and the earlier one is told so and leaves.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, **security.kafka()})
    if (other := held(_seats(admin), this_process(), lives).get(slot)) is not None:
        raise SlotTakenError(f"{other.client_id} sat down in {slot} while we started")


def _refusal(slot: str | None, taken: dict[str, Seat]) -> str:
    if slot is None:
        return (
            f"all {PARTITIONS} slots are held by workers that are alive: there is no partition for "
            "one more"
        )
    return (
        f"slot {slot} is held by a worker that is alive ({taken[slot].client_id}): give this one "
        "another HERD_PIPELINE_SLOT, or none, and it takes the first that is free"
    )


def seats_of(bootstrap: str) -> list[Seat]:
    """Who sits in the group now."""
    return _seats(AdminClient({"bootstrap.servers": bootstrap, **security.kafka()}))


def _seats(admin: AdminClient) -> list[Seat]:
    """Who sits in the group now; nobody where there is no group yet."""
    try:
        asked = admin.describe_consumer_groups([GROUP], request_timeout=ASK_MAX_S)
        group = asked[GROUP].result(ASK_MAX_S)
    except KafkaException as failure:
        error: KafkaError = failure.args[0]
        if error.code() == KafkaError.GROUP_ID_NOT_FOUND:
            return []
        raise
    return [
        Seat(member.group_instance_id, member.member_id, member.client_id)
        for member in group.members
        if member.group_instance_id
    ]


def process_at(pid: int) -> Process | None:
    """The process of a pid; None if it is gone, or only its exit status is left of it."""
    try:
        said = (PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    state, *fields = said.rpartition(") ")[2].split()
    return None if state in ("Z", "X") else Process(_host(), pid, int(fields[START_FIELD]))


def _host() -> str:
    """A boot of a machine, and within it the container: where a pid means one process."""
    boot = (PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
    return f"{boot}-{(PROC / 'self/ns/pid').stat().st_ino}"
