"""The storage: the only truth of a search. A URL becomes an Optuna storage; the default is a journal file that a crash cannot damage.

A journal is one JSON record a line. The session is its only writer (it holds the search's lock), so records are appended without a lock
of Optuna's and flushed to the disk once a group: the proposals of a cohort, or its outcomes. A cut at any byte loses the records after
the last complete line and nothing else, once ``heal`` has taken the torn line away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage

from frontier_search.errors import SearchError, SpecError
from frontier_search.storage.database import _held_in_postgres, _relational, without_password
from frontier_search.storage.journal import JournalFile
from frontier_search.storage.lock import hold

if TYPE_CHECKING:
    pass

JOURNAL = "journal"
SQLITE_FILE = "sqlite:///"


optuna.logging.set_verbosity(optuna.logging.ERROR)  # this project tells its own story


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
        raise SearchError(
            f"the search cannot read or write its files: {error.strerror or error}{where}"
        ) from error


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
