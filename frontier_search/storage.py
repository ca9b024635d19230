"""The storage: the only truth of a search. A URL becomes an Optuna storage; the default is a journal file that a crash cannot damage.

A journal is one JSON record a line. The session is its only writer (it holds the search's lock), so records are appended without a lock
of Optuna's and flushed to the disk once a group: the proposals of a cohort, or its outcomes. A cut at any byte loses the records after
the last complete line and nothing else, once ``heal`` has taken the torn line away.
"""

from __future__ import annotations

import json
import os
import re
import socket
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import BaseJournalBackend

from frontier_search.errors import SearchError, SpecError
from frontier_search.folder import already_running, hold

if TYPE_CHECKING:
    import sqlalchemy

JOURNAL = "journal"
SQLITE_FILE = "sqlite:///"

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
NOTICE_A_LOST_HOST = {"tcp_keepalives_idle": "20", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
WHO_HOLDS = """
    select application_name from pg_stat_activity join pg_locks using (pid)
    where locktype = 'advisory' and granted and classid = :ours and objid = :name and database = datid
"""

optuna.logging.set_verbosity(optuna.logging.ERROR)  # this project tells its own story


def heal(path: Path) -> int:
    """Cuts a journal back to its last complete record, because an append after a torn line makes it unreadable for good.

    Returns:
        the number of bytes that were cut.
    """
    if not path.exists():
        return 0
    with path.open("rb+") as file:
        content = file.read()
        keep = content.rfind(b"\n") + 1
        while keep:  # a crash of the machine may leave a block of zeros where the last record should be
            start = content.rfind(b"\n", 0, keep - 1) + 1
            if _is_record(content[start:keep]):
                break
            keep = start
        if keep < len(content):
            file.truncate(keep)
            os.fsync(file.fileno())
    return len(content) - keep


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


class JournalFile(BaseJournalBackend):
    """A journal whose appends are flushed to the disk once a group.

    Args:
        path: the file; made when it is missing and ``writable``.
        writable: whether this process is the search's writer; a reader never changes the file.
    """

    def __init__(self, path: Path, writable: bool) -> None:
        self.path, self.writable = path, writable
        self._offsets = [0]  # where each record starts, and the next one will
        self._grouping = False
        if writable:
            path.parent.mkdir(parents=True, exist_ok=True)
            heal(path)
            path.touch()

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        known = min(log_number_from, len(self._offsets) - 1)
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._offsets[known])
            for number, line in enumerate(file, start=known):
                if not line.endswith(b"\n"):
                    return  # a record that is being written, or that a crash tore: it does not count
                if number + 1 == len(self._offsets):
                    self._offsets.append(self._offsets[number] + len(line))
                if number >= log_number_from:
                    yield self._record(line, number)

    def _record(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            return dict(json.loads(line))
        except ValueError as error:
            where = f"record {number + 1}, at byte {self._offsets[number]}"
            raise SearchError(
                f"{self.path} is damaged in its middle ({where}); put a copy back, nothing after it can be trusted."
            ) from error

    def append_logs(self, logs: Iterable[dict[str, Any]]) -> None:
        if not self.writable:
            raise SearchError(f"{self.path} was opened for reading; only a session writes to it.")
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        with self.path.open("ab", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            try:
                left = memoryview(lines.encode())
                while left:
                    left = left[file.write(left) :]
            except OSError:
                file.truncate(end)  # a full disk takes a part of a record, after which nothing may be appended
                raise
            if not self._grouping:
                os.fsync(file.fileno())

    @contextmanager
    def group(self) -> Iterator[None]:
        """Everything appended inside reaches the disk together, at the end."""
        self._grouping = True
        try:
            yield
        finally:
            self._grouping = False
            with self.path.open("ab") as file:
                os.fsync(file.fileno())


class Storage:
    """An open storage.

    Attributes:
        optuna: the Optuna storage.
        url: where it is.
    """

    def __init__(self, url: str, folder: Path, writable: bool) -> None:
        """Opens ``journal`` (the file ``journal.log`` in ``folder``), ``sqlite:///PATH`` or ``postgresql+psycopg://...``.

        Raises:
            SpecError: the URL is of no known kind.
            SearchError: the database cannot be reached.
        """
        problem = url_problem(url)
        if problem:
            raise SpecError(problem)
        self.url = url
        self._journal: JournalFile | None = None
        if url == JOURNAL:
            self._journal = JournalFile(folder / "journal.log", writable)
            self.optuna: BaseStorage = JournalStorage(self._journal)
        else:
            self.optuna = _relational(url)

    def close(self) -> None:
        """Lets go of the database's connections; a journal holds nothing open."""
        if isinstance(self.optuna, RDBStorage):
            self.optuna.remove_session()
            self.optuna.engine.dispose()

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Holds a search for this process against those of other homes, which may name the same database; a journal has one home.

        Raises:
            SpecError: another process holds it, named by pid and host.
        """
        if not isinstance(self.optuna, RDBStorage):
            yield
        elif self.optuna.engine.dialect.name == "postgresql":
            with _held_in_postgres(self.optuna.engine, name):
                yield
        else:
            with hold(Path(f"{self.optuna.engine.url.database}.{name}.lock"), name):
                yield

    @contextmanager
    def group(self) -> Iterator[None]:
        """What is written inside is made durable together (journal); a database commits each write as it comes."""
        if self._journal:
            with self._journal.group():
                yield
        else:
            yield


@contextmanager
def answering(url: str) -> Iterator[None]:
    """Inside, a database that goes away, or a disk that is full, is a SearchError."""
    try:
        yield
    except optuna.exceptions.StorageInternalError as error:
        words = str(error.__cause__ or error).strip().splitlines()[0]
        raise SearchError(f"the storage {without_password(url)} failed: {words}") from error
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise SearchError(f"the search cannot read or write its files: {error.strerror or error}{where}") from error


def without_password(url: str) -> str:
    """A storage's URL as it may be shown."""
    return re.sub(r"://([^:/@]*):[^@]*@", r"://\1:***@", url)


def url_problem(url: str) -> str | None:
    """Why a storage URL cannot be used, or None."""
    path = url.removeprefix(SQLITE_FILE).partition("?")[0]
    if url.startswith(SQLITE_FILE) and path in ("", ":memory:"):
        return f"storage {url!r} is lost when this process ends; name a file, as in sqlite:///search.db."
    if url == JOURNAL or url.startswith((SQLITE_FILE, "postgresql+psycopg://")):
        return None
    return f"unknown storage {url!r}. Allowed: {JOURNAL} (a file in the search's folder), sqlite:///PATH, postgresql+psycopg://USER@HOST/DATABASE."


def from_anywhere(url: str) -> str:
    """The URL with the path of an SQLite file in full, so that it means the same file in whichever folder a command is run."""
    if not url.startswith(SQLITE_FILE):
        return url
    path, mark, rest = url.removeprefix(SQLITE_FILE).partition("?")
    return f"{SQLITE_FILE}{Path(path).absolute()}{mark}{rest}"


@contextmanager
def _held_in_postgres(engine: sqlalchemy.Engine, name: str) -> Iterator[None]:
    """An advisory lock, which the server lets go of when it loses the connection; who holds it is the connection's name."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # not the pool's: closing it must end it
        holder = _hold_in_postgres(connection, zlib.crc32(name.encode()) >> 1)
    except SQLAlchemyError as error:
        raise SearchError(f"the storage {without_password(str(engine.url))} failed: {str(error).splitlines()[0]}") from error
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
    settings = {"application_name": f"process {os.getpid()} on {socket.gethostname()}"[:63], **NOTICE_A_LOST_HOST}
    for setting, value in settings.items():
        connection.execute(text("select set_config(:setting, :value, false)"), {"setting": setting, "value": value})
    for _ in range(HELD_TRIES):  # the server takes a moment to notice that the last holder was killed
        if connection.execute(text("select pg_try_advisory_lock(:ours, :name)"), values).scalar():
            return None
        time.sleep(HELD_WAIT_S)
    return connection.execute(text(WHO_HOLDS), values).scalar() or "another process"


def _relational(url: str) -> RDBStorage:
    import sqlalchemy.exc  # loaded for a database alone: half a second

    arguments = {"connect_args": SQLITE} if url.startswith("sqlite") else {"connect_args": POSTGRES, "pool_pre_ping": True}
    for attempt in range(CREATION_TRIES):
        try:
            return RDBStorage(url, engine_kwargs=arguments)
        except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
            being_made = isinstance(error, sqlalchemy.exc.IntegrityError) or "already exists" in str(error)
            if not being_made or attempt == CREATION_TRIES - 1:
                raise SearchError(f"cannot open the storage {without_password(url)}: {' '.join(str(error).split())}") from error
            time.sleep(CREATION_WAIT_S)  # another process makes the same new database's tables
    raise AssertionError  # the last try returns or raises
