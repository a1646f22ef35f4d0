"""Use cases of the register: load, decide, append at the versions it was decided on."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from contracts.animal_event import DetectorTuned, FenceDrawn
from contracts.clock import Clock, SystemClock, iso
from contracts.envelope import Event
from contracts.ids import AnimalId, CollarId, FarmId, UserId
from event_store.port import Append, EventStore, VersionConflictError
from herdbook.credentials import Credentials, Device
from herdbook.domain.commands import (
    AddCollar,
    AssignCollar,
    Command,
    DrawFence,
    FarmCommand,
    GoLive,
    MoveTime,
    RecordCalving,
    RecordFact,
    RegisterAnimal,
    RegisterStation,
    RemoveCollar,
    RemoveFence,
    RevokeCollar,
    TuneDetector,
)
from herdbook.domain.errors import (
    CredentialsRefusedError,
    ExternalIdTakenError,
    HerdbookBusyError,
    LimitRefusedError,
    TimeRefusedError,
)
from herdbook.domain.facts import AnimalFact
from herdbook.domain.farm import decide_farm, farm_stream, fold_farm
from herdbook.domain.iso11784 import one_spelling
from herdbook.envelopes import register_event
from herdbook.feed import RELAY
from herdbook.register import Register

T = TypeVar("T")

CONFLICTS_MAX = 5  # people meet on one animal for a moment, not for ever
POLL_EVERY_S = 0.02
ROLLED_BACK = "rolled back"


class Herdbook:
    """What people may do with the register. Safe for several threads if the store is.

    credentials: None where this process has no access to the broker's users.
    """

    def __init__(
        self,
        store: EventStore,
        credentials: Credentials | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.store = store
        self._credentials = credentials
        self._clock = clock or SystemClock()

    def handle(
        self, command: RegisterAnimal | AssignCollar | RemoveCollar, by: UserId
    ) -> tuple[Event[Any], ...]:
        """Carry an order out; the events that followed, none if the register says so already.

        Raises a subclass of HerdbookError, or InvalidIdError.
        """
        return self._carry_out([command], by)

    def add_collar(
        self,
        collar_id: CollarId,
        farm_id: FarmId,
        *,
        by: UserId,
        device: Device = Device.COLLAR,
        measures_from: datetime | None = None,
    ) -> str:
        """A new password with which the device may speak for this farm; an old one ends.

        measures_from: of a weather station, which is registered by this; None = now.
        Raises CollarElsewhereError, CollarWornError, TimeRefusedError, CredentialsRefusedError.
        """
        credentials = self._at_hand()
        commands: list[Command] = [AddCollar(collar_id=collar_id, farm_id=farm_id)]
        if device is Device.WEATHER_STATION:
            commands.append(self._station(collar_id, farm_id, measures_from))
        register = self.register(farm_id, by)
        for command in commands:
            self._decide(register, command)  # refused before the broker hears of it
        password = credentials.add(farm_id, collar_id, device)
        self._carry_out(commands, by)
        return password

    def revoke_collar(self, collar_id: CollarId, farm_id: FarmId, *, by: UserId) -> None:
        """Shut the collar out of the broker; raises CollarNotAddedError."""
        credentials, command = self._at_hand(), RevokeCollar(collar_id=collar_id, farm_id=farm_id)
        register = self.register(farm_id, by)
        self._decide(register, command)
        credentials.revoke(collar_id)  # first: a lost note is better than an open door
        self._carry_out([command], by)

    def register_station(
        self, station_id: CollarId, farm_id: FarmId, measures_from: datetime, *, by: UserId
    ) -> tuple[Event[Any], ...]:
        """The station measures for the farm since then (aware UTC); no event if that is known.

        Raises CollarWornError, CollarElsewhereError, TimeRefusedError.
        """
        return self._carry_out([self._station(station_id, farm_id, measures_from)], by)

    @property
    def credentials(self) -> Credentials:
        """The broker's users; raises CredentialsRefusedError where they are not at hand."""
        return self._at_hand()

    def collars(self) -> tuple[CollarId, ...]:
        """The collars that the broker lets in."""
        return self._at_hand().collars()

    def record_calving(
        self,
        animal_id: AnimalId,
        farm_id: FarmId,
        calved_at: datetime,
        parity: int | None = None,
        *,
        by: UserId,
    ) -> tuple[Event[Any], ...]:
        """She calved then (aware UTC); no event if that is known. parity: with it, None = unknown.

        Raises AnimalNotFoundError, TimeRefusedError, ParityRefusedError.
        """
        command = RecordCalving(
            animal_id=animal_id, farm_id=farm_id, calved_at=calved_at, parity=parity
        )
        return self._carry_out([command], by)

    def record_fact(
        self, farm_id: FarmId, fact: AnimalFact, *, by: UserId
    ) -> tuple[Event[Any], ...]:
        """It happened to her; no event if that is known.

        Raises AnimalNotFoundError, TimeRefusedError, TextRefusedError.
        """
        command = RecordFact(animal_id=fact.animal_id, farm_id=farm_id, fact=fact)
        return self._carry_out([command], by)

    def draw_fence(self, farm_id: FarmId, fence: FenceDrawn, *, by: UserId) -> int:
        """The fence stands there; a position that covers it. Raises FenceRefusedError."""
        return self._carry_out_farm(DrawFence(farm_id=farm_id, fence=fence), by)

    def remove_fence(self, farm_id: FarmId, fence_id: str, *, by: UserId) -> int:
        """The fence stands no more; a position that covers it. Raises FenceRefusedError."""
        return self._carry_out_farm(RemoveFence(farm_id=farm_id, fence_id=fence_id), by)

    def tune_detector(self, farm_id: FarmId, tuned: DetectorTuned, *, by: UserId) -> int:
        """The detector judges the farm by these limits; a position that covers it.

        Whether there is such a detector the engine knows: unknown names change nothing there.
        Raises LimitRefusedError.
        """
        return self._carry_out_farm(TuneDetector(farm_id=farm_id, tuned=tuned), by)

    def roll_back_detector(self, farm_id: FarmId, detector: str, *, by: UserId) -> DetectorTuned:
        """The detector judges the farm by the limits before its newest; what was told of it.

        Raises LimitRefusedError where the farm never had limits of its own.
        """
        told = [
            event.payload
            for event in self.store.load(farm_stream(farm_id))
            if isinstance(event.payload, DetectorTuned) and event.payload.detector == detector
        ]
        if not told:
            raise LimitRefusedError(f"farm {farm_id} has no limits of its own for {detector}")
        before = told[-2].limits if len(told) > 1 else ()
        back = DetectorTuned(detector=detector, limits=before, reason=ROLLED_BACK)
        self.tune_detector(farm_id, back, by=by)
        return back

    def move_time(self, farm_id: FarmId, to: datetime, *, by: UserId) -> int:
        """The farm, which imports its past, has told all up to `to`; a position that covers it.

        Told before, or told further already, nothing changes. Raises FarmIsLiveError,
        TimeRefusedError.
        """
        return self._carry_out_farm(MoveTime(farm_id=farm_id, to=to), by)

    def go_live(self, farm_id: FarmId, *, by: UserId) -> int:
        """The farm has told all its past; a position of the log that covers it."""
        return self._carry_out_farm(GoLive(farm_id=farm_id), by)

    def wait_until_relayed(self, position: int, within_s: float) -> bool:
        """Whether everything up to this position is in Kafka, where gateways learn of it."""
        deadline = time.monotonic() + within_s
        while self.store.position(RELAY) < position:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_EVERY_S)
        return True

    def register(self, farm_id: FarmId, by: UserId) -> Register:
        """A farm's register, to be changed at this moment."""
        return Register(self.store, farm_id=farm_id, by=by, now=self._clock.now())

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _station(
        self, station_id: CollarId, farm_id: FarmId, measures_from: datetime | None
    ) -> RegisterStation:
        now = self._clock.now()
        if measures_from is not None and measures_from > now:
            raise TimeRefusedError(
                f"measures_from {iso(measures_from)} lies ahead: it is {iso(now)}"
            )
        return RegisterStation(
            collar_id=station_id, farm_id=farm_id, measures_from=measures_from or now
        )

    def _carry_out(self, commands: Sequence[Command], by: UserId) -> tuple[Event[Any], ...]:
        """The events of some orders about one farm, all or none."""

        def attempt() -> tuple[Event[Any], ...]:
            register = self.register(commands[0].farm_id, by)
            for command in commands:
                self._decide(register, command)
            return register.store().events if register.changes() else ()

        return retried_on_conflict(attempt)

    def _carry_out_farm(self, command: FarmCommand, by: UserId) -> int:
        stream = farm_stream(command.farm_id)

        def attempt() -> int:
            known, now = self.store.load(stream), self._clock.now()
            decided = tuple(
                register_event(payload, farm_id=command.farm_id, by=by, now=now)
                for payload in decide_farm(fold_farm(known), command, now)
            )
            if decided:
                return self.store.append([Append(stream, len(known), decided)]).position
            return max((event.stored.position for event in known if event.stored), default=0)

        return retried_on_conflict(attempt)

    def _decide(self, register: Register, command: Command) -> None:
        if isinstance(command, RegisterAnimal):
            command = replace(command, external_id=one_spelling(command.external_id))
            register.load([command.animal_id])
            holder = register.holders([command.external_id]).get(command.external_id)
            if holder not in (None, command.animal_id):
                raise ExternalIdTakenError(command.external_id, str(holder))
            register.register(command)
            return
        if isinstance(command, RecordCalving | RecordFact):
            register.load([command.animal_id])
            register.register(command)
            return
        wearers = [command.animal_id] if isinstance(command, AssignCollar) else []
        register.load(wearers, [command.collar_id])
        register.collar(command)

    def _at_hand(self) -> Credentials:
        if self._credentials is None:
            raise CredentialsRefusedError(
                "this process has no access to the MQTT broker's users: "
                "set HERD_HERDBOOK_MQTT_USERS_DIR, or use `herd collar` on the farm's machine"
            )
        return self._credentials


def retried_on_conflict(attempt: Callable[[], T]) -> T:
    """What `attempt` returns, made again on the newest state while others are faster.

    Raises HerdbookBusyError.
    """
    for _ in range(CONFLICTS_MAX):
        try:
            return attempt()
        except VersionConflictError:
            continue
    raise HerdbookBusyError(CONFLICTS_MAX)
