"""System deaf: our own way in was closed, so nobody could be heard, and nobody counts as silent.

One case a farm instead of one for each of its collars, which can do nothing about it. It begins
once the way in was closed for two minutes and is over once it was open for one: a gateway that is
started anew, or a broker that is, takes half a minute and is nobody's business.
"""

from collections.abc import Mapping

from contracts.detection import Condition, Phase
from contracts.ids import SubjectKind
from pipeline.detectors.base import NO_READING, Change, Limit, Measured, Spec
from pipeline.tables import NEVER, Column, Longs, Table
from pipeline.windows import LogTime

SIGNAL = "deaf_minutes"
MINUTE_US = 60_000_000

DEAF_LIMIT = Limit(
    "deaf_minutes",
    2.0,
    "min",
    "a service that is killed is back within 20 s, a broker within 10 s (ARCHITECTURE.md); ours",
)
HEARD_LIMIT = Limit("heard_minutes", 1.0, "min", "a way in that flickers is one outage; ours")
SPEC = Spec(
    "system_deaf",
    1,
    Condition.SYSTEM_DEAF,
    (DEAF_LIMIT, HEARD_LIMIT),
    teaches=True,
    subject_kind=SubjectKind.FARM,
)


class SystemDeaf:
    """The detector of system_deaf."""

    spec = SPEC
    memory: Mapping[str, Column] = {
        "open": Column("bool"),
        "began_us": Column("int64", fill=NEVER),  # of the newest episode
        "ended_us": Column("int64", fill=NEVER),  # of the one before: told for good
    }

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def at_tick(self, rows: Longs, at_us: int, memory: Table, times: LogTime) -> list[Change]:
        """Onsets and ends at a tick; see ByHearing."""
        changes = []
        deaf_least_us, heard_us = (
            round(self.spec.value(limit.name) * MINUTE_US) for limit in (DEAF_LIMIT, HEARD_LIMIT)
        )
        for row in rows.tolist():
            outage = _newest_outage(times, int(memory["ended_us"][row]), heard_us)
            if outage is None:
                continue
            began_us, ended_us, deaf_us = outage
            if not memory["open"][row] and deaf_us >= deaf_least_us:
                memory["open"][row], memory["began_us"][row] = True, began_us
                evidence = self.evidence_at(at_us, memory, row, times)
                changes.append(Change(Phase.ONSET, row, NO_READING, began_us, evidence))
            if memory["open"][row] and at_us - ended_us >= heard_us:
                memory["open"][row], memory["ended_us"][row] = False, ended_us
                evidence = self.evidence_at(at_us, memory, row, times)
                changes.append(Change(Phase.END, row, NO_READING, 0, evidence))
        return changes

    def evidence_at(
        self, line_us: int, memory: Table, row: int, times: LogTime
    ) -> tuple[Measured, ...]:
        """For how long nobody could be heard since it began; see ByHearing."""
        began_us = int(memory["began_us"][row])
        deaf_us = line_us - began_us - times.hearing_us(began_us, line_us)
        limit = self.spec.value(DEAF_LIMIT.name)
        return (Measured(SIGNAL, "min", began_us, round(deaf_us / MINUTE_US, 1), limit),)


def _newest_outage(times: LogTime, after_us: int, heard_us: int) -> tuple[int, int, int] | None:
    """Begin, end and deaf time of the newest spans with less than `heard_us` between them.

    Only what lies after `after_us`; None if nothing does.
    """
    outage: tuple[int, int, int] | None = None
    for began, ended in reversed(times.deaf):
        begins = max(began, after_us)
        if ended <= begins:
            break
        if outage is None:
            outage = (begins, ended, ended - begins)
        elif outage[0] - ended < heard_us:
            outage = (begins, outage[1], outage[2] + ended - begins)
        else:
            break
    return outage
