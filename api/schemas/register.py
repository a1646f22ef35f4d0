"""What the register is told: animals, and the collars they wear."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from api.schemas.base import Attribute, Id, Received, Sent

WORN_FROM_MIN = datetime(2000, 1, 1, tzinfo=UTC)  # no collar is older: 1970 is an unset clock


class AnimalIn(Received):
    """An animal to register. animal_id: a new UUID if it is left out; external_id: its ear tag."""

    animal_id: Id | None = None
    external_id: Attribute | None = None
    name: Attribute | None = None
    group: Attribute | None = None


class AnimalOut(Sent):
    """The animal is known from now on by this id; position None = it was known just so."""

    animal_id: str
    position: int | None


class AssignmentIn(Received):
    """Which animal wears the collar, since when (now, if left out; may lie in the past)."""

    animal_id: Id
    worn_from: Annotated[AwareDatetime, Field(ge=WORN_FROM_MIN)] | None = None


class AssignmentOut(Sent):
    """The assignment stands; position None = it stood already."""

    collar_id: str
    animal_id: str
    worn_from: datetime
    position: int | None
