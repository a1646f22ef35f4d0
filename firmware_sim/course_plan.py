"""What will happen on a simulated farm, gathered before its first reading is made. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.random import Generator

from contracts.detection import Condition
from contracts.ids import AnimalId, FarmId
from firmware_sim.conditions import Silence, Truth
from firmware_sim.draws import drawn_from
from firmware_sim.effects import HasEffects
from firmware_sim.faults import Fault
from firmware_sim.recording import Enrolled, Happening
from firmware_sim.stage import Stage

Span = tuple[datetime, datetime]


class Told(Protocol):
    """Something that truth may hold."""

    def truths(self, animal_id: AnimalId) -> list[Truth]:
        """What is true of her."""
        ...


class Spelled(HasEffects, Told, Protocol):
    """A condition that knows when it is and what is true through it."""

    @property
    def begins_at(self) -> datetime:
        """Its first sign."""
        ...


@dataclass(slots=True)
class Planned:
    """One animal: how she was enrolled, where she lives, and what will happen to her."""

    enrolled: Enrolled
    stage: Stage
    pen: str
    conditions: list[Spelled] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    busy: list[Span] = field(default_factory=list)
    calvings: list[datetime] = field(default_factory=list)
    moves: list[tuple[datetime, str]] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """A farm's course from since to until. rates: see course_rates. seed: of all draws.

    wide: truths of the whole farm. deaf: spans in which our way in was closed. stations_dead: by
    station, its spans.
    """

    seed: str
    farm_id: FarmId
    since: datetime
    until: datetime
    rates: dict[str, float]
    animals: list[Planned] = field(default_factory=list)
    stations: list[str] = field(default_factory=list)
    station_of: list[int] = field(default_factory=list)
    wide: list[Truth] = field(default_factory=list)
    told: list[Happening] = field(default_factory=list)
    deaf: list[Span] = field(default_factory=list)
    stations_dead: list[tuple[int, datetime, datetime]] = field(default_factory=list)
    storms: list[Span] = field(default_factory=list)

    def rng(self, *parts: str | int) -> Generator:
        """A generator of its own for each part, so that one more event moves no other."""
        return drawn_from(self.seed, "farm", *parts)

    def moments(self, name: str, *parts: str | int) -> list[datetime]:
        """When something happens that has a rate a day: to this animal, or this farm."""
        rng = self.rng(name, *parts)
        days = (self.until - self.since) / timedelta(days=1)
        count = int(rng.poisson(days * self.rates[name]))
        return sorted(
            whole(self.since + timedelta(days=one)) for one in rng.uniform(0, days, count)
        )

    def lay(self, number: int, spell: Spelled, until: datetime, *, apart_days: float = 3.0) -> bool:
        """Let it happen to her, unless she has something else then; whether it does."""
        if not self.is_free(number, spell.begins_at, until, apart_days):
            return False
        one = self.animals[number]
        one.conditions.append(spell)
        one.busy.append((spell.begins_at, until))
        return True

    def is_free(self, number: int, begins: datetime, ends: datetime, apart_days: float) -> bool:
        """Whether nothing that was laid with `lay` is within so many days of that span."""
        apart = timedelta(days=apart_days)
        return all(
            ends + apart < first or last + apart < begins
            for first, last in self.animals[number].busy
        )

    def tell(self, at: datetime, payload: object) -> None:
        """Tell the register, if the recording still runs then."""
        if at < self.until:
            self.told.append(Happening(told_at=max(whole(at), self.since), payload=payload))

    def happened(self, condition: Condition, begins: datetime, ends: datetime) -> None:
        """Something true of the whole farm."""
        self.wide.append(Truth(AnimalId(self.farm_id), condition, begins, ends))

    def pens(self) -> list[str]:
        """The pens that animals live in when the recording begins."""
        return sorted({one.pen for one in self.animals})

    def pen_at(self, number: int, at: datetime) -> str:
        """Where she lives then."""
        one = self.animals[number]
        past = [move for move in one.moves if move[0] <= at]
        return max(past)[1] if past else one.pen

    def in_pen(self, pen: str, at: datetime) -> list[int]:
        """Who lives there then."""
        return [n for n in range(len(self.animals)) if self.pen_at(n, at) == pen]

    def truths(self) -> Sequence[Truth]:
        """All that is true in the recording, by time of beginning."""
        found = [*self.wide]
        for one in self.animals:
            happens: list[Told] = [*one.conditions, *one.silences, *one.faults]
            for each in happens:
                found += each.truths(one.enrolled.animal_id)
        inside = [one for one in found if one.ends_at > self.since and one.begins_at < self.until]
        return sorted(inside, key=lambda one: (one.begins_at, one.animal_id, one.condition))


def whole(at: datetime) -> datetime:
    """Truth is told in whole seconds."""
    return at.replace(microsecond=0)


def severity(rng: Generator, cv: float = 0.45) -> float:
    """Log-normal, 1 in the median: how hard it hits her; cv 0.4 to 0.5 (science's recipe)."""
    return float(np.exp(np.sqrt(np.log1p(cv * cv)) * rng.standard_normal()))
