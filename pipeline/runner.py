"""The worker's loop: restore, read, step, tell and commit in one transaction a batch.

One recovery path, for a start, a crash, a takeover and an aborted transaction alike: the newest
complete snapshot at or below the committed offset, silent replay up to it, then live. Replay is
the ordinary loop with its answers dropped. A transaction that fails ends this worker, and its
successor takes that path: state that ran ahead of Kafka cannot be rolled back otherwise.
"""

import math
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from typing import Any

import structlog

from contracts.clock import Clock, SystemClock
from contracts.column_reader import ColumnReader
from contracts.columns import Batch
from contracts.dead_letter import Reason, Rejected
from contracts.envelope import Event
from contracts.serde import SchemaIds, Serde
from contracts.topics import DEAD_LETTERS, DETECTIONS, HOURS, READINGS, KafkaTopic
from pipeline import failpoints, metrics
from pipeline.checking import Checks
from pipeline.comparison import EVENTS_MAX, HOURS_MAX, Comparison
from pipeline.measuring import measure, state_bytes
from pipeline.partitions import Partition
from pipeline.ports import Committed, Input, Output, Record, Snapshots, Span
from pipeline.saving import HANDOVER_BYTES_MAX, Saving
from pipeline.settings import PipelineSettings
from pipeline.state import PartitionState
from pipeline.telling import Told
from runtime.kafka import dead_letter
from runtime.lifecycle import Running

log = structlog.get_logger()

SERVICE = "pipeline"
ASK_AGAIN_S = 1.0  # for a schema the registry does not know yet
GIVEN_UP_FOR_S = 60.0  # after waiting in vain, so that each of many such records does not wait anew
REBUILT_FROM = timedelta(days=30)  # without a snapshot: what is usual is learnt in that time
STOP_SAVES_MAX_S = 5.0  # of the 15 s that a process has to end
STOP_BYTES_MAX = 256 << 20  # of one partition: two seconds
METRICS_EVERY_S = 1.0


class Worker:
    """Works on the partitions it is given; for one thread. monotonic: seconds, any zero."""

    def __init__(  # noqa: PLR0913  the loop is wired from its parts
        self,
        source: Input,
        output: Output,
        snapshots: Snapshots,
        schema_ids: SchemaIds,
        clock: Clock,
        settings: PipelineSettings,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._source, self._output, self._snapshots = source, output, snapshots
        self._reader, self._serde = ColumnReader(schema_ids), Serde(schema_ids)
        self._clock, self._settings = clock, settings
        # real time: a farm's clock may stand still, and two owners must not share an epoch
        epoch = int(SystemClock().now().timestamp() * 1_000_000)
        self._saving = Saving(snapshots.ends, settings, epoch)
        self._checks = Checks(snapshots)
        self._partitions: dict[int, Partition] = {}
        self._committed_at = self._measured_at = self._longest_turn_s = 0.0
        self._wait_again_at = 0.0

    def run(self, running: Running) -> None:
        """Work until asked to stop; then commit and save what is done."""
        self._source.subscribe(self)
        ready = False
        while running.goes_on():
            self.turn(running)
            if not ready and self._partitions and all(p.live for p in self._partitions.values()):
                ready = True
                running.ready()
        self._commit([])
        self._save_all(running)

    def turn(self, running: Running) -> None:
        """Read what is there, judge it, commit; write at most a slice of a snapshot.

        A turn that fails anywhere leaves nothing to hand over: what was stepped is not told yet,
        and a closed client has its partitions revoked, which commits and saves what we hold.
        """
        try:
            self._turn(running)
        except BaseException:
            self._partitions = {}
            raise

    def _turn(self, running: Running) -> None:
        began = self._monotonic()
        parts = [part for span in self._source.poll() for part in self._parts(span)]
        if parts:
            failpoints.POLLED.reached()
        batches = [batch for part in parts if (batch := self._read(part, running)) is not None]
        if len(batches) < len(parts):
            return  # asked to stop while waiting: nothing was stepped, all of it is read again
        records = self._announcements()
        for part, batch in zip(parts, batches, strict=True):
            records += self._stepped(part, batch)
            records += self._announcements()
        if parts:
            failpoints.STEPPED.reached()
        self._commit_due(records)
        self._checks.go_on()
        self._measure(began, sum(len(part.offsets) for part in parts))

    def _stepped(self, part: Span, batch: Batch) -> list[Record]:
        """What a batch of one partition tells; nothing while it is replayed."""
        partition = self._partitions[part.partition]
        live, began = partition.live, self._monotonic()
        told = partition.advance(batch, part.offsets[-1] + 1)
        self._saving.speed.note(len(part.offsets), self._monotonic() - began)
        if live:
            metrics.READINGS.inc(len(part.offsets))
            metrics.DETECTIONS.inc(len(told.detections))
            records = self._records(DETECTIONS, partition.number, told.detections)
            records += self._hours(partition.number, told)
            return [*records, *self._letters(part, batch)]
        if (comparison := partition.comparison) is not None:
            if (room := EVENTS_MAX - comparison.expected) > 0:
                comparison.expect(map(self._serde.encode, told.detections[:room]))
            if (room := HOURS_MAX - comparison.hours) > 0:
                hours = islice(self._hours(partition.number, told), room)
                comparison.expect_hours(record.value or b"" for record in hours)
        return []

    def _commit_due(self, records: list[Record]) -> None:
        """Commit what is told, a slice of a snapshot with it; then see whether one is due."""
        due = self._monotonic() - self._committed_at >= self._settings.commit_every_s
        began = self._monotonic()
        slice_ = self._saving.slice(began)
        if not (records or slice_ or due):
            return
        self._commit([*records, *slice_])
        if slice_:
            self._sliced(began)
        self._saving.begin_due(self._partitions, self._monotonic())

    def assigned(self, partition: int, committed: Committed) -> int:
        """Restore a partition; the offset to read from. See Owner."""
        began = self._monotonic()
        failpoints.RESTORING.reached()
        kept = self._snapshots.newest(partition, committed.offset)
        failpoints.RESTORED.reached()
        found = kept.found
        if found is not None and found.manifest.input_offset < committed.low:
            found = None  # what follows it is gone
        known_to = committed.low if committed.offset is None else committed.offset
        start = found.manifest.input_offset if found else committed.low
        if found is None and committed.offset:
            start = self._rebuilt_from(partition, committed)
        self._partitions[partition] = Partition(
            number=partition,
            state=found.state if found else PartitionState(),
            next_offset=start,
            live_from=max(known_to, start),
            committed=max(known_to, start),
            saved=found.manifest if found else None,
            saved_offset=start,
            saved_at=self._monotonic(),
            assigned_at=began,
            garbage=kept.garbage,
            comparison=Comparison() if found else None,
        )
        log.info("partition_assigned", partition=partition, start=start, committed=known_to)
        return start

    def _rebuilt_from(self, partition: int, committed: Committed) -> int:
        """Where a state begins anew that was lost: thirty days of the log, or all there is."""
        since = SystemClock().now() - REBUILT_FROM
        found = self._source.written_at(partition, since)
        known_to = max(committed.offset or 0, committed.low)
        start = known_to if found is None else min(max(found, committed.low), known_to)
        log.warning("state_rebuilt", partition=partition, start=start, committed=known_to)
        metrics.REBUILT.inc()
        return start

    def revoked(self, partition: int) -> None:
        """Commit before another worker reads on, and save what is saved at once. See Owner."""
        owned = self._partitions.get(partition)
        if owned is None:
            return
        failpoints.REVOKING.reached()
        self._commit([])
        if owned.can_save():
            self._save(owned, HANDOVER_BYTES_MAX)
        self.lost(partition)

    def lost(self, partition: int) -> None:
        """Forget a partition. See Owner."""
        self._partitions.pop(partition, None)
        self._saving.drop(partition)
        self._checks.forget(partition)
        metrics.forget(partition)
        log.info("partition_dropped", partition=partition)

    def _parts(self, span: Span) -> Iterator[Span]:
        """The span, cut where silent replay ends."""
        owned = self._partitions.get(span.partition)
        if owned is None:
            return  # revoked within the very poll that read it
        if owned.fresh:
            owned.fresh = False
            if span.offsets[0] != owned.next_offset:
                # it left and came back within one poll: the first record is from before
                self._source.seek(span.partition, owned.next_offset)
                return
        # one that the poll read just before its partition left and came back is given again
        begin = bisect_left(span.offsets, owned.next_offset)
        cut = max(begin, bisect_left(span.offsets, owned.live_from))
        for few in (slice(begin, cut), slice(cut, None)):
            if span.offsets[few]:
                yield Span(span.partition, span.offsets[few], span.values[few])

    def _read(self, part: Span, running: Running) -> Batch | None:
        """The batch in a span; waits a bounded time for schemas not known yet, None = stop."""
        deadline = self._monotonic() + self._settings.unknown_schema_wait_s
        while True:
            batch = self._reader.read(part.values)
            unknown = any(why.reason is Reason.UNKNOWN_SCHEMA for _, why in batch.rejected)
            if not unknown or self._monotonic() < self._wait_again_at:
                return batch
            if self._monotonic() >= deadline:
                self._wait_again_at = self._monotonic() + GIVEN_UP_FOR_S
                return batch
            log.warning("schema_unknown_waiting", partition=part.partition)
            running.beat()
            if running.wait(ASK_AGAIN_S):
                return None

    def _announcements(self) -> list[Record]:
        """The last revisions of partitions that have just become live."""
        records: list[Record] = []
        for partition in self._partitions.values():
            if not partition.live or partition.announced:
                continue
            metrics.RESTORES.observe(self._monotonic() - partition.assigned_at)
            # before they are told: they would be found in the log as if they had been there
            if partition.comparison is not None and partition.saved is not None:
                ends = partition.saved.ends
                self._checks.add(partition.number, partition.comparison, ends)
                partition.comparison = None
            records += self._records(DETECTIONS, partition.number, partition.announcements())
        return records

    def _hours(self, partition: int, told: Told) -> Iterator[Record]:
        for hours in told.hours:
            for animal_id, value in self._serde.encode_hours(hours):
                yield Record(HOURS, partition, animal_id, value)

    def _records(
        self, kafka_topic: KafkaTopic, partition: int, told: Sequence[Event[Any]]
    ) -> list[Record]:
        return [
            Record(kafka_topic, partition, event.aggregate_id, self._serde.encode(event))
            for event in told
        ]

    def _letters(self, part: Span, batch: Batch) -> Iterator[Record]:
        for place, rejected in batch.rejected:
            origin = f"kafka:{READINGS.name}/{part.partition}/{part.offsets[place]}"
            log.warning("record_rejected", reason=rejected.reason, origin=origin)
            yield self._letter(part, rejected, part.values[place] or b"", origin)

    def _letter(self, part: Span, rejected: Rejected, raw: bytes, origin: str) -> Record:
        letter = dead_letter(
            rejected,
            raw,
            origin=origin,
            service=SERVICE,
            farm_id=None,
            received_at=self._clock.now(),
        )
        return Record(DEAD_LETTERS, part.partition, letter.aggregate_id, self._serde.encode(letter))

    def _commit(self, records: list[Record]) -> None:
        """Commit the records and how far the live partitions are; nothing if there is neither."""
        moved = [p for p in self._partitions.values() if p.live and p.next_offset > p.committed]
        self._committed_at = self._monotonic()
        if not records and not moved:
            return
        told_for = {record.partition for record in records}
        offsets = {
            p.number: p.next_offset
            for p in self._partitions.values()
            if p in moved or p.number in told_for
        }
        with self._at_stake(), metrics.COMMIT_TIME.time():
            self._output.commit(records, offsets)
        failpoints.COMMITTED.reached()
        for partition in moved:
            partition.committed = partition.next_offset

    @contextmanager
    def _at_stake(self) -> Iterator[None]:
        """Own nothing until Kafka has taken it: a failure must find no state to hand over."""
        owned, self._partitions = self._partitions, {}
        yield
        self._partitions = owned

    def _sliced(self, began: float) -> None:
        """A slice of a snapshot was committed, written since then."""
        now = self._monotonic()
        manifest = self._saving.committed(now - began, now)
        if manifest is None:
            return
        self._partitions[manifest.partition].was_saved(manifest, now)
        number = str(manifest.partition)
        metrics.SNAPSHOT_AT.labels(partition=number).set_to_current_time()
        log.info(
            "snapshot_written",
            partition=manifest.partition,
            input_offset=manifest.input_offset,
            chunks=len(manifest.sha256),
        )

    def _save(self, partition: Partition, bytes_max: int) -> None:
        """Write a whole snapshot of what is committed now, unless it is larger than that."""
        if state_bytes(partition.state) > bytes_max:
            return
        self._saving.drop()
        draft = self._saving.begin(partition)
        while partition.saved_offset < draft.input_offset:
            began = self._monotonic()
            self._commit(self._saving.slice(math.inf))
            self._sliced(began)

    def _save_all(self, running: Running) -> None:
        """At an orderly stop: as much as there is time for, what a successor owes most first."""
        until = self._monotonic() + STOP_SAVES_MAX_S
        able = [p for p in self._partitions.values() if p.can_save()]
        for partition in sorted(able, key=lambda p: p.records_unsaved, reverse=True):
            running.beat()
            if self._monotonic() < until:
                self._save(partition, STOP_BYTES_MAX)

    def _measure(self, began: float, records: int) -> None:
        now = self._monotonic()
        if records:
            metrics.BATCH.observe(records)
            metrics.TURN_TIME.observe(now - began)
            self._longest_turn_s = max(self._longest_turn_s, now - began)
        if now - self._measured_at >= METRICS_EVERY_S:
            self._measured_at = now
            metrics.LONGEST_TURN.set(self._longest_turn_s)
            metrics.REPLAY_DEBT.set(self._saving.debt_s(self._partitions.values()))
            measure(self._partitions.values(), self._source.end_of, self._clock.now())
