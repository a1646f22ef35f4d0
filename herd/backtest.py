"""`herd backtest`: a farm's own log under other limits, beside what runs now.

Reads a partition of the readings by hand, commits nothing, and tells nobody but whoever asked. Read
on beyond the log's end it is a shadow: it judges what comes in as it comes in.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from contracts.animal_event import DetectorTuned, TunedLimit
from contracts.column_reader import ColumnReader
from contracts.columns import Batch
from contracts.ids import FarmId
from contracts.topics import READINGS, partition_of_farm
from herd.commands import CLI_USER, CommandError, opened_herdbook
from herd.farm_file import running_farm
from pipeline.backtest import Backtest, Case, UnknownDetectorError
from pipeline.backtest_figures import figures
from pipeline.detectors.base import LimitBoundsError, UnknownLimitError
from runtime.consume import Limits as BatchLimits
from runtime.consume import poll_batch
from runtime.kafka import new_consumer
from runtime.registry import RegistrySchemaIds

LEARN = timedelta(days=30)  # read before what is counted, so that what is usual is known
ASK_MAX_S = 10.0
POLL_S = 0.2
BATCH_RECORDS = 30_000  # of a replay that nobody waits for alert by alert
SAY_EVERY_S = 2.0
QUIET_MAX_S = 30.0  # a partition that answers nothing for so long is not there


@dataclass(frozen=True, slots=True)
class Wanted:
    """farm_id, the changed limits by detector, and from when on cases count (aware UTC)."""

    farm_id: FarmId
    limits: Mapping[str, Mapping[str, float]]
    since: datetime


class FarmLog:
    """What the readings' partition of a farm holds from a time on; close it."""

    def __init__(self, bootstrap: str, registry_url: str, farm_id: FarmId, since: datetime) -> None:
        # partitions are taken by hand, nothing is committed
        self._consumer: Consumer = new_consumer(bootstrap, "herd-backtest")
        self._reader = ColumnReader(RegistrySchemaIds(registry_url))
        self._place = TopicPartition(READINGS.name, partition_of_farm(farm_id))
        low, self.end = self._consumer.get_watermark_offsets(self._place, timeout=ASK_MAX_S)
        asked = TopicPartition(*self._part(), int(since.timestamp() * 1000))
        (found,) = self._consumer.offsets_for_times([asked], timeout=ASK_MAX_S)
        self.at = max(found.offset if found.offset >= 0 else self.end, low)
        self._consumer.assign([TopicPartition(*self._part(), self.at)])

    def batches(self, *, follow: bool, goes_on: Callable[[], bool]) -> Iterator[Batch]:
        """In the log's order, to where it ended when it was opened; follow: and beyond."""
        quiet_since = time.monotonic()
        while goes_on() and (follow or self.at < self.end):
            messages = poll_batch(self._consumer, BatchLimits(BATCH_RECORDS, POLL_S))
            if messages:
                quiet_since = time.monotonic()
                self.at = int(messages[-1].offset() or 0) + 1
                yield self._reader.read([message.value() for message in messages])
                continue
            # what lies at the very end may be marks of transactions, which nobody is given
            self.at = self._reached()
            if self.at < self.end and time.monotonic() - quiet_since > QUIET_MAX_S:
                raise CommandError(
                    f"Kafka gives nothing of partition {self._place.partition} from offset "
                    f"{self.at} on: look at `herd status`"
                )

    def close(self) -> None:
        """Leave off."""
        self._consumer.close()

    def _part(self) -> tuple[str, int]:
        return READINGS.name, self._place.partition

    def _reached(self) -> int:
        (place,) = self._consumer.position([TopicPartition(*self._part())])
        return max(self.at, place.offset)


def run(
    data: Path,
    wanted: Wanted,
    tell: Callable[[str], None],
    *,
    follow: bool = False,
    goes_on: Callable[[], bool] = lambda: True,
) -> dict[str, Any]:
    """What `pipeline.backtest_figures.figures` says; raises CommandError.

    follow: go on until `goes_on` says no, telling each difference as it arises.
    """
    fields = running_farm(data).fields
    backtest = backtest_of(wanted)
    log = FarmLog(
        fields["KAFKA_BOOTSTRAP"], fields["REGISTRY_URL"], wanted.farm_id, wanted.since - LEARN
    )
    with closing(log):
        _replay(backtest, log, wanted, tell, follow=follow, goes_on=goes_on)
    if backtest.since is None or backtest.until is None:
        raise CommandError(f"the log of farm {wanted.farm_id} holds nothing since {wanted.since}")
    since = max(wanted.since, backtest.since)
    said = figures(backtest.pair(since), backtest.diagnoses, since, backtest.until)
    return {"farm": wanted.farm_id, "limits": backtest.limits, **said}


def backtest_of(wanted: Wanted) -> Backtest:
    """Raises CommandError where a detector or a limit is not there."""
    try:
        return Backtest(wanted.farm_id, wanted.limits)
    except (UnknownDetectorError, UnknownLimitError, LimitBoundsError) as unknown:
        raise CommandError(str(unknown.args[0])) from unknown


def promote(data: Path, wanted: Wanted, reason: str | None) -> dict[str, Any]:
    """Let the farm be judged by these limits from now on: one event a detector."""
    backtest_of(wanted)  # refused before anybody is told
    farm = running_farm(data)
    with opened_herdbook(farm) as herdbook:
        for name, values in wanted.limits.items():
            limits = tuple(TunedLimit(name=one, value=value) for one, value in values.items())
            tuned = DetectorTuned(detector=name, limits=limits, reason=reason)
            herdbook.tune_detector(wanted.farm_id, tuned, by=CLI_USER)
    return {"farm": wanted.farm_id, "promoted": {n: dict(v) for n, v in wanted.limits.items()}}


def roll_back(data: Path, farm_id: FarmId, detector: str) -> dict[str, Any]:
    """Let the detector judge the farm by the limits before the newest: an event, too."""
    farm = running_farm(data)
    with opened_herdbook(farm) as herdbook:
        tuned = herdbook.roll_back_detector(farm_id, detector, by=CLI_USER)
    limits = {limit.name: limit.value for limit in tuned.limits}
    return {"farm": farm_id, "rolled_back": {detector: limits}}


def _replay(
    backtest: Backtest,
    log: FarmLog,
    wanted: Wanted,
    tell: Callable[[str], None],
    *,
    follow: bool,
    goes_on: Callable[[], bool],
) -> None:
    first, said_at, told = log.at, time.monotonic(), set[str]()
    tell(f"reading {log.end - first} records of farm {wanted.farm_id} under both limits")
    for batch in log.batches(follow=follow, goes_on=goes_on):
        backtest.feed(batch)
        now = time.monotonic()
        if log.at < log.end and now - said_at >= SAY_EVERY_S:
            said_at = now
            tell(f"  {log.at - first} of {log.end - first}")
        if follow and log.at >= log.end:
            _tell_new(backtest, wanted.since, told, tell)


def _tell_new(
    backtest: Backtest, since: datetime, told: set[str], tell: Callable[[str], None]
) -> None:
    """Each case that only one side has, once."""
    pair = backtest.pair(since)
    for side, cases in (("now", pair.only_now), ("changed", pair.only_changed)):
        for case in cases:
            key = f"{side}/{case.detection_id}"
            if key not in told:
                told.add(key)
                tell(f"only {side}: {line_of(case)}")


def line_of(case: Case) -> str:
    """One case in a line."""
    ended = "open" if case.ended_at is None else f"until {_short(case.ended_at)}"
    return f"{case.condition:18} {case.subject_id:36} {_short(case.known_at)} {ended}"


def _short(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
