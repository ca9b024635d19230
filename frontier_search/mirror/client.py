"""MLflow as the mirror sees it: one connection, the search's experiment, its runs by uid, and everything of a run in one request."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    InputTag,
    Metric,
    Param,
    Run,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException

from frontier_search.errors import SpecError
from frontier_search.files import raising_oserror
from frontier_search.mirror import payload, view
from frontier_search.storage.catalog import Entry

ANSWER_RUNS = 1000  # runs in one answer of MLflow
REQUEST_METRICS, REQUEST_PARAMS = 900, 100  # what one request may hold

for name in ("mlflow", "alembic"):  # this project tells its own story
    logging.getLogger(name).setLevel(logging.WARNING)


@dataclass
class KnownRun:
    """What MLflow holds of one of our runs.

    Attributes:
        status: MLflow's; a run that is still RUNNING was not completed.
        changed: whether this turn created or changed it.
    """

    run_id: str
    status: str
    tags: dict[str, str]
    changed: bool = False


class Client:
    """The tracking server or database of a search.

    Args:
        entry: the search and its tracking URI.

    Every method may raise MlflowException, an error of the database's, or OSError.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._mlflow: MlflowClient | None = None

    @property
    def uri(self) -> str:
        return self.entry.locations.tracking_uri

    @property
    def is_server(self) -> bool:
        return self.uri.startswith(("http://", "https://"))

    @property
    def mlflow(self) -> MlflowClient:
        """Made when it is first needed, because a database is opened, and made, with it."""
        if self._mlflow is None:
            path = (
                Path(self.uri.removeprefix("sqlite:///"))
                if self.uri.startswith("sqlite:///")
                else None
            )
            if path is not None and not path.exists():
                _make_database(path, artifacts_folder(self.entry))
            self._mlflow = MlflowClient(self.uri)
        return self._mlflow

    # ---- reading ---------------------------------------------------------------------------------------------------------------------

    def find_experiment(self) -> str:
        """The id of this search's experiment: made when it is missing, restored when somebody deleted it.

        Raises:
            SpecError: there is an experiment of this name that is not this search's.
        """
        search = self.entry.search
        found: Experiment | None = self.mlflow.get_experiment_by_name(search.name)
        tags = payload.experiment_tags(search) | {view.VIEW_TAG: view.state(search)}
        if found is None:
            return str(self.mlflow.create_experiment(search.name, self._artifact_location(), tags))
        fingerprint = found.tags.get(payload.FINGERPRINT)
        if fingerprint != search.fingerprint():
            other = f"of another search (fingerprint {fingerprint}, here {search.fingerprint()})"
            raise SpecError(
                f"MLflow at {self.uri} has an experiment named {search.name!r} {other if fingerprint else 'that is not a search'}; "
                "rename it there, or choose another name or another --tracking-uri."
            )
        if found.lifecycle_stage == "deleted":
            self.mlflow.restore_experiment(found.experiment_id)
        for key, value in payload.different(tags, found.tags).items():
            self.mlflow.set_experiment_tag(found.experiment_id, key, value)
        return str(found.experiment_id)

    def _artifact_location(self) -> str | None:
        """Beside the searches, or beside what they exchanged, for a database, which would have them in the current folder; a server decides
        for itself."""
        if self.is_server:
            return None
        if self.entry.locations.outcomes is None:
            return artifacts_folder(self.entry).joinpath(self.entry.search.name).as_uri()
        return (self.entry.files.root / "mlflow").as_uri()

    def find_runs(self, experiment_id: str) -> dict[str, KnownRun]:
        """Our runs by uid. Of two with one uid, which only a lost answer can make, the completed or older one stays."""
        answer = self.mlflow.search_runs([experiment_id], "", ViewType.ACTIVE_ONLY, ANSWER_RUNS)
        runs: list[Run] = list(answer)
        while answer.token:
            answer = self.mlflow.search_runs(
                [experiment_id], "", ViewType.ACTIVE_ONLY, ANSWER_RUNS, page_token=answer.token
            )
            runs += answer
        known: dict[str, KnownRun] = {}
        for run in sorted(
            runs, key=lambda run: (run.info.status == "RUNNING", run.info.start_time)
        ):
            uid = run.data.tags.get(payload.UID)
            if uid in known:
                self.mlflow.delete_run(run.info.run_id)
            elif uid is not None:
                known[uid] = KnownRun(run.info.run_id, run.info.status, dict(run.data.tags))
        return known

    def steps(self, run: KnownRun, metric: str) -> set[int]:
        """The steps at which a metric was logged."""
        return {point.step for point in self.mlflow.get_metric_history(run.run_id, metric)}

    # ---- writing ---------------------------------------------------------------------------------------------------------------------

    def create(
        self, experiment_id: str, name: str, start_ms: int, tags: dict[str, str]
    ) -> KnownRun:
        run = self.mlflow.create_run(experiment_id, start_ms, tags, run_name=name)
        return KnownRun(run.info.run_id, "RUNNING", dict(tags), changed=True)

    def log(
        self, run: KnownRun, metrics: Mapping[str, float], at_ms: int, params: Mapping[str, str]
    ) -> None:
        """One request, or as many as MLflow's limits make of it. Logging the same again changes nothing."""
        points = [Metric(name, value, at_ms, 0) for name, value in metrics.items()]
        settings = [Param(name, value) for name, value in params.items()]
        for some, few in itertools.zip_longest(
            _parts(points, REQUEST_METRICS), _parts(settings, REQUEST_PARAMS), fillvalue=()
        ):
            self.mlflow.log_batch(run.run_id, list(some), list(few))  # type: ignore[arg-type]  # zip_longest forgets the types
        run.changed = True

    def log_curve(
        self, run: KnownRun, metric: str, points: Mapping[int, tuple[float, int]]
    ) -> None:
        """Step -> (value, milliseconds)."""
        self.mlflow.log_batch(
            run.run_id,
            [Metric(metric, value, at_ms, step) for step, (value, at_ms) in points.items()],
        )
        run.changed = True

    def log_dataset(self, run: KnownRun, about: Mapping[str, str]) -> None:
        self.mlflow.log_inputs(
            run.run_id,
            datasets=[DatasetInput(Dataset(**about), [InputTag("mlflow.data.context", "search")])],
        )

    def log_file(self, run: KnownRun, name: str, text: str) -> None:
        with raising_oserror(self.uri):  # the files may be in a bucket
            self.mlflow.log_text(run.run_id, text, name)
        run.changed = True

    def tag(self, run: KnownRun, tags: Mapping[str, str]) -> None:
        """Writes the tags that differ, all at once."""
        different = payload.different(tags, run.tags)
        if different:
            self.mlflow.log_batch(
                run.run_id, tags=[RunTag(key, value) for key, value in different.items()]
            )
            run.tags |= different
            run.changed = True

    def discard_model(self, model_id: str) -> None:
        """A model that is gone already, after an answer that was lost, is no error."""
        try:
            self.mlflow.delete_logged_model(model_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise

    def set_status(self, run: KnownRun, status: str, end_ms: int | None) -> None:
        if run.status == status:
            return
        if status == "RUNNING":
            self.mlflow.update_run(run.run_id, status)
        else:
            self.mlflow.set_terminated(run.run_id, status, end_ms)
        run.status, run.changed = status, True


def artifacts_folder(entry: Entry) -> Path:
    """Where the files of every search under a home are, unless a server keeps them."""
    return (entry.folder.home / "mlartifacts").resolve()


def _make_database(path: Path, artifacts: Path) -> None:
    """Makes MLflow's database whole: beside, then linked into place.

    MLflow makes its tables one by one, and a process that dies among them would leave a database that nobody can open again. Of two
    processes that make it at once, one wins. It keeps a write-ahead log: a quarter cheaper, and pages are read while the mirror writes.
    """
    from mlflow.store.tracking.sqlalchemy_store import (
        SqlAlchemyStore,
    )  # for a new database alone; a server needs none of it

    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    try:
        store = SqlAlchemyStore(f"sqlite:///{beside}", str(artifacts))  # type: ignore[no-untyped-call]
        store.engine.dispose()
        with closing(sqlite3.connect(beside)) as database:
            database.execute("PRAGMA journal_mode=WAL")
        with contextlib.suppress(FileExistsError):
            os.link(beside, path)
    finally:
        for leftover in path.parent.glob(f"{beside.name}*"):
            leftover.unlink(missing_ok=True)


def _parts(items: list[Metric] | list[Param], size: int) -> list[list[Metric | Param]]:
    return [list(items[start : start + size]) for start in range(0, len(items), size)] or [[]]
