"""Why an order about a case is refused; the API maps each class to one problem type."""

from contracts.alert_event import Outcome


class AlertError(Exception):
    """An order about a case was refused; nothing has happened."""


class AlertNotFoundError(AlertError):
    """There is no such case of this subject and cause on this farm."""

    def __init__(self, alert_id: str) -> None:
        super().__init__(
            f"there is no alert {alert_id} of this subject and cause: read the worklist again"
        )


class AlertClosedError(AlertError):
    """The case is closed: only a new one can be worked on."""

    def __init__(self, alert_id: str, outcome: Outcome | None = None) -> None:
        judged = f" as {outcome}" if outcome else ""
        super().__init__(f"alert {alert_id} was closed{judged}: a new onset opens the next case")


class AlertResolvedError(AlertError):
    """The cause is over: there is nothing to take on or give back, only to judge."""

    def __init__(self, alert_id: str) -> None:
        super().__init__(f"alert {alert_id} is resolved already: close it with what was found")


class AlertTakenOnError(AlertError):
    """Somebody else has the case: only he or an owner may give it back."""

    def __init__(self, alert_id: str) -> None:
        super().__init__(
            f"alert {alert_id} was taken on by somebody else: he or an owner can give it back"
        )


class NoteRefusedError(AlertError):
    """A note that is too long, or holds characters that no text has."""

    def __init__(self, alert_id: str, why: str) -> None:
        super().__init__(f"the note on alert {alert_id} {why}")


class AlertBusyError(AlertError):
    """Others kept changing the case while this order was decided, time and again."""

    def __init__(self, alert_id: str, tries: int) -> None:
        super().__init__(
            f"alert {alert_id} changed {tries} times while the order was carried out: try again"
        )


class CorruptStreamError(Exception):
    """A stored event cannot follow on the state before it: the stream is damaged, or the code."""

    def __init__(self, event: object, state: object) -> None:
        super().__init__(f"{event!r} cannot follow on {state!r}: restore the store or the build")
