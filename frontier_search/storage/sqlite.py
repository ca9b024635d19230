"""SQLite: a database in one file, for processes on one machine."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from frontier_search.storage.database import Database
from frontier_search.storage.lock import hold
from frontier_search.storage.storage import Backend, Storage
from frontier_search.storage.url import SQLITE_FILE, absolute

if TYPE_CHECKING:
    import sqlalchemy

LOCKED_TIMEOUT_S = 30  # how long to wait for another process's transaction


def _open(url: str, folder: Path, writable: bool) -> Storage:
    return Database(url, {"connect_args": {"timeout": LOCKED_TIMEOUT_S}}, _hold)


def _hold(engine: sqlalchemy.Engine, name: str) -> AbstractContextManager[None]:
    """Holds a lock on a file beside the database."""
    return hold(Path(f"{engine.url.database}.{name}.lock"), name)


def _problem(url: str) -> str | None:
    if url.removeprefix(SQLITE_FILE).partition("?")[0] not in ("", ":memory:"):
        return None
    return (
        f"storage {url!r} is lost when this process ends; name a file, as in sqlite:///search.db."
    )


BACKEND = Backend(
    re.compile(r"sqlite:///.*", re.DOTALL), "sqlite:///PATH", _open, _problem, absolute
)
