"""Ids, the subjects they name, and ids derived from what they identify."""

import hashlib
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

FarmId = NewType("FarmId", str)
AnimalId = NewType("AnimalId", str)
CollarId = NewType("CollarId", str)
UserId = NewType("UserId", str)

# The same grammar serves MQTT topics, Kafka keys, Redis keys and file names: no separator of any
# of them is in it, so an id can never reach into a neighbour's place.
ID_PATTERN = re.compile(r"[a-z0-9-]{1,40}")

# A UUID's variant: the two high bits of this digit say so, the two low ones stay.
VARIANTS = {f"{digit:x}": "89ab"[digit & 3] for digit in range(16)}


class SubjectKind(StrEnum):
    """What can be alerted about: not everything that alerts is an animal."""

    ANIMAL = "animal"
    GROUP = "group"
    FARM = "farm"
    COLLAR = "collar"
    STATION = "station"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an event is about; `id` is the event's aggregate_id and its Kafka key."""

    kind: SubjectKind
    id: str


class InvalidIdError(ValueError):
    """An id outside the grammar `[a-z0-9-]{1,40}`."""

    def __init__(self, what: str, value: str) -> None:
        super().__init__(
            f"{what} {value[:60]!r} is not an id: use 1 to 40 of a-z, 0-9 and '-' "
            "(ear tags and names are attributes, not ids)"
        )


def is_id(value: str) -> bool:
    """Whether `value` fits the grammar of ids."""
    return ID_PATTERN.fullmatch(value) is not None


def checked_id(what: str, value: str) -> str:
    """`value` itself; raises InvalidIdError naming `what` if it is outside the grammar."""
    if not is_id(value):
        raise InvalidIdError(what, value)
    return value


def new_id() -> str:
    """A random UUIDv4 as text."""
    return str(uuid.uuid4())


def derived_id(*parts: str | int) -> str:
    """A UUID shaped as version 4, the same for the same parts: a repeat carries the same id.

    SHA-256 over the parts with their lengths, so that ("a", "bc") and ("ab", "c") differ.
    """
    return _shaped("".join([f"{len(part)}:{part}" for part in map(str, parts)]))


def _shaped(text: str) -> str:
    digits = hashlib.sha256(text.encode()).hexdigest()
    # uuid.UUID(…, version=4) says the same for four times the price, and every reading pays it
    variant = VARIANTS[digits[16]]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def reading_event_id(collar_id: CollarId, boot_id: int, seq: int) -> str:
    """The event_id of one reading: a collar that sends it again sends the same event."""
    return derived_id("reading", collar_id, boot_id, seq)


def reading_event_ids(collar_id: CollarId, boot_id: int, seqs: Iterable[int]) -> list[str]:
    """The same for many readings of one boot."""
    boot = str(boot_id)
    head = f"7:reading{len(collar_id)}:{collar_id}{len(boot)}:{boot}"
    return [_shaped(f"{head}{len(seq)}:{seq}") for seq in map(str, seqs)]
