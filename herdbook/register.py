"""The register as one order sees it: streams loaded once, changed in memory, appended together."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from contracts.envelope import Event
from contracts.ids import AnimalId, CollarId, FarmId, UserId, checked_id
from event_store.port import Append, AppendResult, EventStore
from herdbook.domain.animal import (
    Animal,
    AnimalEvent,
    animal_of,
    animal_stream,
    decide_animal,
    decide_calving,
    decide_fact,
    evolve_animal,
    fold_animal,
)
from herdbook.domain.collar import (
    Collar,
    collar_stream,
    decide_collar,
    evolve_collar,
    fold_collar,
)
from herdbook.domain.commands import (
    AnimalCommand,
    AssignCollar,
    CollarCommand,
    RecordCalving,
    RecordFact,
)
from herdbook.domain.errors import AnimalNotFoundError
from herdbook.envelopes import register_event


class Register:
    """A part of one farm's register, to be changed by one person at one moment.

    Every stream that a decision looked at is appended to at the version it was loaded at, also
    without an event: what was true for the decision is true when it is stored.
    """

    def __init__(self, store: EventStore, *, farm_id: FarmId, by: UserId, now: datetime) -> None:
        self._store = store
        self._farm_id = FarmId(checked_id("farm", farm_id))
        self._by = by
        self.now = now
        self._animals: dict[str, Animal | None] = {}
        self._collars: dict[str, Collar] = {}
        self._versions: dict[str, int] = {}
        self._decided: dict[str, list[Event[Any]]] = {}

    def load(self, animals: Iterable[AnimalId] = (), collars: Iterable[CollarId] = ()) -> None:
        """Fetch what is not here yet, in one round trip."""
        animal_streams = {animal_stream(animal_id) for animal_id in animals}
        collar_streams = {collar_stream(collar_id) for collar_id in collars}
        missing = sorted((animal_streams | collar_streams) - self._versions.keys())
        if not missing:
            return
        for stream, events in self._store.load_many(missing).items():
            self._versions[stream] = len(events)
            if stream in animal_streams:
                self._animals[stream] = fold_animal(events)
            else:
                self._collars[stream] = fold_collar(events)

    def animal(self, animal_id: AnimalId) -> Animal | None:
        """A loaded animal of whatever farm; None if there is none."""
        return self._animals[animal_stream(animal_id)]

    def known_collar(self, collar_id: CollarId) -> Collar:
        """A loaded collar as it stands after what was decided so far."""
        return self._collars[collar_stream(collar_id)]

    def holders(self, external_ids: Iterable[str]) -> dict[str, AnimalId]:
        """The animals of the farm that carry these external ids now; loads them."""
        found = self._store.streams_by_external_id(self._farm_id, sorted(set(external_ids)))
        self.load(animal_of(stream) for streams in found.values() for stream in streams)
        holders: dict[str, AnimalId] = {}
        for external_id, streams in found.items():
            for animal in (self._animals[stream] for stream in streams):
                if animal is not None and animal.external_id == external_id:
                    holders[external_id] = animal.animal_id
        return holders

    def register(self, command: AnimalCommand) -> None:
        """Decide on a loaded animal; raises a HerdbookError."""
        stream = animal_stream(command.animal_id)
        animal = self._animals[stream]
        for payload in self._decided_on(animal, command):
            event = self._event(payload)
            animal = self._animals[stream] = evolve_animal(animal, event)
            self._decided.setdefault(stream, []).append(event)

    def collar(self, command: CollarCommand) -> None:
        """Decide on a loaded collar (and the animal it is put on); raises a HerdbookError."""
        if isinstance(command, AssignCollar):
            wearer = self.animal(command.animal_id)
            if wearer is None or wearer.farm_id != command.farm_id:
                raise AnimalNotFoundError(command.animal_id, command.farm_id)
        stream = collar_stream(command.collar_id)
        for payload in decide_collar(self._collars[stream], command):
            event = self._event(payload)
            self._collars[stream] = evolve_collar(self._collars[stream], event)
            self._decided.setdefault(stream, []).append(event)

    def _decided_on(self, animal: Animal | None, command: AnimalCommand) -> tuple[AnimalEvent, ...]:
        if isinstance(command, RecordCalving):
            return decide_calving(animal, command, self.now)
        if isinstance(command, RecordFact):
            return decide_fact(animal, command, self.now)
        return decide_animal(animal, command)

    def changes(self) -> int:
        """How many events were decided."""
        return sum(map(len, self._decided.values()))

    def store(self) -> AppendResult:
        """Append it all or nothing; raises VersionConflictError."""
        return self._store.append(
            [
                Append(stream, version, tuple(self._decided.get(stream, ())))
                for stream, version in self._versions.items()
            ]
        )

    def _event(self, payload: Any) -> Event[Any]:  # noqa: ANN401  any event of the register
        return register_event(payload, farm_id=self._farm_id, by=self._by, now=self.now)
