"""The requests that the mirror makes of MLflow.

There is one experiment for a search. Its runs are found by uid, and everything of a run goes into
one request.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
from frontier_search.mirror import artifacts, database, payload, transaction, view
from frontier_search.mirror.transaction import WholeRun
from frontier_search.storage.catalog import Entry
from frontier_search.storage.url import sqlite_path

if TYPE_CHECKING:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

ANSWER_RUNS = 1000  # runs in one answer of MLflow
REQUEST_METRICS, REQUEST_PARAMS = 900, 100  # the most that one request may hold
RUNS_AT_ONCE = 100  # in one transaction of a database

for name in ("mlflow", "alembic"):  # their log lines would be mixed with ours
    logging.getLogger(name).setLevel(logging.WARNING)


@dataclass
class KnownRun:
    """One of our runs, as MLflow holds it.

    Attributes:
        status: MLflow's status. A run that is still RUNNING is not complete yet.
        changed: whether the current sync created or changed it.
    """

    run_id: str
    status: str
    tags: dict[str, str]
    changed: bool = False


class Client:
    """The MLflow server or database that mirrors one search.

    Every method may raise MlflowException, SQLAlchemyError (from the database), or OSError.

    Args:
        entry: the search and its tracking URI.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._mlflow: MlflowClient | None = None

    @property
    def uri(self) -> str:
        """The tracking URI."""
        return self.entry.locations.tracking_uri

    @property
    def is_server(self) -> bool:
        """Whether the tracking URI is a server, and not a database."""
        return self.uri.startswith(("http://", "https://"))

    @property
    def exists(self) -> bool:
        """Whether there is a database already; a server always has one."""
        path = sqlite_path(self.uri)
        return path is None or path.exists()

    @property
    def mlflow(self) -> MlflowClient:
        """MLflow's own client, made on first use because that opens or creates the database."""
        if self._mlflow is None:
            path = sqlite_path(self.uri)
            if path is not None and path.exists():
                artifacts.follow_the_home(path, self.entry)
            elif path is not None:
                database.create(path, artifacts.artifacts_folder(self.entry))
            self._mlflow = MlflowClient(self.uri)
            database.spare_the_disk(self._mlflow)
        return self._mlflow

    # ---- reading --------------------------------------------------------------------------------

    def find_experiment(self) -> str:
        """Returns the id of this search's experiment.

        A missing experiment is created, and a deleted one is restored.

        Raises:
            SpecError: the experiment of this name is not this search's.
        """
        search = self.entry.search
        found: Experiment | None = self.mlflow.get_experiment_by_name(search.name)
        tags = payload.experiment_tags(search) | {view.VIEW_TAG: view.state(search)}
        if found is None:
            # a server decides itself where it stores artifacts
            location = None if self.is_server else artifacts.location(self.entry)
            return str(self.mlflow.create_experiment(search.name, location, tags))
        fingerprint = found.tags.get(payload.FINGERPRINT)
        if fingerprint != search.fingerprint():
            other = f"of another search (fingerprint {fingerprint}, here {search.fingerprint()})"
            owner = other if fingerprint else "that is not a search"
            raise SpecError(
                f"MLflow at {self.uri} has an experiment named {search.name!r} {owner}; "
                "rename it there, or choose another name or another --tracking-uri."
            )
        if found.lifecycle_stage == "deleted":
            self.mlflow.restore_experiment(found.experiment_id)
        for key, value in payload.different(tags, found.tags).items():
            self.mlflow.set_experiment_tag(found.experiment_id, key, value)
        return str(found.experiment_id)

    def find_runs(self, experiment_id: str) -> dict[str, KnownRun]:
        """Returns our runs by uid.

        Two runs have one uid only if the response to a request was lost. The complete run is kept.
        If both are complete, or neither, the older is kept. The second run is deleted.
        """
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
        """Returns the steps at which a metric was logged."""
        return {point.step for point in self.mlflow.get_metric_history(run.run_id, metric)}

    # ---- writing --------------------------------------------------------------------------------

    def create(
        self, experiment_id: str, name: str, start_ms: int, tags: dict[str, str]
    ) -> KnownRun:
        """Creates a run, which is RUNNING until ``set_status``."""
        run = self.mlflow.create_run(experiment_id, start_ms, tags, run_name=name)
        return KnownRun(run.info.run_id, "RUNNING", dict(tags), changed=True)

    @property
    def runs_at_once(self) -> int:
        """How many runs ``add`` writes in one transaction."""
        return 1 if self._database() is None else RUNS_AT_ONCE

    def add(self, experiment_id: str, runs: Sequence[WholeRun]) -> list[KnownRun]:
        """Creates runs that have ended, with everything in them."""
        store = self._database()
        if store is None:
            known = []
            for run in runs:
                created = self.create(experiment_id, run.name, run.start_ms, dict(run.tags))
                self.complete(created, run)
                known.append(created)
            return known
        ids = transaction.write(store, self.mlflow.get_experiment(experiment_id), runs)
        return [
            KnownRun(run_id, run.status, dict(run.tags), changed=True)
            for run_id, run in zip(ids, runs, strict=True)
        ]

    def complete(self, known: KnownRun, run: WholeRun) -> None:
        """Logs all metrics and parameters of a run that was created, and then that it has ended.

        Logging the same again changes nothing.
        """
        points = [Metric(name, value, run.end_ms, step) for name, step, value in run.points()]
        self._log(known, points, run.params)
        self.set_status(known, run.status, run.end_ms)

    def _database(self) -> SqlAlchemyStore | None:
        """Returns MLflow's database, or None: it is a server or another store."""
        return None if self.is_server else transaction.store_of(self.mlflow)

    def log_params(self, run: KnownRun, params: Mapping[str, str]) -> None:
        """Logs parameters. Logging the same again changes nothing."""
        self._log(run, [], params)

    def _log(self, run: KnownRun, points: list[Metric], params: Mapping[str, str]) -> None:
        """Logs metrics and parameters, in one request if MLflow's limits allow it."""
        settings = [Param(name, value) for name, value in params.items()]
        for some, few in itertools.zip_longest(
            _parts(points, REQUEST_METRICS), _parts(settings, REQUEST_PARAMS), fillvalue=()
        ):
            self.mlflow.log_batch(run.run_id, list(some), list(few))  # type: ignore[arg-type]  # zip_longest forgets the types
        run.changed = True

    def log_curve(
        self, run: KnownRun, metric: str, points: Mapping[int, tuple[float, int]]
    ) -> None:
        """Logs a metric with steps.

        Args:
            points: step -> (value, time in milliseconds).
        """
        self.mlflow.log_batch(
            run.run_id,
            [Metric(metric, value, at_ms, step) for step, (value, at_ms) in points.items()],
        )
        run.changed = True

    def describe(self, experiment_id: str, note: str) -> None:
        """Writes the note of the experiment, unless it has it already."""
        tags = self.mlflow.get_experiment(experiment_id).tags
        if tags.get(payload.NOTE) != note:
            self.mlflow.set_experiment_tag(experiment_id, payload.NOTE, note)

    def log_dataset(self, run: KnownRun, about: Mapping[str, str]) -> None:
        """Logs the search's dataset, as ``payload.dataset`` describes it."""
        self.mlflow.log_inputs(
            run.run_id,
            datasets=[DatasetInput(Dataset(**about), [InputTag("mlflow.data.context", "search")])],
        )

    def log_file(self, run: KnownRun, name: str, text: str) -> None:
        """Logs a text file as an artifact; a file of the same name is replaced."""
        with raising_oserror(self.uri):  # the files may be in a bucket
            self.mlflow.log_text(run.run_id, text, name)
        run.changed = True

    def tag(self, run: KnownRun, tags: Mapping[str, str]) -> None:
        """Writes the tags that differ, in one request."""
        different = payload.different(tags, run.tags)
        if different:
            self.mlflow.log_batch(
                run.run_id, tags=[RunTag(key, value) for key, value in different.items()]
            )
            run.tags |= different
            run.changed = True

    def tag_all(self, wanted: Sequence[tuple[KnownRun, Mapping[str, str]]]) -> None:
        """Writes the tags that differ, of several runs."""
        store = self._database()
        if store is None:
            for run, tags in wanted:
                self.tag(run, tags)
            return
        different = [(run, payload.different(tags, run.tags)) for run, tags in wanted]
        changed = [(run, tags) for run, tags in different if tags]
        transaction.tag(store, [(run.run_id, tags) for run, tags in changed])
        for run, tags in changed:
            run.tags |= tags
            run.changed = True

    def discard_model(self, model_id: str) -> None:
        """Deletes a model. A missing one is no error: an earlier answer may have been lost."""
        try:
            self.mlflow.delete_logged_model(model_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise

    def set_status(self, run: KnownRun, status: str, end_ms: int | None) -> None:
        """Sets MLflow's status of a run, and its end unless the status is RUNNING."""
        if run.status == status:
            return
        if status == "RUNNING":
            self.mlflow.update_run(run.run_id, status)
        else:
            self.mlflow.set_terminated(run.run_id, status, end_ms)
        run.status, run.changed = status, True


def _parts(items: list[Metric] | list[Param], size: int) -> list[list[Metric | Param]]:
    """Returns the items in lists of at most ``size``; one empty list if there are none."""
    return [list(items[start : start + size]) for start in range(0, len(items), size)] or [[]]
