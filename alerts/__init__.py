"""Detections → alerts that people work on: a write side, decides and is never asked for lists."""

from alerts.app import open_alerts
from alerts.domain.alert import NOTE_CHARS_MAX, Status
from alerts.domain.commands import (
    AcknowledgeAlert,
    AlertCommand,
    CloseAlert,
    PeoplesCommand,
    ReleaseAlert,
    ResolveAlert,
)
from alerts.domain.errors import (
    AlertBusyError,
    AlertClosedError,
    AlertError,
    AlertNotFoundError,
    AlertResolvedError,
    AlertTakenOnError,
    NoteRefusedError,
)
from alerts.handlers import Alerts, Case

__all__ = [
    "NOTE_CHARS_MAX",
    "AcknowledgeAlert",
    "AlertBusyError",
    "AlertClosedError",
    "AlertCommand",
    "AlertError",
    "AlertNotFoundError",
    "AlertResolvedError",
    "AlertTakenOnError",
    "Alerts",
    "Case",
    "CloseAlert",
    "NoteRefusedError",
    "PeoplesCommand",
    "ReleaseAlert",
    "ResolveAlert",
    "Status",
    "open_alerts",
]
