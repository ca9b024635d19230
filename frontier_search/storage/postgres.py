"""PostgreSQL: a database on a server, for processes on any machine."""

from __future__ import annotations

import os
import re
import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from frontier_search.errors import SearchError
from frontier_search.storage.database import Database
from frontier_search.storage.lock import already_running
from frontier_search.storage.storage import Backend, Storage
from frontier_search.storage.url import without_password

if TYPE_CHECKING:
    import sqlalchemy

CONNECTION = {  # libpq's names; with these, the client notices a server that vanishes
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
LOCK_CONNECTION = {  # with these, the server notices a client that vanishes, and frees its lock
    "tcp_keepalives_idle": "20",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
LOCK_CLASS = 0x46536C6B  # the first half of the key of our advisory locks
LOCK_TRIES, LOCK_WAIT_S = 10, 0.2
LOCK_HOLDER = """
    select application_name from pg_stat_activity join pg_locks using (pid)
    where locktype = 'advisory' and granted and classid = :ours and objid = :name
    and database = datid
"""


def _open(url: str, folder: Path, writable: bool) -> Storage:
    return Database(url, {"connect_args": CONNECTION, "pool_pre_ping": True}, _held)


@contextmanager
def _held(engine: sqlalchemy.Engine, name: str) -> Iterator[None]:
    """Holds an advisory lock, which the server frees when it loses the connection.

    The connection's name says who holds it.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # from the pool, so that closing it ends it
        holder = _lock(connection, zlib.crc32(name.encode()) >> 1)
    except SQLAlchemyError as error:
        raise SearchError(
            f"the storage {without_password(str(engine.url))} failed: {str(error).splitlines()[0]}"
        ) from error
    try:
        if holder is not None:
            raise already_running(name, holder)
        yield
    finally:
        with suppress(SQLAlchemyError):  # the server may be gone, and the lock with it
            connection.close()


def _lock(connection: sqlalchemy.Connection, key: int) -> str | None:
    """Takes the lock; returns who holds it, or None when this process does."""
    from sqlalchemy import text

    values = {"ours": LOCK_CLASS, "name": key}
    settings = {
        "application_name": f"process {os.getpid()} on {socket.gethostname()}"[:63],
        **LOCK_CONNECTION,
    }
    for setting, value in settings.items():
        connection.execute(
            text("select set_config(:setting, :value, false)"), {"setting": setting, "value": value}
        )
    for _ in range(LOCK_TRIES):  # the server takes a moment to notice that a holder was killed
        if connection.execute(text("select pg_try_advisory_lock(:ours, :name)"), values).scalar():
            return None
        time.sleep(LOCK_WAIT_S)
    return connection.execute(text(LOCK_HOLDER), values).scalar() or "another process"


BACKEND = Backend(
    re.compile(r"postgresql\+psycopg://.*", re.DOTALL),
    "postgresql+psycopg://USER@HOST/DATABASE",
    _open,
)
