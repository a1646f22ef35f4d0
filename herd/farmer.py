"""The farmer of a simulated farm: goes to cases of the past and says what was found.

A real farm's past is full of judged cases, and the board tells how often each kind was right. The
judgements here follow the truth that was laid over the animals, so that they are right when the
detectors were. What is recent is left for whoever looks at the screen.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts import AcknowledgeAlert, AlertError, Alerts, CloseAlert
from contracts.alert_event import Outcome
from contracts.detection import Condition
from contracts.ids import FarmId, Subject, UserId, derived_id
from read_models import AlertRow, Worklist

FARMER = UserId("demo-farmer")
GOES_AFTER_MINUTES = (10, 100)  # from the case to somebody's "I'll go"
JUDGES_AFTER_MINUTES = (25, 120)  # from there to what was found
LEFT_OPEN = timedelta(hours=6)  # the newest cases are the viewer's

# Whether a condition truly was upon an animal at a time.
WasSo = Callable[[str, Condition, datetime], bool]


@dataclass(frozen=True, slots=True)
class Farmer:
    """Looks after one farm's cases."""

    farm_id: FarmId
    alerts: Alerts
    worklist: Worklist
    was_so: WasSo

    def look_after(self, now: datetime) -> int:
        """Judge the cases raised LEFT_OPEN before `now`, or earlier; how many that were.

        Raises ReadModelUnavailableError while nobody can say which there are.
        """
        rows = self.worklist.open_alerts(self.farm_id).alerts
        due = [row for row in rows if row.raised_at <= now - LEFT_OPEN]
        return sum(self._judge(row) for row in due)

    def _judge(self, row: AlertRow) -> bool:
        goes_at = row.raised_at + _minutes("goes", row, GOES_AFTER_MINUTES)
        judged_at = goes_at + _minutes("judges", row, JUDGES_AFTER_MINUTES)
        subject = Subject(row.subject_kind, row.subject_id)
        # over by itself before anybody went: it is judged all the same
        with suppress(AlertError):
            self.alerts.handle(
                AcknowledgeAlert(
                    alert_id=row.alert_id,
                    farm_id=self.farm_id,
                    subject=subject,
                    condition=row.condition,
                    by=FARMER,
                    at=goes_at,
                )
            )
        try:
            self.alerts.handle(
                CloseAlert(
                    alert_id=row.alert_id,
                    farm_id=self.farm_id,
                    subject=subject,
                    condition=row.condition,
                    by=FARMER,
                    at=judged_at,
                    outcome=self._found(row),
                )
            )
        except AlertError:
            return False  # somebody at the screen was faster
        return True

    def _found(self, row: AlertRow) -> Outcome:
        if self.was_so(row.subject_id, row.condition, row.onset_at or row.raised_at):
            return Outcome.CONFIRMED
        return Outcome.NOTHING_FOUND


def _minutes(what: str, row: AlertRow, bounds: tuple[int, int]) -> timedelta:
    """Some minutes within bounds: of one case always the same."""
    low, high = bounds
    chance = int(derived_id(what, row.alert_id).replace("-", ""), 16)
    return timedelta(minutes=low + chance % (high - low))
