"""Where a search keeps its truth and its mirror, and where its workers leave outcomes: chosen when it is defined, and kept to from then on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from frontier_search.errors import SpecError
from frontier_search.storage import remote
from frontier_search.storage.database import without_password
from frontier_search.storage.storage import JOURNAL, from_anywhere, url_problem

TRACKED = (
    "sqlite:///",
    "postgresql",
    "mysql",
    "mssql",
    "http://",
    "https://",
    "databricks",
)  # beginnings of what MLflow takes


@dataclass(frozen=True)
class Place:
    """Where a search keeps things.

    Attributes:
        storage: ``journal`` or a database URL.
        tracking_uri: MLflow's.
        outcomes: a folder or ``s3://BUCKET/PATH`` in which every search has a folder of its name; None: the search's own folder.
    """

    storage: str
    tracking_uri: str
    outcomes: str | None = None

    @staticmethod
    def of(
        home: Path, storage: str | None, tracking_uri: str | None, outcomes: str | None
    ) -> Place:
        """The place that the user named, the rest by default. Nothing is asked of it yet.

        Raises:
            SpecError: the storage URL, the tracking URI or the place for outcomes is of no known kind.
        """
        problem = url_problem(storage) if storage else None
        if problem:
            raise SpecError(problem)
        if tracking_uri and not tracking_uri.startswith(TRACKED):
            raise SpecError(
                f"--tracking-uri {tracking_uri!r}: MLflow keeps its pages at {', '.join(f'{start}...' for start in TRACKED)} only."
            )
        tracking_uri = from_anywhere(tracking_uri) if tracking_uri else default_tracking_uri(home)
        return Place(
            from_anywhere(storage or JOURNAL),
            tracking_uri,
            remote.normal(outcomes) if outcomes else None,
        )

    def reach(self) -> None:
        """Raises SpecError when outcomes cannot be exchanged there."""
        if self.outcomes is not None:
            remote.reach(self.outcomes)

    def refuse_another(self, asked: Place, insisted: Collection[str], what: str) -> None:
        """Holds what the user asks for now against this place, in which something was defined. Passwords may have changed.

        Args:
            insisted: the attributes for which the user gave an answer; the others are defaults.
            what: that was defined, for the sentence.

        Raises:
            SpecError: answers that differ, a sentence each.
        """
        problems = []
        for key, ours in asdict(self).items():
            shown, before = (
                None if value is None else without_password(from_anywhere(value))
                for value in (asdict(asked)[key], ours)
            )
            if key in insisted and shown != before:
                option = f"--{key.replace('_', '-')}"
                problems.append(
                    f"{option} {shown or repr('')}: {what} was defined {f'with {option} {before}' if before else f'without {option}'}, and keeps"
                    f" to it; leave {option} out to go on there, or choose another --name to begin anew."
                )
        if problems:
            raise SpecError(problems)

    def to_spec(self) -> dict[str, str]:
        """The form that is written down."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def default_tracking_uri(home: Path) -> str:
    return f"sqlite:///{(home / 'mlflow.db').resolve()}"
