"""MLflow's database in a file: it is created whole, and written without waiting for the disk."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.version import VERSION
from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError

from frontier_search import machine


def prepare() -> None:
    """Does ahead of time what ``create`` needs: imports MLflow's store, and makes its tables."""
    import mlflow.store.tracking.sqlalchemy_store  # noqa: F401

    with contextlib.suppress(OSError):
        without_rows()


def create(path: Path, folder: Path) -> None:
    """Creates MLflow's database under another name, then links it to its own.

    MLflow creates its tables one by one. A process that died in between would leave a database that
    can never be opened again. If two processes create it at once, one of them succeeds.

    The database uses a write-ahead log: writes cost a quarter less, and pages can be
    read during them.

    Args:
        folder: of the artifacts of its default experiment.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _unfinished(path) as unfinished:
        try:
            shutil.copyfile(without_rows(), unfinished)
        except OSError:  # nothing can be kept in the cache: MLflow creates the tables here
            unfinished.unlink(missing_ok=True)
        _open(unfinished, folder)
        with closing(sqlite3.connect(unfinished)) as database:
            database.execute("PRAGMA journal_mode=WAL")
        with contextlib.suppress(FileExistsError):
            os.link(unfinished, path)


def without_rows() -> Path:
    """Returns a file of this user's cache with MLflow's tables, which are made if it is not there.

    MLflow creates them in sixty steps, which takes more than a second of the processor. They depend
    on nothing but its version.

    Raises:
        OSError: the cache cannot be written.
    """
    path = machine.cache_folder() / f"mlflow-{VERSION}.db"
    if not _is_whole(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _unfinished(path) as unfinished:
            _open(unfinished, path.parent)
            with closing(sqlite3.connect(unfinished)) as database, database:
                database.execute("DELETE FROM experiments")  # the default one names its folder
            unfinished.replace(path)
    return path


def spare_the_disk(client: MlflowClient) -> None:
    """Lets SQLite commit without waiting for the disk, six times a run.

    The database stays whole whatever dies. A power cut may take the last runs, and the next sync
    logs them again.
    """
    engine = getattr(client._tracking_client.store, "engine", None)
    if engine is not None and engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _at_checkpoints)
        engine.dispose()  # the connections that it has


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """Yields another name beside a file, and removes what has it at the end."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    try:
        yield unfinished
    finally:
        for leftover in path.parent.glob(f"{unfinished.name}*"):
            leftover.unlink(missing_ok=True)


def _open(path: Path, folder: Path) -> None:
    """Opens a database as MLflow does, which creates what it lacks.

    Raises:
        OSError: it cannot be written.
    """
    # imported here, because only a new database needs it
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    event.listen(Engine, "connect", _never)
    try:
        store = SqlAlchemyStore(f"sqlite:///{path}", str(folder))  # type: ignore[no-untyped-call]
        store.engine.dispose()
    except (MlflowException, SQLAlchemyError) as error:  # e.g. the disk is full
        raise OSError(f"{path} cannot be created: {error}") from error
    finally:
        event.remove(Engine, "connect", _never)


def _is_whole(path: Path) -> bool:
    """Returns whether a file is a database without damage."""
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return bool(database.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except sqlite3.Error:
        return False


def _at_checkpoints(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")


def _never(connection: sqlite3.Connection, _: object) -> None:
    """Lets SQLite not wait for the disk: what is not finished is made anew."""
    connection.execute("PRAGMA synchronous=OFF")
