"""The logged model of a user's own table takes raw rows, without the search and its table."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.entities import LoggedModel, LoggedModelStatus

from frontier_search import Frontier, find, read_trials, run
from frontier_search.mirror import model_check, models
from frontier_search.mirror.mirror import Mirror
from frontier_search.predictor import Predictor
from frontier_search.search.search import Search
from frontier_search.storage.catalog import Entry
from tests.support import passengers

LOAD = """
import sys, mlflow, pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
print(model.predict(pd.read_csv(sys.argv[2])).to_json(orient="split"))
"""
SETTINGS = {"trials": 2, "seeds": 2, "epochs": 5, "families": ["linear", "low_rank"]}


@pytest.fixture(params=["survived", "fare"])
def entry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Entry]:
    """A search of classes, or of a number."""
    table, before = passengers.write(tmp_path / "passengers.csv"), mlflow.get_tracking_uri()
    spec = {"name": "one", "dataset": str(table), "target": request.param}
    run(Search.from_spec(spec | SETTINGS), tmp_path / "runs", "inline")
    found = find("one", tmp_path / "runs")
    mlflow.set_tracking_uri(found.locations.tracking_uri)
    yield found
    mlflow.set_tracking_uri(before)


def logged(entry: Entry) -> list[LoggedModel]:
    experiments = [each.experiment_id for each in mlflow.search_experiments()]
    listed = mlflow.search_logged_models(experiment_ids=experiments, output_format="list")
    return [model for model in listed if "uid" in model.tags]


def test_it_predicts_raw_rows_elsewhere_as_the_member_does(entry: Entry, tmp_path: Path) -> None:
    Mirror(entry).sync()
    frontier = Frontier.of(read_trials(entry), entry.search.objective_table())
    members = {member.uid: Predictor.of(entry, member) for member in frontier.members}
    rows = passengers.frame(30, seed=4)
    rows[rows.columns[::-1]].to_csv(tmp_path / "new.csv", index=False)
    found = logged(entry)
    assert {model.tags["uid"] for model in found} == set(members)
    folder = shutil.copytree(
        models._held(found[0].artifact_location, tmp_path), tmp_path / "elsewhere" / "model"
    )
    expected = members[found[0].tags["uid"]].predict(rows)
    shutil.rmtree(entry.folder.path)
    (tmp_path / "passengers.csv").unlink()
    assert all(model.status == LoggedModelStatus.READY for model in found)
    program = subprocess.run(
        [sys.executable, "-c", LOAD, str(folder), str(tmp_path / "new.csv")],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    told = json.loads(program.stdout)
    assert told["columns"] == expected.columns.tolist()
    values = pd.DataFrame(told["data"], columns=told["columns"])
    if entry.search.table.target == ("fare",):
        assert np.allclose(values.to_numpy(), expected.to_numpy(), rtol=1e-3)
    else:
        assert values.to_numpy().tolist() == expected.to_numpy().tolist()
    signature = mlflow.models.get_model_info(str(folder)).signature
    empty = mlflow.pyfunc.load_model(str(folder)).predict(rows[:0])
    assert (len(empty), list(empty.columns)) == (0, list(entry.search.table.target))
    assert "sex" in signature.inputs.input_names()
    assert signature.outputs.input_names() == list(entry.search.table.target)


def test_a_model_that_predicts_otherwise_is_not_ready(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is compared is what training gave; here it is made to differ by a little."""
    honest = model_check.difference

    def differs(folder, dataset, seed, trained):  # type: ignore[no-untyped-def]
        def other(x):  # type: ignore[no-untyped-def]
            return trained(x) + 0.01

        assert honest(folder, dataset, seed, trained) is None
        return honest(folder, dataset, seed, other)

    monkeypatch.setattr(model_check, "difference", differs)
    Mirror(entry).sync()
    found = logged(entry)
    assert found
    assert all(model.status == LoggedModelStatus.FAILED for model in found)
