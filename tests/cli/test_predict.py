"""From a table as people have it to predictions, in two commands."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from frontier_search import Frontier, find, read_trials
from frontier_search.errors import SpecError
from frontier_search.predictor import Predictor
from tests.cli.results import Run, only_mistake
from tests.support import passengers

QUICK = "--trials 6 --seeds 2 --epochs 30 --families linear,dense --cohort 6 --sampler random"
HERE = ["--executor", "inline", "--no-mirror"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("passengers")


@pytest.fixture
def searched(run: Run, home: Path) -> Path:
    """A search of passengers, and rows that nobody has seen, in another order of columns."""
    if not (home / "runs").exists():
        passengers.write(home / "passengers.csv", 300)
        unseen = passengers.frame(200, seed=1)
        unseen[unseen.columns[::-1]].to_csv(home / "new.csv", index=False)
        table = ["--dataset", home / "passengers.csv", "--target", "survived"]
        ended = run("run", *table, *QUICK.split(), *HERE, "--home", home / "runs")
        assert ended.code == 0, ended.err
    return home


def frame_of(out: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(out))


def test_raw_rows_are_predicted_by_the_names_of_classes(run: Run, searched: Path) -> None:
    command = ("predict", "passengers-1", searched / "new.csv", "--home", searched / "runs")
    found = frame_of(run(*command).out)
    truth = pd.read_csv(searched / "new.csv")["survived"]
    assert found.columns.tolist() == ["survived"]
    assert len(found) == len(truth)
    majority = truth.value_counts(normalize=True).max()
    assert (found["survived"] == truth).mean() > majority
    chances = frame_of(run(*command, "--probabilities").out)
    assert chances.columns.tolist() == ["survived = no", "survived = yes"]
    assert np.allclose(chances.sum(axis=1), 1)
    assert ((chances["survived = yes"] > 0.5) == (found["survived"] == "yes")).all()


def test_rows_without_a_value_have_no_prediction_and_that_is_said(
    run: Run, searched: Path, tmp_path: Path
) -> None:
    header, *lines = (searched / "new.csv").read_text().splitlines()
    empty = "," * header.count(",")
    (tmp_path / "new.csv").write_text("\n".join([header, *lines[:2], empty, lines[2], empty]))
    found = run("predict", "passengers-1", tmp_path / "new.csv", "--home", searched / "runs")
    assert found.code == 0 and len(frame_of(found.out)) == 3
    assert "2 empty rows skipped" in found.err


def test_a_member_is_chosen_by_its_number_or_within_a_bound(run: Run, searched: Path) -> None:
    rows, at = searched / "new.csv", ("--home", searched / "runs")
    entry = find("passengers-1", searched / "runs")
    frontier = Frontier.of(read_trials(entry), entry.search.objective_table())
    smallest = frontier.members[0]
    bound = f"params<={smallest.size['effective']}"
    by_bound = run("predict", "passengers-1", rows, "--best", bound, "--probabilities", *at)
    by_number = run(
        "predict", "passengers-1", rows, "--trial", smallest.number, "--probabilities", *at
    )
    assert by_bound.out == by_number.out != ""
    shown = run("frontier", "passengers-1", "--require", bound, "--format", "csv", *at).out
    assert frame_of(shown)["trial"].tolist() == [smallest.number]
    said = only_mistake(run("predict", "passengers-1", rows, "--best", "params<=1", *at))
    assert said.startswith("no member of the frontier keeps params<=1; the smallest have params =")
    assert "not on the frontier" in only_mistake(
        run("predict", "passengers-1", rows, "--trial", "999", *at)
    )


def test_a_member_in_integers_needs_no_table(run: Run, tmp_path: Path) -> None:
    passengers.write(tmp_path / "passengers.csv", 300)
    at = ("--home", tmp_path / "runs")
    whole = QUICK.replace("linear,", "") + " --device cortex-m0plus --numbers int8,int16"
    table = ["--dataset", tmp_path / "passengers.csv", "--target", "survived"]
    ended = run("run", *table, *whole.split(), *HERE, *at)
    assert ended.code == 0, ended.err
    entry = find("passengers-1", tmp_path / "runs")
    members = Frontier.of(read_trials(entry), entry.search.objective_table()).members
    rows = passengers.frame(50, seed=1)
    kept = [Predictor.of(entry, each).probabilities(rows) for each in members]
    (entry.folder.path / "integers.json").rename(tmp_path / "integers.json")
    from_the_table = [Predictor.of(entry, each).probabilities(rows) for each in members]
    (tmp_path / "integers.json").rename(entry.folder.path / "integers.json")
    (tmp_path / "passengers.csv").unlink()
    for one, other in zip(kept, from_the_table, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    again = find("passengers-1", tmp_path / "runs")
    pd.testing.assert_frame_equal(
        Predictor.of(again, members[0]).probabilities(rows), kept[0], check_exact=True
    )


def test_missing_columns_are_refused_by_name(run: Run, searched: Path) -> None:
    pd.read_csv(searched / "new.csv").drop(columns=["age", "sex"]).to_csv(
        searched / "less.csv", index=False
    )
    said = only_mistake(
        run("predict", "passengers-1", searched / "less.csv", "--home", searched / "runs")
    )
    assert "'sex'" in said
    assert "'age'" in said
    pd.read_csv(searched / "new.csv")[:0].to_csv(searched / "none.csv", index=False)
    said = only_mistake(
        run("predict", "passengers-1", searched / "none.csv", "--home", searched / "runs")
    )
    assert said == "there are no rows to predict; give one at least."


def test_the_same_from_python(searched: Path) -> None:
    entry = find("passengers-1", searched / "runs")
    frontier = Frontier.of(read_trials(entry), entry.search.objective_table())
    with pytest.raises(SpecError, match="made of trials alone"):
        frontier.best()
    rows = passengers.frame(7, seed=5).set_index("name")
    found = Predictor.of(entry, frontier.lowest("params<=1000")).predict(rows)
    assert found.index.tolist() == rows.index.tolist()
    assert set(found["survived"]) <= {"yes", "no"}
    as_mapping = {name: rows[name].tolist() for name in rows.columns}
    assert frontier.lowest().number in frontier.numbers()
    assert Predictor.of(entry, frontier.lowest()).predict(as_mapping).shape == (7, 1)


def test_the_table_that_was_searched_is_not_needed(run: Run, searched: Path) -> None:
    command = ("predict", "passengers-1", searched / "new.csv", "--home", searched / "runs")
    before = run(*command).out
    (searched / "passengers.csv").rename(searched / "elsewhere.csv")
    try:
        assert run(*command).out == before
    finally:
        (searched / "elsewhere.csv").rename(searched / "passengers.csv")


def test_a_row_and_a_column_are_enough(run: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=80)
    pd.DataFrame({"x": x, "y": 3 * x}).round(3).to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "one.csv").write_text("x\n0.5\n")
    at = ("--home", tmp_path / "runs")
    ended = run("run", "--dataset", tmp_path / "rows.csv", *QUICK.split(), *HERE, *at)
    assert ended.code == 0, ended.err
    found = frame_of(run("predict", "rows-1", tmp_path / "one.csv", *at).out)
    assert found.columns.tolist() == ["y"] and len(found) == 1


def test_a_search_of_a_shipped_dataset_has_no_raw_rows(run: Run, tmp_path: Path) -> None:
    run("run", "--dataset", "iris", *QUICK.split(), *HERE, "--home", tmp_path)
    rows = tmp_path / "rows.csv"
    rows.write_text("a,b\n1,2\n")
    said = only_mistake(run("predict", "iris-1", rows, "--home", tmp_path))
    assert "only the models of a table of your own take raw rows" in said


def test_weights_and_balanced_classes_decide_what_is_learned(run: Run, searched: Path) -> None:
    """With balanced classes the rarer class is predicted more often."""
    table = ["--dataset", searched / "passengers.csv", "--target", "survived"]
    at, rows = ("--home", searched / "balanced"), searched / "new.csv"
    options = (*QUICK.split(), *HERE, *at, "--class-weight", "balanced")
    assert run("run", *table, *options).code == 0
    balanced = frame_of(run("predict", "passengers-1", rows, *at).out)["survived"]
    plain = run("predict", "passengers-1", rows, "--home", searched / "runs").out
    rare = passengers.frame(300)["survived"].value_counts().idxmin()
    assert (balanced == rare).sum() > (frame_of(plain)["survived"] == rare).sum()
