"""Orders of people: decided on the newest state, stored once, whoever else works on the case."""

from collections.abc import Sequence

import pytest

from alerts import AlertBusyError, AlertNotFoundError, Alerts, AlertTakenOnError, Status
from alerts.intake import take_in
from contracts.alert_event import AlertAcknowledged, AlertClosed
from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from contracts.ids import UserId
from event_store.memory import MemoryEventStore
from event_store.port import Append, AppendResult
from tests.alerts.cases import COW, FIRST, STREAM, acknowledge, close, release, resolve
from tests.builders import FARM, a_detection, at


class BusyStore(MemoryEventStore):
    """A store with one open case, in which the intake is always a moment faster.

    others: the detections it takes in, one before each append of somebody else.
    """

    def __init__(self, others: list[Event[Detection]]) -> None:
        super().__init__()
        self._others: list[Event[Detection]] = []
        take_in(self, [a_detection()])
        self._others = others

    def append(self, appends: Sequence[Append]) -> AppendResult:
        """Let the other one go first."""
        if self._others:
            others, self._others = self._others, []
            take_in(self, others[:1])
            self._others = others[1:]
        return super().append(appends)


@pytest.fixture
def store() -> MemoryEventStore:
    """A store with one open case: the fever of COW."""
    store = MemoryEventStore()
    take_in(store, [a_detection()])
    return store


def test_an_order_is_stored_with_who_and_when(store: MemoryEventStore) -> None:
    """Years later it can be asked who took the case on, and when."""
    (event,) = Alerts(store).handle(acknowledge(at=at("2026-03-01T06:00:00+00:00")))

    assert event.payload == AlertAcknowledged(alert_id=FIRST)
    assert (event.actor, event.farm_id, event.aggregate_id) == ("user:u-1", FARM, COW.id)
    assert event.timestamp == at("2026-03-01T06:00:00+00:00")
    assert store.load(STREAM)[-1] == event


def test_a_repeated_order_stores_nothing(store: MemoryEventStore) -> None:
    """A phone that got no answer sends it again."""
    alerts = Alerts(store)
    alerts.handle(acknowledge(command_id="k-1"))

    assert alerts.handle(acknowledge(command_id="k-1")) == ()
    assert store.head() == 2


def test_a_repeat_that_comes_late_does_not_undo_what_followed(store: MemoryEventStore) -> None:
    """Acknowledged, over, come back: yesterday's retried click does not take it on again."""
    alerts = Alerts(store)
    alerts.handle(acknowledge(command_id="k-1"))
    take_in(store, [a_detection(revision=2, phase=Phase.END)])
    take_in(store, [a_detection(revision=3, phase=Phase.UPDATE)])

    assert alerts.handle(acknowledge(command_id="k-1")) == ()
    assert alerts.case(FARM, COW, Condition.FEVER).status is Status.OPEN


def test_who_took_a_case_on_is_known_from_the_store(store: MemoryEventStore) -> None:
    """The right to give it back rests on the envelope of what was stored, not on a memory."""
    Alerts(store).handle(acknowledge())

    with pytest.raises(AlertTakenOnError):
        Alerts(store).handle(release(by=UserId("u-2")))
    (event,) = Alerts(store).handle(release())

    assert (event.event_type, event.actor) == ("alert.released.v1", "user:u-1")


def test_where_a_case_stands_can_be_asked(store: MemoryEventStore) -> None:
    """The API answers an order with the new state, also where the order changed nothing."""
    alerts = Alerts(store)
    alerts.handle(resolve())

    case = alerts.case(FARM, COW, Condition.FEVER)

    assert (case.alert_id, case.number) == (FIRST, 1)
    assert (case.status, case.position) == (Status.RESOLVED, 2)
    with pytest.raises(AlertNotFoundError):
        alerts.case(FARM, COW, Condition.OESTRUS)


def test_an_order_beside_another_is_decided_again() -> None:
    """The fever ends while somebody closes the case: both are kept, in an order that holds."""
    store = BusyStore([a_detection(revision=2, phase=Phase.END)])

    (closed,) = Alerts(store).handle(close())

    assert isinstance(closed.payload, AlertClosed)
    assert [event.event_type for event in store.load(STREAM)] == [
        "alert.raised.v1",
        "alert.resolved.v1",
        "alert.closed.v1",
    ]


def test_an_order_gives_up_after_some_tries() -> None:
    """Ending with a sentence is better than holding a request for ever."""
    others = [a_detection(revision=number, phase=Phase.UPDATE) for number in range(2, 99)]
    store = BusyStore(others)

    with pytest.raises(AlertBusyError, match="try again"):
        Alerts(store).handle(acknowledge())
