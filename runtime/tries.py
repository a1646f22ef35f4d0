"""A batch whose handling fails: whose fault it is, who is tried again, and who goes on meanwhile.

Problem: a handler fails for three reasons that call for opposite answers. A store is away: nothing
is wrong with any record, and a thousand of them must not become dead letters. This process or its
deployment is wrong: every record would fail, so it must end and be noticed. Or a record is wrong:
it alone must go, and everything else on.

Approach: the kinds of errors are told apart by name (`fault_of`). A failing batch is halved until
the record is alone; it is tried again with growing pauses, and after `tries_max` it is buried.
The records of other subjects go on at once. Later ones of the same subject wait for it: an
alert's end may not be handled before its beginning.

A statement that was cut off for its length is one record's, for ever; or the store is slow, or
somebody holds a lock. That shows in the others: only if one of another subject gets through after
it was it the record's own try. While nothing gets through at all each part is but one more look
whether the store is back, for SLOW_IN_A_ROW_MAX looks.

Rejected: to halve on any error (a store that is away would be asked a thousand times), to try
a record again beside later batches (their offsets could not be committed past it), and to handle
once more what got through, to see whether the store is well (it is idempotent, and still work).
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
# Statements of 10 s, and rests of up to 5 s: a quarter of an hour, longer than a migration or a
# backup holds a lock. Then even a record that is alone is judged, or it would hold up all for ever.
SLOW_IN_A_ROW_MAX = 60


class StoppedError(Exception):
    """The process is to stop before the batch is done; nothing of it is committed."""


SLOW = (psycopg.errors.QueryCanceled,)  # cut off for its length, by STATEMENT_MAX_MS
# What is too large for an index or a message is one record's for sure; it looks like being away.
RECORDS_OWN = (
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
    SLOW = "slow"  # the record's if others get through, the store's if nobody does
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
    """The records of one subject, oldest first; the first has failed so many times.

    doubted: it was cut off, and nobody else has got through since. witnessed: somebody got through
    while it did not.
    """

    records: deque[Received]
    error: Exception
    failed: int = 0
    doubted: bool = False
    witnessed: bool = False


class Tries:
    """Gets batches through a handler. For one thread.

    bury: a record that is given up, why, after how many tries. rest: waits so many seconds without
    leaving the group; raises what ends the loop. beat: told before each call of `handle`, which
    may take as long as a statement.
    """

    def __init__(
        self,
        handle: Callable[[list[Received]], None],
        bury: Callable[[Received, Rejected, int], None],
        rest: Callable[[float], None],
        *,
        tries_max: int = TRIES_MAX,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._handle = handle
        self._bury = bury
        self.rest = rest
        self._tries_max = tries_max
        self._beat = beat
        self._slow_in_a_row = 0  # calls that were cut off since one got through

    def take(self, batch: list[Received]) -> None:
        """Returns once each record is handled or buried."""
        waiting: dict[tuple[int, str], _Waiting] = {}
        self._halve(batch, waiting)
        while waiting:
            self.rest(pause_s(max(1, min(one.failed for one in waiting.values()))))
            for subject, queue in list(waiting.items()):
                self._go_on(queue, waiting)
                if not queue.records:
                    del waiting[subject]

    def awaited(self, call: Callable[[], T]) -> T:
        """What `call` returns, as soon as nothing that it needs is away; raises other errors."""
        return awaited(call, self.rest)

    def _halve(
        self,
        part: list[Received],
        waiting: dict[tuple[int, str], _Waiting],
        *,
        of_more: bool = False,
    ) -> None:
        fit: list[Received] = []
        for record in part:
            if record.subject in waiting:
                waiting[record.subject].records.append(record)
            else:
                fit.append(record)
        error = self._error_of(fit, waiting) if fit else None
        if error is None:
            return
        if len(fit) == 1:
            waiting[fit[0].subject] = failing = _Waiting(deque(fit), error)
            # cut off together with others, and now again, right after one of them got through
            alone = of_more and self._slow_in_a_row == 1
            failing.witnessed = alone and fault_of(error) is Fault.SLOW
            self._charge(failing, error)
            return
        middle = len(fit) // 2
        self._halve(fit[:middle], waiting, of_more=True)
        self._halve(fit[middle:], waiting, of_more=True)

    def _go_on(self, queue: _Waiting, waiting: dict[tuple[int, str], _Waiting]) -> None:
        """Try the first of a subject's records; the next ones for as long as they get through."""
        while queue.records:
            record = queue.records[0]
            # others that got through may have cost it its last try meanwhile
            given_up = queue.failed >= self._tries_max
            error = None if given_up else self._error_of([record], waiting)
            if error is not None:
                self._charge(queue, error)
                given_up = queue.failed >= self._tries_max
                if not given_up:
                    return
            if given_up:
                why = Rejected(Reason.HANDLER_FAILED, _told(queue.error))
                self._bury(record, why, queue.failed)
                self._slow_in_a_row = 0  # the next one is doubted for as long
            queue.records.popleft()
            queue.failed, queue.doubted, queue.witnessed = 0, False, False

    def _charge(self, failing: _Waiting, error: Exception) -> None:
        """Count it as a try, unless the store may have been slow for everybody."""
        failing.error = error
        waits_long = self._slow_in_a_row > SLOW_IN_A_ROW_MAX
        if fault_of(error) is Fault.SLOW and not (failing.witnessed or waits_long):
            failing.doubted = True
        else:
            failing.failed += 1
        place = _place(failing.records[0])
        log.warning("record_failed", tries=failing.failed, error=_told(error), **place)

    def _error_of(
        self, records: list[Received], waiting: dict[tuple[int, str], _Waiting]
    ) -> Exception | None:
        """What speaks against these records; None if they got through. Raises our own faults."""
        try:
            awaited(lambda: self._handled(records), self.rest, waits_for=(Fault.NOBODYS,))
        except Exception as error:
            fault = fault_of(error)
            if fault is Fault.SLOW:
                self._slow_in_a_row += 1
                self.rest(pause_s(self._slow_in_a_row))
            elif fault is not Fault.RECORDS:
                raise
            return error
        self._slow_in_a_row = 0
        for one in waiting.values():
            if one.doubted and one.records[0] is not records[0]:
                one.failed, one.doubted, one.witnessed = one.failed + 1, False, True
        return None

    def _handled(self, records: list[Received]) -> None:
        self._beat()
        self._handle(records)


def awaited(
    call: Callable[[], T],
    rest: Callable[[float], None],
    *,
    waits_for: tuple[Fault, ...] = (Fault.NOBODYS, Fault.SLOW),
) -> T:
    """What `call` returns; called again after a `rest` for as long as something is away or slow.

    Raises every other error, and what `rest` raises to end it.
    """
    failed = 0
    while True:
        try:
            return call()
        except AWAY as error:
            if fault_of(error) not in waits_for:
                raise
            failed += 1
            log.warning("waits_for_what_is_away", failed=failed, error=_told(error))
            rest(pause_s(failed))


def fault_of(error: Exception) -> Fault:
    """Whose fault it is: the lists above; what is in none of them is the record's."""
    if isinstance(error, SLOW):
        return Fault.SLOW
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
