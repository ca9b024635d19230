"""Reads what MLflow holds of a search, for tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run, ViewType

from frontier_search.storage.catalog import Entry

At = Callable[[str], Entry]  # the fixture ``tracked``


def runs_of(entry: Entry, view: int = ViewType.ACTIVE_ONLY) -> dict[str, Run]:
    """Returns every run of the search's experiment by uid; fails if two runs have one uid."""
    client = MlflowClient(entry.locations.tracking_uri)
    experiment = client.get_experiment_by_name(entry.search.name)
    runs = list(client.search_runs([experiment.experiment_id], "", view, 1000))
    by_uid = {run.data.tags["uid"]: run for run in runs}
    assert len(by_uid) == len(runs)
    return by_uid


def rows_of(entry: Entry) -> dict[str, int]:
    """Returns table -> number of rows, of the search's MLflow database."""
    with sqlite3.connect(entry.locations.tracking_uri.removeprefix("sqlite:///")) as database:
        names = [
            name
            for (name,) in database.execute("select name from sqlite_master where type = 'table'")
        ]
        return {
            name: database.execute(f'select count(*) from "{name}"').fetchone()[0] for name in names
        }


def text_of(entry: Entry, run: Run, name: str) -> str:
    """Returns an artifact of a run."""
    return Path(
        MlflowClient(entry.locations.tracking_uri).download_artifacts(run.info.run_id, name)
    ).read_text()
