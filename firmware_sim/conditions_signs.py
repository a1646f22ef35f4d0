"""A spell of something, told by its signs: what changes, how far, and when. Pure.

The form of the literature's tables: each sign is a signal, a size at its height, and hours relative
to one reference event (standing heat, calf expelled, diagnosis, the hazard's begin). What differs
from case to case is drawn where spells are made (course_*.py), so that here is no chance at all.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.detection import Condition
from contracts.ids import AnimalId
from firmware_sim.conditions import Truth
from firmware_sim.draws import Floats
from firmware_sim.effects import Effects, rising_and_falling

# signals that are added to; all others are multiplied by 1 + size
ADDED = frozenset({"raised_c", "recumbent", "north_m", "east_m"})
HOUR_S = 3600.0

# condition, signal, size from which on, hours at its height: a weaker or shorter sign is nothing
# that one could ask a detector for, since a healthy animal's day varies as much (docs/simulator.md)
TOLD = (
    (Condition.FEVER, "raised_c", 1.0, 6.0),
    (Condition.HYPOTHERMIA, "raised_c", -1.6, 3.0),
    (Condition.RUMINATION_DROP, "rumination", -0.25, 18.0),
    (Condition.FEEDING_DROP, "eating", -0.30, 18.0),
    (Condition.DRINKING_STOPPED, "drinking", -0.90, 8.0),
)


@dataclass(frozen=True, slots=True)
class Sign:
    """size: at its height; a share more (0.3) or less (-0.3), or °C, metres (see ADDED).

    begins_h … ends_h: hours after the reference event; it is at its height from full_h to falls_h.
    """

    signal: str
    size: float
    begins_h: float
    full_h: float
    falls_h: float
    ends_h: float


@dataclass(frozen=True, slots=True)
class Spell:
    """Something that lasts a while. at: the reference event.

    condition: what it is, None = something that must not alert. ends_at: when it is over, for its
    truth. shows: whether signs strong enough are told as truths of their own.
    """

    at: datetime
    ends_at: datetime
    signs: tuple[Sign, ...] = ()
    condition: Condition | None = None
    shows: bool = True

    @property
    def begins_at(self) -> datetime:
        """When its first sign shows; of one without signs, the reference event."""
        first_h = min((one.begins_h for one in self.signs), default=0.0)
        return self.at + timedelta(hours=min(0.0, first_h))

    def lay(self, effects: Effects, at_s: Floats) -> None:
        """See effects.HasEffects."""
        at = self.at.timestamp()
        first_h, last_h = (at_s[0] - at) / HOUR_S, (at_s[-1] - at) / HOUR_S
        signs = [one for one in self.signs if one.begins_h <= last_h and one.ends_h > first_h]
        if not signs:
            return  # most days of most animals
        hours = (at_s - at) / HOUR_S
        for one in signs:
            shape = rising_and_falling(
                hours, one.begins_h, one.full_h, max(one.full_h, one.falls_h), one.ends_h
            )
            line = getattr(effects, one.signal)
            if one.signal in ADDED:
                line += one.size * shape
            else:
                line *= 1 + max(-1.0, one.size) * shape

    def truths(self, animal_id: AnimalId) -> list[Truth]:
        """What it is, and those of its signs that are strong enough to be asked for."""
        if self.condition is None:
            return []
        found = [Truth(animal_id, self.condition, self.at, self.ends_at)]
        if self.shows:
            found += [
                Truth(animal_id, condition, self._after(one.full_h), self._after(one.ends_h))
                for condition, signal, size, lasts_h in TOLD
                if condition is not self.condition
                for one in self.signs
                if one.signal == signal
                and abs(one.size) >= abs(size)
                and one.size * size > 0
                and one.falls_h - one.full_h >= lasts_h
            ]
        return found

    def _after(self, hours: float) -> datetime:
        return (self.at + timedelta(hours=hours)).replace(microsecond=0)
