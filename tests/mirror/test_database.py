"""MLflow's database: whole tables at once, whatever the cache holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from mlflow import MlflowClient

from frontier_search.mirror import database

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload``")


def tables(path: Path) -> set[tuple[str, ...]]:
    """Returns the tables and indices of a database, each with the lines of the SQL that makes it.

    The lines are sorted, because MLflow writes a table's constraints in any order.
    """
    with closing(sqlite3.connect(path)) as connection:
        made = connection.execute("SELECT name, coalesce(sql, '') FROM sqlite_master").fetchall()
    lines = ([line.strip(",\t ") for line in sql.split("\n")] for _, sql in made)
    return {(name, *sorted(each)) for (name, _), each in zip(made, lines, strict=True)}


def test_a_database_is_as_mlflow_creates_it_whether_the_cache_is_empty_filled_or_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    MlflowClient(f"sqlite:///{tmp_path / 'expected.db'}").search_experiments()
    expected = tables(tmp_path / "expected.db")
    for name in ("empty", "filled", "damaged"):
        if name == "damaged":
            kept = database.without_rows()
            kept.write_bytes(kept.read_bytes()[:5000])
        made = tmp_path / name / "mlflow.db"
        database.create(made, tmp_path / name / "artifacts")
        assert tables(made) == expected
        client = MlflowClient(f"sqlite:///{made}")
        (default,) = client.search_experiments()
        assert default.experiment_id == "0"
        assert default.artifact_location == str(tmp_path / name / "artifacts" / "0")
        assert client.create_experiment("first", "elsewhere") == "1"
    assert len(list((tmp_path / "cache" / "frontier-search").iterdir())) == 1


def test_a_cache_that_cannot_be_written_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    database.create(tmp_path / "mlflow.db", tmp_path / "artifacts")
    assert len(MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}").search_experiments()) == 1
