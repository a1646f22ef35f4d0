"""The farms, and a farm's board: what the first screen loads."""

from fastapi import APIRouter

from api.auth import may_see
from api.dependencies import FarmDep, ServicesDep, UserDep
from api.schemas.herd import BoardOut, FarmListOut, FarmOut

router = APIRouter(prefix="/api/v1/farms", tags=["screens"])


@router.get("")
def farms(user: UserDep, services: ServicesDep) -> FarmListOut:
    """The farms that the user may see, and how many animals each has."""
    seen = [
        FarmOut(farm_id=farm_id, name=None, animals=animals)
        for farm_id, animals in services.screens.history.farms()
        if may_see(user, farm_id)
    ]
    return FarmListOut(farms=seen)


@router.get("/{farm_id}/board")
def board(farm_id: FarmDep, services: ServicesDep) -> BoardOut:
    """The open cases with all that their cards show, and those closed in the last 24 h."""
    return services.screens.board(farm_id)
