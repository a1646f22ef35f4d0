"""Conditions of simulated animals: what is true, and what it does to their days. Pure.

Signatures after Reith & Hoy 2012 and Silper 2015 (oestrus: 15 ± 4 h, rumination -14 … -24 % of
the day, activity up severalfold), Kim 2023 (+0.6 °C), Adams 2013 and Stangaferro 2016 (illness:
fever in a part, rumination and activity down before the diagnosis). Ours: the shapes in time.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.detection import Condition
from contracts.ids import AnimalId
from firmware_sim.draws import Floats
from firmware_sim.effects import Effects, rising_and_falling

FEVER_TOLD_C = 1.0  # a smaller rise is a symptom that no thermometer would call fever
DROP_TOLD = 0.2  # a smaller loss of rumination lies within what a day does by itself
SILENCE_TOLD = timedelta(hours=1)
APPETITE_LOST_PER_C = 0.35  # a feverish animal eats and ruminates less
APPETITE_MIN = 0.2


@dataclass(frozen=True, slots=True)
class Truth:
    """What was true of an animal. begins_at: the reference event (standing heat, diagnosis)."""

    animal_id: AnimalId
    condition: Condition
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Fever:
    """A fever laid over her day: rises over `rise`, stays `raise_c` above, until `ends_at`.

    For those who need to know what the very next reading shows: she drinks nothing meanwhile, and
    what she drank before cools her bolus no more.
    """

    begins_at: datetime
    raise_c: float = 2.2
    rise: timedelta = timedelta(0)
    ends_at: datetime | None = None

    def lay(self, effects: Effects, at_s: Floats) -> None:
        """See effects.HasEffects."""
        begins_s = self.begins_at.timestamp() - 60  # the minute in which it begins is feverish
        ends_s = float("inf") if self.ends_at is None else self.ends_at.timestamp()
        full_s = begins_s + self.rise.total_seconds()
        during = (at_s > begins_s) & (at_s < ends_s)
        rise = ((at_s - begins_s) / (full_s - begins_s)).clip(0, 1) if self.rise else 1.0
        raised_c = self.raise_c * rise * during
        appetite = (1 - APPETITE_LOST_PER_C * raised_c).clip(APPETITE_MIN, 1)
        effects.raised_c[:] += raised_c
        effects.rumination[:] *= appetite
        effects.eating[:] *= appetite
        effects.drinking[during] = 0.0
        effects.dips[during] = 0.0

    def truths(self, animal_id: AnimalId) -> list[Truth]:
        """What is true of her through it; one without an end has none yet."""
        if self.ends_at is None:
            return []
        return [Truth(animal_id, Condition.FEVER, self.begins_at, self.ends_at)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Oestrus:
    """Heat: she walks, mounts and stands; eats, lies and ruminates less; is a little warmer.

    activity_times: activity at its height, times the usual; a silent heat has little over 1.
    rumination_loss: share of a day's rumination (0 … 1), lost within its hours.
    """

    begins_at: datetime
    ends_at: datetime
    activity_times: float = 3.0
    rumination_loss: float = 0.18
    raise_c: float = 0.4

    def lay(self, effects: Effects, at_s: Floats) -> None:
        """See effects.HasEffects."""
        begins_s, ends_s = self.begins_at.timestamp(), self.ends_at.timestamp()
        if at_s[-1] < begins_s or at_s[0] >= ends_s:
            return  # most days of most animals
        shape = rising_and_falling(at_s, begins_s, begins_s + 2 * 3600, ends_s - 3 * 3600, ends_s)
        restless = min(1.0, (self.activity_times - 1) / 2)
        # the day's loss has to happen in its hours, of which the slopes count half
        hours = (ends_s - begins_s) / 3600 - 2.5
        effects.activity[:] *= 1 + (self.activity_times - 1) * shape
        effects.steps[:] *= 1 + 1.3 * (self.activity_times - 1) * shape
        effects.rumination[:] *= 1 - min(0.85, self.rumination_loss * 24 / hours) * shape
        effects.eating[:] *= 1 - 0.25 * restless * shape
        effects.lying[:] *= 1 - 0.45 * restless * shape
        effects.raised_c[:] += self.raise_c * shape

    def truths(self, animal_id: AnimalId) -> list[Truth]:
        """What is true of her through it."""
        return [Truth(animal_id, Condition.OESTRUS, self.begins_at, self.ends_at)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Illness:
    """An illness that comes over `rise` and goes over `recovery`; some have no fever.

    condition: illness, mastitis, metritis, ketosis or displaced_abomasum. The losses are shares
    (0 … 1) of what is usual, at its height.
    """

    begins_at: datetime
    ends_at: datetime
    condition: Condition = Condition.ILLNESS
    fever_c: float = 1.5
    rumination_loss: float = 0.45
    eating_loss: float = 0.4
    activity_loss: float = 0.15
    rise: timedelta = timedelta(hours=24)
    recovery: timedelta = timedelta(hours=24)

    @property
    def seen_at(self) -> datetime:
        """When a herdsman who looks at her twice a day would know: the reference event."""
        return self.begins_at + self.rise

    def lay(self, effects: Effects, at_s: Floats) -> None:
        """See effects.HasEffects."""
        begins_s, ends_s = self.begins_at.timestamp(), self.ends_at.timestamp()
        if at_s[-1] < begins_s or at_s[0] >= ends_s:
            return  # most days of most animals
        full_s = begins_s + self.rise.total_seconds()
        falls_s = ends_s - self.recovery.total_seconds()
        shape = rising_and_falling(at_s, begins_s, full_s, max(full_s, falls_s), ends_s)
        effects.raised_c[:] += self.fever_c * shape
        effects.rumination[:] *= 1 - self.rumination_loss * shape
        effects.eating[:] *= 1 - self.eating_loss * shape
        effects.drinking[:] *= 1 - 0.5 * self.eating_loss * shape
        effects.activity[:] *= 1 - self.activity_loss * shape
        effects.steps[:] *= 1 - self.activity_loss * shape
        effects.lying[:] *= 1 + 0.5 * self.activity_loss * shape

    def truths(self, animal_id: AnimalId) -> list[Truth]:
        """The illness, and those of its signs that are strong enough to be asked for."""
        found = [Truth(animal_id, self.condition, self.seen_at, self.ends_at)]
        if self.fever_c >= FEVER_TOLD_C:
            found.append(Truth(animal_id, Condition.FEVER, self.seen_at, self.ends_at))
        if self.rumination_loss >= DROP_TOLD:
            found.append(Truth(animal_id, Condition.RUMINATION_DROP, self.seen_at, self.ends_at))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Her collar is not heard: out of reach (buffered: it catches up), or dead (readings lost)."""

    begins_at: datetime
    ends_at: datetime
    buffered: bool = True

    def lay(self, effects: Effects, at_s: Floats) -> None:
        """Her day is as it is: only nobody hears of it."""

    def covers(self, at: datetime) -> bool:
        """Whether it lasts at `at`."""
        return self.begins_at <= at < self.ends_at

    def truths(self, animal_id: AnimalId) -> list[Truth]:
        """A gap of minutes is nobody's business."""
        if self.ends_at - self.begins_at < SILENCE_TOLD:
            return []
        return [Truth(animal_id, Condition.COLLAR_SILENT, self.begins_at, self.ends_at)]


Laid = Fever | Oestrus | Illness | Silence


@dataclass(frozen=True, slots=True)
class Course:
    """What happens to a herd: the conditions of each animal, oldest first."""

    conditions: dict[AnimalId, tuple[Laid, ...]] = field(default_factory=dict)

    def of(self, animal_id: AnimalId) -> tuple[Laid, ...]:
        """The conditions of one animal."""
        return self.conditions.get(animal_id, ())

    def truths(self) -> list[Truth]:
        """All that is true, by time of beginning."""
        found = [
            truth
            for animal_id, conditions in self.conditions.items()
            for one in conditions
            for truth in one.truths(animal_id)
        ]
        return sorted(found, key=lambda one: (one.begins_at, one.animal_id, one.condition))
