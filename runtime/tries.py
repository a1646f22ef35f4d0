"""A batch whose handling fails: whose fault it is, who is tried again, and who goes on meanwhile.

Problem: a handler fails for three reasons that call for opposite answers. A store is away: nothing
is wrong with any record, and a thousand of them must not become dead letters. This process or its
deployment is wrong: every record would fail, so it must end and be noticed. Or a record is wrong:
it alone must go, and everything else on.

Approach: the kinds of errors are told apart by name (`fault_of`). A failing batch is halved until
the record is alone; it is tried again with growing pauses, and after `tries_max` it is buried.
The records of other subjects go on at once. Later ones of the same subject wait for it: an
alert's end may not be handled before its beginning.

Rejected: to halve on any error (a store that is away would be asked a thousand times), and to try
a record again beside later batches (their offsets could not be committed past it).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

import httpx2
import psycopg
import structlog
from confluent_kafka import KafkaError, KafkaException
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from contracts.dead_letter import Reason, Rejected
from contracts.envelope import Event
from runtime.kafka import DeliveryFailedError
from runtime.registry import SchemaMismatchError
from runtime.retry import pause_s

log = structlog.get_logger()

T = TypeVar("T")

TRIES_MAX = 5  # of one record; with the pauses between them three seconds


class StoppedError(Exception):
    """The process is to stop before the batch is done; nothing of it is committed."""


# A statement that is cut off for its length may be one record's, and would be for ever; what is
# too large for an index or a message is one record's for sure. All of them look like being away.
RECORDS_OWN = (
    psycopg.errors.QueryCanceled,
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.StatementTooComplex,
)
AWAY = (
    psycopg.OperationalError,  # no connection, shutting down, no disk; a pool's time-out too
    psycopg.InterfaceError,  # a connection that was closed under us
    psycopg.errors.ReadOnlySqlTransaction,  # a standby, or a disk that went read-only
    RedisConnectionError,
    RedisTimeoutError,
    KafkaException,
    httpx2.TransportError,  # the registry
    ConnectionError,
    TimeoutError,
)
OURS = (
    StoppedError,
    psycopg.ProgrammingError,  # a table, a column, a permission that is not there
    DeliveryFailedError,  # the producer has given up, and gives up all that follows
    SchemaMismatchError,
    MemoryError,
)


class Fault(Enum):
    """Whose fault an error is."""

    NOBODYS = "nobodys"  # waited for, however long it takes
    OURS = "ours"  # ends the loop
    RECORDS = "records"  # counted as a try


@dataclass(frozen=True, slots=True)
class Received:
    """An event with its place in Kafka."""

    event: Event[Any]
    kafka_topic: str
    partition: int
    offset: int

    @property
    def subject(self) -> tuple[int, str]:
        """What must stay in order: a subject's records, in one partition."""
        return self.partition, self.event.aggregate_id


@dataclass(slots=True)
class _Waiting:
    """The records of one subject, oldest first; the first has failed so many times."""

    records: deque[Received]
    failed: int
    error: Exception


class Tries:
    """Gets batches through a handler. For one thread.

    bury: a record that is given up, why, after how many tries. rest: waits so many seconds without
    leaving the group; raises what ends the loop.
    """

    def __init__(
        self,
        handle: Callable[[list[Received]], None],
        bury: Callable[[Received, Rejected, int], None],
        rest: Callable[[float], None],
        *,
        tries_max: int = TRIES_MAX,
    ) -> None:
        self._handle = handle
        self._bury = bury
        self.rest = rest
        self._tries_max = tries_max

    def take(self, batch: list[Received]) -> None:
        """Returns once each record is handled or buried."""
        waiting: dict[tuple[int, str], _Waiting] = {}
        self._halve(batch, waiting)
        while waiting:
            self.rest(pause_s(min(one.failed for one in waiting.values())))
            for subject, queue in list(waiting.items()):
                self._go_on(queue)
                if not queue.records:
                    del waiting[subject]

    def awaited(self, call: Callable[[], T]) -> T:
        """What `call` returns, as soon as nothing that it needs is away; raises other errors."""
        return awaited(call, self.rest)

    def _halve(self, part: list[Received], waiting: dict[tuple[int, str], _Waiting]) -> None:
        fit: list[Received] = []
        for record in part:
            if record.subject in waiting:
                waiting[record.subject].records.append(record)
            else:
                fit.append(record)
        error = self._error_of(fit) if fit else None
        if error is None:
            return
        if len(fit) == 1:
            waiting[fit[0].subject] = _Waiting(deque(fit), 1, error)
            log.warning("record_failed", tries=1, error=_told(error), **_place(fit[0]))
            return
        middle = len(fit) // 2
        self._halve(fit[:middle], waiting)
        self._halve(fit[middle:], waiting)

    def _go_on(self, queue: _Waiting) -> None:
        """Try the first of a subject's records; the next ones for as long as they get through."""
        while queue.records:
            record = queue.records[0]
            given_up = queue.failed >= self._tries_max
            error = None if given_up else self._error_of([record])
            if error is not None:
                queue.failed, queue.error = queue.failed + 1, error
                log.warning("record_failed", tries=queue.failed, error=_told(error))
                if queue.failed < self._tries_max:
                    return
                given_up = True
            if given_up:
                why = Rejected(Reason.HANDLER_FAILED, _told(queue.error))
                self._bury(record, why, queue.failed)
            queue.records.popleft()
            queue.failed = 0

    def _error_of(self, records: list[Received]) -> Exception | None:
        """What speaks against these records; None if they got through. Raises our own faults."""
        try:
            self.awaited(lambda: self._handle(records))
        except Exception as error:
            if fault_of(error) is not Fault.RECORDS:
                raise
            return error
        return None


def awaited(call: Callable[[], T], rest: Callable[[float], None]) -> T:
    """What `call` returns; called again after a `rest` for as long as something is away.

    Raises every other error, and what `rest` raises to end it.
    """
    failed = 0
    while True:
        try:
            return call()
        except AWAY as error:
            if fault_of(error) is not Fault.NOBODYS:
                raise
            failed += 1
            log.warning("waits_for_what_is_away", failed=failed, error=_told(error))
            rest(pause_s(failed))


def fault_of(error: Exception) -> Fault:
    """Whose fault it is: the lists above; what is in none of them is the record's."""
    if isinstance(error, RECORDS_OWN) or _is_too_large(error):
        return Fault.RECORDS
    if isinstance(error, KafkaException) and _is_fatal(error):
        return Fault.OURS
    if isinstance(error, AWAY):
        return Fault.NOBODYS
    return Fault.OURS if isinstance(error, OURS) else Fault.RECORDS


def _is_too_large(error: Exception) -> bool:
    told = error.args[0] if isinstance(error, KafkaException) and error.args else None
    return isinstance(told, KafkaError) and told.code() == KafkaError.MSG_SIZE_TOO_LARGE


def _is_fatal(error: KafkaException) -> bool:
    told = error.args[0] if error.args else None
    return isinstance(told, KafkaError) and told.fatal()


def _told(error: Exception) -> str:
    """The error in one line."""
    return f"{type(error).__name__}: {error}".partition("\n")[0][:500]


def _place(record: Received) -> dict[str, object]:
    return {
        "kafka_topic": record.kafka_topic,
        "partition": record.partition,
        "offset": record.offset,
    }
