"""Whose reading it is: each collar's assignments, asked as of a reading's own time. Pure.

One thread applies what the register says, another asks: a collar's list is replaced whole.
"""

from datetime import datetime

from contracts.animal_event import Assignment, CollarAssignments
from contracts.dead_letter import Reason, Rejected
from contracts.ids import CollarId, FarmId


class Attribution:
    """All collars a gateway knows, each with who wore it when, oldest first."""

    def __init__(self) -> None:
        self._assignments: dict[CollarId, tuple[Assignment, ...]] = {}

    def __len__(self) -> int:
        return len(self._assignments)

    def apply(self, told: CollarAssignments) -> None:
        """The newest record of a collar says everything about it."""
        self._assignments[told.collar_id] = tuple(
            sorted(told.assignments, key=lambda assignment: assignment.worn_from)
        )

    def forget(self, collar_id: CollarId) -> None:
        """The register knows the collar no longer."""
        self._assignments.pop(collar_id, None)

    def unknown(self, collar_id: CollarId) -> Rejected | None:
        """Why nothing of this collar can be taken; None if the register knows it."""
        if collar_id in self._assignments:
            return None
        return Rejected(
            Reason.UNKNOWN_COLLAR,
            f"collar {collar_id} is not in the register: add it with `herd import`",
        )

    def wearer_throughout(
        self, collar_id: CollarId, farm_id: FarmId, first: datetime, last: datetime
    ) -> Assignment | None:
        """The newest assignment, if it alone counts from `first` to `last`; None = ask for each."""
        assignments = self._assignments.get(collar_id)
        if not assignments:
            return None
        newest = assignments[-1]
        is_in_force = newest.worn_from <= first and (
            newest.worn_to is None or last < newest.worn_to
        )
        return newest if is_in_force and newest.farm_id == farm_id else None

    def wearer(self, collar_id: CollarId, farm_id: FarmId, at: datetime) -> Assignment | Rejected:
        """The assignment in force at `at`; Rejected if there is none, or of another farm.

        Where spans overlap, the one that began last counts.
        """
        for assignment in reversed(self._assignments.get(collar_id, ())):
            if assignment.worn_from <= at and (
                assignment.worn_to is None or at < assignment.worn_to
            ):
                break
        else:
            return Rejected(
                Reason.NOT_WORN, f"no animal wore collar {collar_id} at {at.isoformat()}"
            )
        if assignment.farm_id != farm_id:
            # the other farm is not named: its sender has no business knowing it
            return Rejected(
                Reason.WRONG_FARM,
                f"collar {collar_id} was not on farm {farm_id} at {at.isoformat()}",
            )
        return assignment
