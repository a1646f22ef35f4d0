"""Use cases of a case: load the stream, decide, append at the version it was decided on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.domain.alert import (
    Alert,
    AlertEvent,
    Status,
    actor_of,
    alert_stream,
    decide,
    fold,
)
from alerts.domain.commands import AlertCommand, PeoplesCommand
from alerts.domain.errors import AlertBusyError, AlertNotFoundError
from contracts.detection import Condition
from contracts.envelope import Event
from contracts.ids import FarmId, Subject, derived_id, new_id
from contracts.messages import event_type_of
from event_store.port import Append, EventStore, VersionConflictError

CONFLICTS_MAX = 5  # people and the machine meet on one case for a moment, not for ever
INBOX = "alerts-commands"


@dataclass(frozen=True, slots=True)
class Case:
    """Where the newest case of a subject and cause stands, and since which position of the log."""

    alert_id: str
    number: int
    status: Status
    position: int


class Alerts:
    """What people may do with cases. Safe for several threads if the store is."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    def handle(self, command: PeoplesCommand) -> tuple[Event[Any], ...]:
        """Carry an order out; the events that followed, none if it changed nothing.

        Raises a subclass of AlertError if it is refused.
        """
        stream = alert_stream(command.farm_id, command.subject, command.condition)
        for _ in range(CONFLICTS_MAX):
            loaded = self._store.load(stream)
            decided = decide(fold_stored(loaded), command)
            if not decided:
                return ()
            append = Append(stream, len(loaded), _events(command, decided), _inbox(stream, command))
            try:
                return self._store.append([append]).events
            except VersionConflictError:
                continue  # somebody was faster: decide again on what they did
        raise AlertBusyError(command.alert_id, CONFLICTS_MAX)

    def case(self, farm_id: FarmId, subject: Subject, condition: Condition) -> Case:
        """The newest case of a subject and cause; raises AlertNotFoundError if there never was."""
        stream = alert_stream(farm_id, subject, condition)
        loaded = self._store.load(stream)
        alert, newest = fold_stored(loaded), loaded[-1].stored if loaded else None
        if alert is None or newest is None:
            raise AlertNotFoundError(stream)
        return Case(alert.alert_id, alert.number, alert.status, newest.position)

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()


def fold_stored(events: tuple[Event[Any], ...]) -> Alert | None:
    """The state after the stored events of a stream."""
    return fold((event.payload, event.actor) for event in events)


def _events(command: AlertCommand, decided: tuple[AlertEvent, ...]) -> tuple[Event[Any], ...]:
    return tuple(
        alert_event(
            payload,
            event_id=(
                derived_id("alert-order", command.farm_id, command.command_id, number)
                if command.command_id
                else new_id()
            ),
            at=command.at,
            actor=actor_of(command.by),
            farm_id=command.farm_id,
            subject_id=command.subject.id,
        )
        for number, payload in enumerate(decided)
    )


def _inbox(stream: str, command: AlertCommand) -> tuple[str, str] | None:
    if command.command_id is None:
        return None
    return INBOX, derived_id("alert-order", stream, command.command_id)


def alert_event(  # noqa: PLR0913  an envelope has that many fields
    payload: AlertEvent,
    *,
    event_id: str,
    at: datetime,
    actor: str,
    farm_id: FarmId,
    subject_id: str,
    causation_id: str | None = None,
) -> Event[Any]:
    """A decided event in its envelope; `at` is when it occurred, aware UTC."""
    return Event(
        event_id=event_id,
        event_type=event_type_of(type(payload)),
        timestamp=at,
        aggregate_id=subject_id,
        actor=actor,
        farm_id=farm_id,
        causation_id=causation_id,
        payload=payload,
    )
