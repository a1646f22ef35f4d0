"""One animal of a simulated herd with her collar, and what happens to her."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.ids import AnimalId, CollarId, FarmId
from firmware_sim.animal import Animal
from firmware_sim.collar import Buffered, Collar
from firmware_sim.conditions import Laid, Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Worn:
    """One collar on one animal, with its credentials at the MQTT broker."""

    farm_id: FarmId
    animal_id: AnimalId
    collar_id: CollarId
    user: str
    password: str


class Member:
    """An animal, her collar and her conditions; other threads replace the latter whole."""

    def __init__(self, worn: Worn, collar: Collar, conditions: Sequence[Laid] = ()) -> None:
        self.worn = worn
        self.collar = collar
        self.sent_to_seq = 0
        self.conditions: tuple[Laid, ...] = ()
        self._silences: tuple[Silence, ...] = ()
        self.animal = Animal(worn.animal_id, worn.farm_id)
        self.befall(*conditions)

    def befall(self, *conditions: Laid) -> None:
        """Lay these over her, beside what she has."""
        self._lay((*self.conditions, *conditions))

    def recover(self, kind: type[Laid]) -> None:
        """Take all conditions of that kind away, as if they had never been."""
        self._lay(tuple(one for one in self.conditions if not isinstance(one, kind)))

    def is_silent(self, at: datetime) -> bool:
        """Whether nobody hears her collar at `at`."""
        return any(silence.covers(at) for silence in self._silences)

    def keep(self, readings: Iterable[Buffered]) -> list[Buffered]:
        """Put what was measured into the collar's buffer; without what a dead collar lost."""
        kept = [one for one in readings if not self.loses(one.time)]
        for one in kept:
            self.collar.keep(one)
        return kept

    def loses(self, at: datetime) -> bool:
        """Whether a reading of that time never was: her collar is dead then."""
        return any(one.covers(at) and not one.buffered for one in self._silences)

    def _lay(self, conditions: tuple[Laid, ...]) -> None:
        self.conditions = conditions
        self._silences = tuple(one for one in conditions if isinstance(one, Silence))
        self.animal = Animal(self.worn.animal_id, self.worn.farm_id, conditions)
