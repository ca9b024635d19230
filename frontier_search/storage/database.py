"""A search stored in SQLite or Postgres."""

from __future__ import annotations

import os
import re
import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from optuna.storages import RDBStorage

from frontier_search.errors import SearchError
from frontier_search.storage.lock import already_running

if TYPE_CHECKING:
    import sqlalchemy


CREATION_TRIES, CREATION_WAIT_S = 10, 0.2
SQLITE = {"timeout": 30}  # seconds to wait for another process's transaction
POSTGRES = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}  # a host that vanishes is noticed
HELD = 0x46536C6B  # the first half of the key of our advisory locks
HELD_TRIES, HELD_WAIT_S = 10, 0.2
NOTICE_A_LOST_HOST = {
    "tcp_keepalives_idle": "20",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
WHO_HOLDS = """
    select application_name from pg_stat_activity join pg_locks using (pid)
    where locktype = 'advisory' and granted and classid = :ours and objid = :name and database = datid
"""


def without_password(url: str) -> str:
    """A storage's URL as it may be shown."""
    return re.sub(r"://([^:/@]*):[^@]*@", r"://\1:***@", url)


@contextmanager
def _held_in_postgres(engine: sqlalchemy.Engine, name: str) -> Iterator[None]:
    """An advisory lock, which the server lets go of when it loses the connection; who holds it is the connection's name."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # not the pool's: closing it must end it
        holder = _hold_in_postgres(connection, zlib.crc32(name.encode()) >> 1)
    except SQLAlchemyError as error:
        raise SearchError(
            f"the storage {without_password(str(engine.url))} failed: {str(error).splitlines()[0]}"
        ) from error
    try:
        if holder is not None:
            raise already_running(name, holder)
        yield
    finally:
        with suppress(SQLAlchemyError):  # the server may have gone, and the lock with it
            connection.close()


def _hold_in_postgres(connection: sqlalchemy.Connection, key: int) -> str | None:
    """Takes the lock; else who has it."""
    from sqlalchemy import text

    values = {"ours": HELD, "name": key}
    settings = {
        "application_name": f"process {os.getpid()} on {socket.gethostname()}"[:63],
        **NOTICE_A_LOST_HOST,
    }
    for setting, value in settings.items():
        connection.execute(
            text("select set_config(:setting, :value, false)"), {"setting": setting, "value": value}
        )
    for _ in range(
        HELD_TRIES
    ):  # the server takes a moment to notice that the last holder was killed
        if connection.execute(text("select pg_try_advisory_lock(:ours, :name)"), values).scalar():
            return None
        time.sleep(HELD_WAIT_S)
    return connection.execute(text(WHO_HOLDS), values).scalar() or "another process"


def _relational(url: str) -> RDBStorage:
    import sqlalchemy.exc  # loaded for a database alone: half a second

    arguments = (
        {"connect_args": SQLITE}
        if url.startswith("sqlite")
        else {"connect_args": POSTGRES, "pool_pre_ping": True}
    )
    for attempt in range(CREATION_TRIES):
        try:
            return RDBStorage(url, engine_kwargs=arguments)
        except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
            being_made = isinstance(
                error, sqlalchemy.exc.IntegrityError
            ) or "already exists" in str(error)
            if not being_made or attempt == CREATION_TRIES - 1:
                raise SearchError(
                    f"cannot open the storage {without_password(url)}: {' '.join(str(error).split())}"
                ) from error
            time.sleep(CREATION_WAIT_S)  # another process makes the same new database's tables
    raise AssertionError  # the last try returns or raises
