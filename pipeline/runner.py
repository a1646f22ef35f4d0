"""The worker's loop: restore, read, step, tell and commit in one transaction a batch.

One recovery path, for a start, a crash, a takeover and an aborted transaction alike: the newest
complete snapshot at or below the committed offset, silent replay up to it, then live. Replay is
the ordinary loop with its answers dropped. A transaction that fails ends this worker, and its
successor takes that path: state that ran ahead of Kafka cannot be rolled back otherwise.
"""

import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
from pipeline.partitions import Partition
from pipeline.ports import Committed, Input, Output, Record, Snapshots, Span
from pipeline.settings import PipelineSettings
from pipeline.state import PartitionState
from runtime.kafka import dead_letter
from runtime.lifecycle import Running

log = structlog.get_logger()

SERVICE = "pipeline"
ASK_AGAIN_S = 1.0  # for a schema the registry does not know yet
GIVEN_UP_FOR_S = 60.0  # after waiting in vain, so that each of many such records does not wait anew


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
        self._epoch = int(SystemClock().now().timestamp() * 1000)
        self._partitions: dict[int, Partition] = {}
        self._committed_at = 0.0
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
        for partition in self._partitions.values():
            if partition.can_save():
                running.beat()
                self._save(partition)

    def turn(self, running: Running) -> None:
        """Read what is there, judge it, commit; save at most one partition."""
        parts = [part for span in self._source.poll() for part in self._parts(span)]
        if parts:
            failpoints.POLLED.reached()
        batches = [batch for part in parts if (batch := self._read(part, running)) is not None]
        if len(batches) < len(parts):
            return  # asked to stop while waiting: nothing was stepped, all of it is read again
        records = self._announcements()
        for part, batch in zip(parts, batches, strict=True):
            partition = self._partitions[part.partition]
            live = partition.live
            told = partition.advance(batch, part.offsets[-1] + 1)
            if live:
                metrics.READINGS.inc(len(part.offsets))
                metrics.DETECTIONS.inc(len(told.detections))
                records += self._records(DETECTIONS, partition.number, told.detections)
                records += [
                    Record(HOURS, partition.number, animal_id, value)
                    for hours in told.hours
                    for animal_id, value in self._serde.encode_hours(hours)
                ]
                records += self._letters(part, batch)
            records += self._announcements()
        if parts:
            failpoints.STEPPED.reached()
        due = self._monotonic() - self._committed_at >= self._settings.commit_every_s
        if records or due:
            self._commit(records)
            self._save_one_due()

    def assigned(self, partition: int, committed: Committed) -> int:
        """Restore a partition; the offset to read from. See Owner."""
        failpoints.RESTORING.reached()
        found = self._snapshots.newest(partition, committed.offset)
        failpoints.RESTORED.reached()
        start = found.manifest.input_offset if found else committed.low
        known_to = start if committed.offset is None else committed.offset
        if start < committed.low or (found is None and known_to > start):
            log.warning("state_rebuilt", partition=partition, low=committed.low, committed=known_to)
        start = max(start, committed.low)
        self._partitions[partition] = Partition(
            number=partition,
            state=found.state if found else PartitionState(),
            next_offset=start,
            live_from=max(known_to, start),
            committed=max(known_to, start),
            saved=found.manifest if found else None,
            saved_offset=start,
            saved_at=self._monotonic(),
        )
        log.info("partition_assigned", partition=partition, start=start, committed=known_to)
        return start

    def revoked(self, partition: int) -> None:
        """Commit and save before another worker reads on. See Owner."""
        owned = self._partitions.get(partition)
        if owned is None:
            return
        failpoints.REVOKING.reached()
        self._commit([])
        if owned.can_save():
            self._save(owned)
        self.lost(partition)

    def lost(self, partition: int) -> None:
        """Forget a partition. See Owner."""
        self._partitions.pop(partition, None)
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
        cut = bisect_left(span.offsets, owned.live_from)
        for few in (slice(0, cut), slice(cut, None)):
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
        return [
            record
            for partition in self._partitions.values()
            for record in self._records(DETECTIONS, partition.number, partition.announcements())
        ]

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

    def _save_one_due(self) -> None:
        every_s, records_max = self._settings.snapshot_every_s, self._settings.snapshot_records_max
        now = self._monotonic()
        for partition in self._partitions.values():
            if partition.save_due(now, every_s, records_max):
                self._save(partition)
                return

    def _save(self, partition: Partition) -> None:
        """Write a snapshot of exactly what is committed."""
        with self._at_stake():
            manifest = self._snapshots.write(
                partition.state, partition.number, partition.committed, self._epoch, partition.saved
            )
        partition.was_saved(manifest, self._monotonic())
        metrics.SNAPSHOT_AT.labels(partition=str(partition.number)).set_to_current_time()
        log.info(
            "snapshot_written",
            partition=partition.number,
            input_offset=manifest.input_offset,
            chunks=len(manifest.sha256),
        )
