"""Where a search keeps its storage, its mirror and its outcomes.

Locations are chosen when a search is defined, and not changed later. What is under the home is
written down without the home's path, so that a home may be moved or copied.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from frontier_search.errors import SpecError
from frontier_search.storage import remote
from frontier_search.storage.storage import JOURNAL, Storage, absolute_url, open_storage
from frontier_search.storage.url import SQLITE_FILE, absolute, sqlite_path, without_password

TRACKING_PREFIXES = (  # of the URIs that MLflow takes
    "sqlite:///",
    "postgresql",
    "mysql",
    "mssql",
    "http://",
    "https://",
    "databricks",
)
DATABASE = "mlflow.db"  # of a home
IN_THE_HOME = "home"  # how the tracking URI of the home's own mlflow.db is written down


@dataclass(frozen=True)
class Locations:
    """Where a search, or every search of a sweep, keeps things.

    Attributes:
        storage: ``journal`` or a database URL.
        tracking_uri: MLflow's.
        outcomes: a folder or ``s3://BUCKET/PATH`` in which every search has a folder of its name.
            None: the search's own folder.
    """

    storage: str
    tracking_uri: str
    outcomes: str | None = None

    @staticmethod
    def of(
        home: Path,
        storage: str | None = None,
        tracking_uri: str | None = None,
        outcomes: str | None = None,
    ) -> Locations:
        """Returns the locations that the user named, with defaults for the rest.

        Connects to none of them.

        Raises:
            SpecError: the storage URL, the tracking URI or the location of outcomes is of no known
                kind.
        """
        storage = absolute_url(storage or JOURNAL)
        if tracking_uri and not tracking_uri.startswith(TRACKING_PREFIXES):
            allowed = ", ".join(f"{prefix}..." for prefix in TRACKING_PREFIXES)
            raise SpecError(
                f"--tracking-uri {tracking_uri!r}: MLflow keeps its pages at {allowed} only."
            )
        return Locations(
            storage,
            absolute(tracking_uri) if tracking_uri else _default_tracking_uri(home),
            remote.normal(outcomes) if outcomes else None,
        )

    @staticmethod
    def read(spec: Mapping[str, str], home: Path, name: str) -> Locations:
        """Returns the locations that ``to_spec`` gave.

        Earlier versions wrote the absolute path of the home's own database. If the home has been
        moved or copied since, its database is meant all the same.

        Args:
            spec: as it is in the file.
            home: where the file is found now.
            name: of the search or the sweep.

        Raises:
            TypeError: a location is missing, or there are others.
        """
        found = Locations(**spec)
        path = sqlite_path(found.tracking_uri)
        if found.tracking_uri == IN_THE_HOME or (path is not None and _was_the_homes(path, name)):
            return replace(found, tracking_uri=_default_tracking_uri(home))
        return found

    @property
    def shown_tracking_uri(self) -> str:
        """The tracking URI as a person reads and types it.

        It has no password, and a database under the working folder is named from there on.
        """
        here = f"{SQLITE_FILE}{Path.cwd()}/"
        if self.tracking_uri.startswith(here):
            return SQLITE_FILE + self.tracking_uri.removeprefix(here)
        return without_password(self.tracking_uri)

    def reach_outcomes(self) -> None:
        """Raises SpecError when outcomes cannot be exchanged at their location."""
        if self.outcomes is not None:
            remote.reach(self.outcomes)

    def open_storage(self, folder: Path, writable: bool) -> Storage:
        """Opens the storage; see ``storage.open_storage``."""
        return open_storage(self.storage, folder, writable)

    def refuse_another(self, asked: Locations, insisted: Collection[str], what: str) -> None:
        """Raises SpecError if the user explicitly asks for other locations than these.

        Passwords in URLs are ignored.

        Args:
            asked: the locations that the user asks for now.
            insisted: the attributes that the user gave explicitly; the rest are defaults.
            what: the search or sweep that was defined with these locations, in words.

        Raises:
            SpecError: with one sentence for each location that differs.
        """
        problems = []
        for key, ours in asdict(self).items():
            # an earlier version may have written a relative path
            shown, before = (
                None if value is None else without_password(absolute(value))
                for value in (asdict(asked)[key], ours)
            )
            if key in insisted and shown != before:
                option = f"--{key.replace('_', '-')}"
                defined = f"with {option} {before}" if before else f"without {option}"
                problems.append(
                    f"{option} {shown or repr('')}: {what} was defined {defined}, and keeps to it;"
                    f" leave {option} out to continue there, or choose another --name."
                )
        if problems:
            raise SpecError(problems)

    def to_spec(self, home: Path) -> dict[str, str]:
        """Returns the form that is written down in a home."""
        found = {key: value for key, value in asdict(self).items() if value is not None}
        in_home = self.tracking_uri == _default_tracking_uri(home)
        return found | ({"tracking_uri": IN_THE_HOME} if in_home else {})


def _default_tracking_uri(home: Path) -> str:
    return f"sqlite:///{(home / DATABASE).resolve()}"


def _was_the_homes(database: Path, name: str) -> bool:
    """Returns whether an absolute path is that of the database of a home, now moved or copied.

    Then its folder is gone, or has this search too. Else the user chose it.
    """
    if database.name != DATABASE:
        return False
    return (database.parent / name).is_dir() or not database.parent.is_dir()
