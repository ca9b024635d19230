"""Where a search keeps its storage, its mirror and its outcomes.

Locations are chosen when a search is defined, and not changed later.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from frontier_search.errors import SpecError
from frontier_search.storage import remote
from frontier_search.storage.storage import JOURNAL, Storage, absolute_url, open_storage
from frontier_search.storage.url import absolute, without_password

TRACKING_PREFIXES = (  # of the URIs that MLflow takes
    "sqlite:///",
    "postgresql",
    "mysql",
    "mssql",
    "http://",
    "https://",
    "databricks",
)


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

    def to_spec(self) -> dict[str, str]:
        """Returns the form that is written down."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def _default_tracking_uri(home: Path) -> str:
    return f"sqlite:///{(home / 'mlflow.db').resolve()}"
