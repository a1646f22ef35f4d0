"""A fresh database for whoever asks: tests share the server, never a table."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from contracts.ids import new_id
from runtime.postgres import migrate


@contextmanager
def a_database(server_dsn: str, migrations: Path) -> Iterator[str]:
    """The connection string of an empty, migrated database, dropped afterwards."""
    name = f"test_{new_id().replace('-', '')}"
    with psycopg.connect(server_dsn, autocommit=True) as server:
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            dsn = make_conninfo(server_dsn, dbname=name)
            migrate(dsn, migrations)
            yield dsn
        finally:
            server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
