"""The register over REST: animals, and the collars they wear."""

from fastapi import APIRouter

from api.dependencies import FarmDep, ServicesDep, UserDep
from api.schemas.base import Id
from api.schemas.register import AnimalIn, AnimalOut, AssignmentIn, AssignmentOut
from contracts.ids import AnimalId, CollarId, new_id
from herdbook import AssignCollar, RegisterAnimal

router = APIRouter(prefix="/api/v1/farms/{farm_id}", tags=["herdbook"])


@router.post("/animals")
def register_animal(
    farm_id: FarmDep, animal: AnimalIn, user: UserDep, services: ServicesDep
) -> AnimalOut:
    """Register an animal, or give a known one these attributes (all of them)."""
    animal_id = AnimalId(animal.animal_id or new_id())
    command = RegisterAnimal(
        animal_id=animal_id,
        farm_id=farm_id,
        external_id=animal.external_id or animal_id,
        name=animal.name,
        group=animal.group,
    )
    events = services.herdbook.handle(command, user.id)
    stored = events[-1].stored if events else None
    return AnimalOut(animal_id=animal_id, position=stored.position if stored else None)


@router.post("/collars/{collar_id}/assignments")
def assign_collar(
    farm_id: FarmDep, collar_id: Id, worn: AssignmentIn, user: UserDep, services: ServicesDep
) -> AssignmentOut:
    """Say that an animal wears the collar since worn_from."""
    command = AssignCollar(
        collar_id=CollarId(collar_id),
        animal_id=AnimalId(worn.animal_id),
        farm_id=farm_id,
        worn_from=worn.worn_from or services.clock.now(),
    )
    events = services.herdbook.handle(command, user.id)
    stored = events[-1].stored if events else None
    return AssignmentOut(
        collar_id=collar_id,
        animal_id=worn.animal_id,
        worn_from=command.worn_from,
        position=stored.position if stored else None,
    )
