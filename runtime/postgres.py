"""PostgreSQL as every service of ours uses it: a small pool, and numbered migrations."""

import hashlib
from pathlib import Path

import psycopg
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from runtime.retry import retried

log = structlog.get_logger()

POOL_MAX = 4  # connections of one process; a farm's Postgres serves a handful of processes
CONNECT_MAX_S = 5
STATEMENT_MAX_MS = 10_000
MIGRATION_LOCK = 4_711_001  # any number, the same in every process of ours


class MigrationError(RuntimeError):
    """A migration that was applied differs from the file of the same number."""


def new_pool(dsn: str, *, size_max: int = POOL_MAX, role: str | None = None) -> ConnectionPool:
    """A pool of autocommit connections, each checked before use; `role` is taken on connecting.

    A statement is cut off after STATEMENT_MAX_MS; a dead server is noticed by TCP within seconds.
    """

    def configure(connection: Connection[TupleRow]) -> None:
        if role is not None:
            connection.execute(psycopg.sql.SQL("SET ROLE {}").format(psycopg.sql.Identifier(role)))

    return ConnectionPool(
        dsn,
        min_size=1,
        max_size=size_max,
        open=True,
        timeout=CONNECT_MAX_S,
        check=ConnectionPool.check_connection,
        configure=configure,
        kwargs={
            "autocommit": True,
            "connect_timeout": CONNECT_MAX_S,
            "options": f"-c statement_timeout={STATEMENT_MAX_MS} -c timezone=UTC",
            "tcp_user_timeout": 5000,
        },
    )


def migrate(dsn: str, directory: Path, *, within_s: float = 30.0) -> int:
    """Apply the numbered `*.sql` of `directory` that are missing, in order; how many were.

    Several processes may call it at once: the first holds a lock, the others find it done.
    Raises MigrationError if an applied file has changed since.
    """
    connection = retried(
        lambda: psycopg.connect(dsn, autocommit=True, connect_timeout=CONNECT_MAX_S),
        on=psycopg.OperationalError,
        total_max_s=within_s,
    )
    with connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
        _make_table(connection)
        rows = connection.execute("SELECT name, sha256 FROM schema_migrations").fetchall()
        applied: dict[str, str] = dict(rows)
        files = sorted(directory.glob("*.sql"))
        return sum(_apply(connection, file, applied.get(file.name)) for file in files)


def _make_table(connection: Connection[TupleRow]) -> None:
    # Asked first: a service's own user may look, and not create, not even if it is there already.
    found = connection.execute("SELECT to_regclass('schema_migrations')").fetchone()
    if found is None or found[0] is None:
        connection.execute(
            "CREATE TABLE schema_migrations ("
            "name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz DEFAULT now())"
        )


def _apply(connection: Connection[TupleRow], file: Path, applied_sha256: str | None) -> int:
    text = file.read_text("utf-8")
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if applied_sha256 == sha256:
        return 0
    if applied_sha256 is not None:
        raise MigrationError(
            f"{file.name} was applied to this database with another content: "
            "restore the file and write a new migration instead"
        )
    connection.execute(text.encode())
    connection.execute(
        "INSERT INTO schema_migrations (name, sha256) VALUES (%s, %s)", (file.name, sha256)
    )
    log.info("migration_applied", file=file.name)
    return 1
