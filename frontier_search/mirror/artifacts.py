"""Where MLflow keeps the files of its runs and models, also after a home was moved or copied.

MLflow's database holds an absolute path for each experiment, run and model.
"""

from __future__ import annotations

import contextlib
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

from frontier_search.storage.catalog import Entry

FOLDER = "mlartifacts"  # of the files of all searches under a home
PATHS = (  # the columns of MLflow's database that hold a path: table, column
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def artifacts_folder(entry: Entry) -> Path:
    """Returns the folder of the artifacts of all searches under a home, if no server keeps them."""
    return (entry.folder.home / FOLDER).resolve()


def location(entry: Entry) -> str:
    """Returns where the artifacts of a search are, as a URI, if no server keeps them.

    With ``--outcomes`` they are in that folder or bucket, otherwise under the home. MLflow's own
    default for a database would be the current folder.
    """
    if entry.locations.outcomes is None:
        return artifacts_folder(entry).joinpath(entry.search.name).as_uri()
    return (entry.files.root / "mlflow").as_uri()


def follow_the_home(database: Path, entry: Entry) -> None:
    """Writes the new paths into MLflow's database, if the home was moved or copied.

    It was if the search's artifacts are recorded under another home, and the database is in this
    home or the other one is gone. All searches of that home are brought along.

    Raises:
        OSError: the database cannot be written.
    """
    if entry.locations.outcomes is not None or not database.exists():
        return
    new, name = artifacts_folder(entry), entry.search.name
    with closing(sqlite3.connect(database)) as connection:
        old = _recorded(connection, name)
        own = database.parent.resolve() == new.parent
        if old is None or old == new or not (own or not old.exists()):
            return
        try:
            with connection:
                _rewrite(connection, old, new)
        except sqlite3.Error as error:
            raise OSError(
                f"{database} cannot be written after its home was moved: {error}"
            ) from error


def _recorded(connection: sqlite3.Connection, name: str) -> Path | None:
    """Returns the folder of all artifacts in which those of a search are recorded, or None."""
    query = "SELECT artifact_location FROM experiments WHERE name = ?"
    with contextlib.suppress(sqlite3.Error, ValueError):  # MLflow says what is wrong with it
        (found,) = connection.execute(query, (name,)).fetchone() or ("",)
        url = urlparse(found)
        path = Path(url2pathname(url.path))
        if url.scheme == "file" and path.name == name and path.parent.name == FOLDER:
            return path.parent
    return None


def _rewrite(connection: sqlite3.Connection, old: Path, new: Path) -> None:
    # as URIs, and as MLflow writes its own default
    pairs = ((f"{old.as_uri()}/", f"{new.as_uri()}/"), (f"{old}/", f"{new}/"))
    for table, column in PATHS:
        for before, after in pairs:
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?)"
                f" WHERE substr({column}, 1, ?) = ?",
                (after, len(before) + 1, len(before), before),
            )
