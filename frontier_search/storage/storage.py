"""The storage: the only truth of a search. Its URL's scheme names the back end that opens it.

A new back end is a module with a ``BACKEND`` and a row of ``BACKENDS``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import optuna
from optuna.storages import BaseStorage

from frontier_search.errors import SearchError, SpecError
from frontier_search.storage.url import without_password
from frontier_search.zoo import Zoo

JOURNAL = "journal"

optuna.logging.set_verbosity(optuna.logging.ERROR)  # or its log lines are mixed with ours


class Storage(Protocol):
    """An open storage."""

    @property
    def optuna(self) -> BaseStorage:
        """The storage, for Optuna."""

    def close(self) -> None:
        """Closes connections, if there are any."""

    def held(self, name: str) -> AbstractContextManager[None]:
        """Holds a search for this process inside the block.

        The lock of the search's folder is not enough: a process with another home may name the
        same storage.

        Raises:
            SpecError: another process holds it, named by pid and host.
        """

    def group(self) -> AbstractContextManager[None]:
        """Makes what is written inside durable by the end of the block."""


@dataclass(frozen=True)
class Backend:
    """A kind of storage.

    Attributes:
        pattern: matches its URLs in full.
        shown: its URLs, for the user.
        open: opens a storage, given its URL, the search's folder, and whether this process is the
            search's writer. Raises SearchError when it cannot be opened.
        problem: returns why a URL that matches cannot be used, or None.
        absolute: returns a URL that names the same storage in every current directory.
    """

    pattern: re.Pattern[str]
    shown: str
    open: Callable[[str, Path, bool], Storage]
    problem: Callable[[str], str | None] = lambda url: None
    absolute: Callable[[str], str] = lambda url: url


BACKENDS: Zoo[Backend] = Zoo(  # by the URL's scheme
    "storage",
    {
        JOURNAL: "frontier_search.storage.journal:BACKEND",
        "sqlite": "frontier_search.storage.sqlite:BACKEND",
        "postgresql+psycopg": "frontier_search.storage.postgres:BACKEND",
    },
)


def open_storage(url: str, folder: Path, writable: bool) -> Storage:
    """Opens the storage of a search.

    Args:
        url: one that a row of ``BACKENDS`` describes.
        folder: the search's folder.
        writable: whether this process is the search's writer, under its lock.

    Raises:
        SpecError: no back end takes the URL.
        SearchError: the storage cannot be opened.
    """
    problem = url_problem(url)
    if problem:
        raise SpecError(problem)
    return BACKENDS[_scheme(url)].open(url, folder, writable)


def absolute_url(url: str) -> str:
    """Returns a storage URL that names the same storage in every current directory.

    Raises:
        SpecError: no back end takes the URL.
    """
    problem = url_problem(url)
    if problem:
        raise SpecError(problem)
    return BACKENDS[_scheme(url)].absolute(url)


def url_problem(url: str) -> str | None:
    """Returns why a storage URL cannot be used, or None."""
    scheme = _scheme(url)
    if scheme in BACKENDS and BACKENDS[scheme].pattern.fullmatch(url):
        return BACKENDS[scheme].problem(url)
    allowed = ", ".join(backend.shown for backend in BACKENDS.values())
    return f"unknown storage {url!r}. Allowed: {allowed}."


def _scheme(url: str) -> str:
    return url.partition(":")[0]


@contextmanager
def raising_search_error(url: str) -> Iterator[None]:
    """Turns the failure of a storage, or of a file, inside the block into a SearchError."""
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
