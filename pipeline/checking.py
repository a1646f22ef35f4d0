"""Each restore is checked against the log, beside the work: `replay_mismatch` counts differences.

The log of what was told is read a little a turn once a partition is live; whatever is found, the
worker goes on: an alert that may be wrong is worth more than none, and people are told.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from pipeline import metrics
from pipeline.comparison import NAMED_MAX, Comparison
from pipeline.ports import Snapshots
from pipeline.snapshots import Ends

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Check:
    partition: int
    comparison: Comparison
    since: Ends
    until: Ends


class Checks:
    """The checks of a worker's restores, one after the other. log: where what was told is read."""

    def __init__(self, log: Snapshots) -> None:
        self._log = log
        self._waiting: list[_Check] = []
        self._reading: Iterator[list[bytes]] | None = None

    def add(self, partition: int, comparison: Comparison, since: Ends) -> None:
        """A partition has become live, and has told nothing; since: as its snapshot says.

        What it tells from here on is its own replay once more, and would prove itself.
        """
        self._waiting.append(_Check(partition, comparison, since, self._log.ends(partition)))

    def go_on(self) -> None:
        """Read a little further; nothing while there is nothing to check."""
        if not self._waiting:
            return
        check = self._waiting[0]
        if self._reading is None:
            self._reading = self._log.told(check.partition, check.since, check.until)
        values = next(self._reading, None)
        if values is not None:
            check.comparison.take(values)
            return
        self._reading = None
        del self._waiting[0]
        _report(check)

    def forget(self, partition: int) -> None:
        """The partition went to another worker, who restores it himself."""
        if self._waiting and self._waiting[0].partition == partition:
            self._reading = None  # a generator that is let go of closes its client
        self._waiting = [check for check in self._waiting if check.partition != partition]


def _report(check: _Check) -> None:
    differences = check.comparison.differences()
    metrics.REPLAY_MISMATCHES.inc(len(differences))
    told = {"partition": check.partition, "compared": check.comparison.expected}
    if differences:
        first = differences[:NAMED_MAX]
        log.error("replay_mismatch", differences=len(differences), event_ids=first, **told)
    else:
        log.info("replay_checked", differences=0, **told)
