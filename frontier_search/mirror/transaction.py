"""Writes runs that have ended, or tags, into MLflow's database, many in one transaction.

MLflow's own client needs several transactions a run. Here runs are written as rows of MLflow's own
table classes, and a process that dies leaves all of them or none. The rows are those that the
client would write: ``tests/mirror/test_transaction.py`` compares every table.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow import MlflowClient
from mlflow.entities import Experiment, LifecycleStage, SourceType
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.dbmodels.models import (
    SqlLatestMetric,
    SqlMetric,
    SqlParam,
    SqlRun,
    SqlTag,
)
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME
from mlflow.utils.uri import append_to_uri_path
from sqlalchemy import insert

from frontier_search.mirror import payload
from frontier_search.trial import Trial

if TYPE_CHECKING:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

Row = dict[str, Any]  # of a table, by column
TABLES = (SqlRun, SqlTag, SqlParam, SqlMetric, SqlLatestMetric)  # a row before what names it


@dataclass(frozen=True)
class WholeRun:
    """A run that has ended, with everything in it.

    Attributes:
        status: MLflow's, which is not RUNNING.
        curves: the metrics that have steps: name -> step -> value.
    """

    name: str
    status: str
    start_ms: int
    end_ms: int
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    curves: Mapping[str, Mapping[int, float]]

    @staticmethod
    def of(trial: Trial, parent_id: str, member: bool, colours: Mapping[str, str]) -> WholeRun:
        """Returns the run of a finished trial.

        Args:
            parent_id: id of the search's run.
            member: whether the trial is a member of the frontier.
            colours: of the families, by name.
        """
        return WholeRun(
            f"{trial.number} {trial.candidate.family}",
            payload.run_status(trial),
            payload.milliseconds(trial.started_at),
            payload.milliseconds(trial.finished_at),
            payload.trial_tags(trial, parent_id, member, colours),
            payload.trial_params(trial),
            payload.trial_metrics(trial),
            payload.trial_curves(trial),
        )

    def points(self) -> Iterator[tuple[str, int, float]]:
        """Yields the name, the step and the value of every metric, and of each step."""
        yield from ((name, 0, value) for name, value in self.metrics.items())
        for name, curve in self.curves.items():
            yield from ((name, step, value) for step, value in curve.items())


def store_of(client: MlflowClient) -> SqlAlchemyStore | None:
    """Returns the database that a client writes, or None: it is a server or another store."""
    # imported here, because a server needs nothing of it
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    store = getattr(getattr(client, "_tracking_client", None), "store", None)
    return store if type(store) is SqlAlchemyStore else None


def write(store: SqlAlchemyStore, experiment: Experiment, runs: Sequence[WholeRun]) -> list[str]:
    """Writes new runs in one transaction, and returns their ids.

    Raises:
        MlflowException: the experiment is deleted, or the database refuses.
    """
    if experiment.lifecycle_stage != LifecycleStage.ACTIVE:
        raise MlflowException(f"the experiment {experiment.name!r} is deleted")
    ids = [uuid.uuid4().hex for _ in runs]
    rows: dict[type, list[Row]] = {table: [] for table in TABLES}
    for run_id, run in zip(ids, runs, strict=True):
        points = _points(run)
        own: dict[type, list[Row]] = {
            SqlRun: [_row(run, experiment, run_id)],
            SqlTag: _pairs({**run.tags, MLFLOW_RUN_NAME: run.name}),
            SqlParam: _pairs(run.params),
            SqlMetric: points,
            SqlLatestMetric: _latest(points),
        }
        for table, few in own.items():
            rows[table] += [{"run_uuid": run_id, **row} for row in few]
    with store.ManagedSessionMaker(read_only=False) as session:
        for table, listed in rows.items():
            if listed:
                session.execute(insert(table), listed)
    return ids


def tag(store: SqlAlchemyStore, wanted: Sequence[tuple[str, Mapping[str, str]]]) -> None:
    """Writes tags of several runs in one transaction.

    Args:
        wanted: ids of runs, and the tags of each.
    """
    with store.ManagedSessionMaker(read_only=False) as session:
        for run_id, tags in wanted:
            for key, value in tags.items():
                session.merge(SqlTag(run_uuid=run_id, key=key, value=value))


def _row(run: WholeRun, experiment: Experiment, run_id: str) -> Row:
    # MLflow has no types for it
    files = append_to_uri_path(  # type: ignore[no-untyped-call]
        experiment.artifact_location, run_id, "artifacts"
    )
    return {
        "name": run.name,
        "source_type": SourceType.to_string(SourceType.UNKNOWN),
        "source_name": "",
        "entry_point_name": "",
        "source_version": "",
        "user_id": "unknown",
        "status": run.status,
        "start_time": run.start_ms,
        "end_time": run.end_ms,
        "lifecycle_stage": LifecycleStage.ACTIVE,
        "artifact_uri": files,
        "experiment_id": int(experiment.experiment_id),
    }


def _pairs(values: Mapping[str, str]) -> list[Row]:
    return [{"key": key, "value": value} for key, value in values.items()]


def _points(run: WholeRun) -> list[Row]:
    return [
        {"key": key, "value": value, "timestamp": run.end_ms, "step": step, "is_nan": False}
        for key, step, value in run.points()
    ]


def _latest(points: Sequence[Row]) -> list[Row]:
    """Returns the point of the largest step of each metric."""
    latest: dict[str, Row] = {}
    for point in points:
        before = latest.setdefault(point["key"], point)
        if (point["step"], point["value"]) > (before["step"], before["value"]):
            latest[point["key"]] = point
    return [*latest.values()]
