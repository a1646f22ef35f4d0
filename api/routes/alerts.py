"""Cases over REST: the list, one case, and the orders that people give."""

from datetime import datetime
from typing import Annotated, TypedDict

from fastapi import APIRouter, Header

from alerts import AcknowledgeAlert, CloseAlert, PeoplesCommand, ReleaseAlert, ResolveAlert
from api.auth import User
from api.dependencies import FarmDep, Services, ServicesDep, UserDep
from api.problem_types import NOT_FOUND
from api.problems import ProblemError
from api.schemas.alerts import AlertListOut, AlertOut, CaseOut, CloseIn
from contracts.detection import Condition
from contracts.ids import FarmId, Subject, UserId, derived_id
from read_models import AlertRow, Status

router = APIRouter(prefix="/api/v1/farms/{farm_id}/alerts", tags=["alerts"])

KEY_CHARS_MAX = 64
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=KEY_CHARS_MAX,
        pattern=r"^[\x21-\x7e]+$",
        description="The same for a repeat of the same order, which then happens once.",
    ),
]


@router.get("")
def open_alerts(farm_id: FarmDep, services: ServicesDep) -> AlertListOut:
    """The farm's cases that are not closed, most pressing first."""
    return AlertListOut.model_validate(services.worklist.open_alerts(farm_id))


@router.get("/{alert_id}")
def one_alert(farm_id: FarmDep, alert_id: str, services: ServicesDep) -> AlertOut:
    """One case, also a closed one for 30 days."""
    return AlertOut.model_validate(_row(services, farm_id, alert_id))


@router.post("/{alert_id}/acknowledge")
def acknowledge(
    farm_id: FarmDep,
    alert_id: str,
    user: UserDep,
    services: ServicesDep,
    idempotency_key: IdempotencyKey = None,
) -> CaseOut:
    """Take the case on. A second time changes nothing."""
    row = _row(services, farm_id, alert_id)
    order = _order(row, user, services, "acknowledge", idempotency_key)
    return _carried_out(services, row, AcknowledgeAlert(**order))


@router.post("/{alert_id}/release")
def release(
    farm_id: FarmDep,
    alert_id: str,
    user: UserDep,
    services: ServicesDep,
    idempotency_key: IdempotencyKey = None,
) -> CaseOut:
    """Give a case back: the undo of acknowledge. A second time changes nothing."""
    row = _row(services, farm_id, alert_id)
    order = _order(row, user, services, "release", idempotency_key)
    return _carried_out(services, row, ReleaseAlert(**order, by_owner=user.is_owner))


@router.post("/{alert_id}/resolve")
def resolve(
    farm_id: FarmDep,
    alert_id: str,
    user: UserDep,
    services: ServicesDep,
    idempotency_key: IdempotencyKey = None,
) -> CaseOut:
    """Say that the cause is over."""
    row = _row(services, farm_id, alert_id)
    order = _order(row, user, services, "resolve", idempotency_key)
    return _carried_out(services, row, ResolveAlert(**order))


@router.post("/{alert_id}/close")
def close(
    farm_id: FarmDep,
    alert_id: str,
    judgement: CloseIn,
    user: UserDep,
    services: ServicesDep,
    idempotency_key: IdempotencyKey = None,
) -> CaseOut:
    """Judge the case: what was found. The same judgement again changes nothing."""
    row = _row(services, farm_id, alert_id)
    order = _order(row, user, services, "close", idempotency_key)
    command = CloseAlert(**order, outcome=judgement.outcome, note=judgement.note)
    return _carried_out(services, row, command)


def _row(services: Services, farm_id: FarmId, alert_id: str) -> AlertRow:
    row = services.worklist.alert(farm_id, alert_id)
    if row is None:
        raise ProblemError(NOT_FOUND)
    return row


class _Order(TypedDict):
    """What all orders about a case have in common."""

    alert_id: str
    farm_id: FarmId
    subject: Subject
    condition: Condition
    by: UserId
    at: datetime
    command_id: str | None


def _order(row: AlertRow, user: User, services: Services, verb: str, key: str | None) -> _Order:
    """The worklist says which stream the case lies in; the command checks that it is right."""
    command_id = derived_id("order", user.id, verb, row.alert_id, key) if key else None
    return _Order(
        alert_id=row.alert_id,
        farm_id=row.farm_id,
        subject=Subject(row.subject_kind, row.subject_id),
        condition=row.condition,
        by=user.id,
        at=services.clock.now(),
        command_id=command_id,
    )


def _carried_out(services: Services, row: AlertRow, command: PeoplesCommand) -> CaseOut:
    """Where the case stands after the order, by the event store: the worklist follows later."""
    services.alerts.handle(command)
    case = services.alerts.case(command.farm_id, command.subject, command.condition)
    if case.alert_id != row.alert_id:  # the next case has begun already, so this one is closed
        return CaseOut(alert_id=row.alert_id, status=Status.CLOSED, position=case.position)
    return CaseOut(alert_id=case.alert_id, status=Status(case.status.value), position=case.position)
