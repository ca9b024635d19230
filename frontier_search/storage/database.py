"""A storage in a database, for the back ends that SQLAlchemy connects to."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, final

from optuna.storages import RDBStorage

from frontier_search.errors import SearchError
from frontier_search.storage.url import without_password

if TYPE_CHECKING:
    import sqlalchemy

CREATION_TRIES, CREATION_WAIT_S = 10, 0.2

Hold = Callable[["sqlalchemy.Engine", str], AbstractContextManager[None]]


@final
class Database:
    """An open database, which makes each write durable as it comes.

    Args:
        url: SQLAlchemy's.
        engine_arguments: for ``sqlalchemy.create_engine``.
        hold: holds the search of a name for this process, given the engine.

    Raises:
        SearchError: the database cannot be opened.
    """

    def __init__(self, url: str, engine_arguments: Mapping[str, Any], hold: Hold) -> None:
        self.optuna = _open(url, engine_arguments)
        self._hold = hold

    def close(self) -> None:
        self.optuna.remove_session()
        self.optuna.engine.dispose()

    def held(self, name: str) -> AbstractContextManager[None]:
        return self._hold(self.optuna.engine, name)

    def group(self) -> AbstractContextManager[None]:
        return nullcontext()


def _open(url: str, engine_arguments: Mapping[str, Any]) -> RDBStorage:
    """Opens a database. Makes its tables when it is new, or waits while another process does."""
    import sqlalchemy.exc  # takes half a second to load, and a journal does without

    for attempt in range(CREATION_TRIES):
        try:
            return RDBStorage(url, engine_kwargs=dict(engine_arguments))
        except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
            being_made = isinstance(
                error, sqlalchemy.exc.IntegrityError
            ) or "already exists" in str(error)
            if not being_made or attempt == CREATION_TRIES - 1:
                words = " ".join(str(error).split())
                raise SearchError(
                    f"cannot open the storage {without_password(url)}: {words}"
                ) from error
            time.sleep(CREATION_WAIT_S)
    raise AssertionError  # the last try returns or raises
