"""Rows of a long table: a sequence each, or windows of a series, and no step in two parts."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from frontier_search import Search, SpecError, run
from frontier_search.cli.predict import command
from frontier_search.table import own, sequences
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable, Written
from frontier_search.table.understanding import Understanding, understand

BY_ID = TableOptions(sequence="id", time="t")
WINDOWS = TableOptions(window=4, time="t", target=("y",))


def long_table(seed: int = 0, n: int = 40, longest: int = 7) -> pd.DataFrame:
    """n sequences of 2 to 7 steps of two numbers, two classes, in shuffled rows."""
    rng = np.random.default_rng(seed)
    rows = [
        {"id": f"s{i}", "t": t, "a": rng.normal(), "b": rng.normal(3.0, 2.0), "label": i % 2}
        for i in range(n)
        for t in range(int(rng.integers(2, longest + 1)))
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=seed).reset_index(drop=True)


def colours(frame: pd.DataFrame) -> list[str]:
    return [("red", "blue")[i % 2] for i in range(len(frame))]


def series(n: int = 100) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame({"t": np.arange(n), "u": rng.normal(size=n), "y": rng.normal(size=n)})


def read(frame: pd.DataFrame, options: TableOptions) -> Understanding:
    return understand(RawTable(frame, Written("rows"), source="'rows'"), options)


@given(seed=st.integers(0, 50))
def test_a_sequence_is_a_row_whose_last_steps_are_real(seed: int) -> None:
    frame = long_table(seed)
    table = read(frame, BY_ID)
    made = own.dataset(table, "rows")
    assert made.sequence == (int(frame.groupby("id").size().max()), 2)
    assert table.n_rows == frame["id"].nunique() and table.targets.names == ("label",)
    sequences = {
        name: (steps[["a", "b"]].to_numpy(), steps["label"].iloc[0])
        for name, steps in frame.sort_values("t").groupby("id")
    }
    rows = table.frame.iloc[:, :-1].to_numpy(dtype=float).reshape(len(sequences), -1, 2)
    names, labels = frame["id"].unique(), table.frame["label"]
    for name, values, found in zip(names, rows, labels, strict=True):
        steps, label = sequences[name]
        np.testing.assert_array_equal(values[-len(steps) :], steps)
        assert np.isnan(values[: -len(steps)]).all()
        assert found == label


def test_a_channel_has_one_scale_and_padding_is_its_mean() -> None:
    made = own.dataset(read(long_table(n=200), BY_ID), "rows")
    raw, train = made.raw_rows, made.split(101).train
    assert raw is not None
    steps = raw(101, "train").iloc[:, :-1].to_numpy(dtype=float)
    seen = train.x[~np.isnan(steps)].astype(float)
    channels = np.where(~np.isnan(steps))[1] % 2
    for channel in (0, 1):
        assert abs(seen[channels == channel].mean()) < 1e-5
        assert seen[channels == channel].std() == pytest.approx(1.0, abs=1e-5)
    assert (train.x[np.isnan(steps)] == 0).all()


@given(length=st.integers(1, 9), ahead=st.integers(0, 3))
def test_a_window_holds_the_steps_before_its_target(length: int, ahead: int) -> None:
    frame = series()
    options = replace(WINDOWS, window=length, ahead=ahead)
    table = read(frame.sample(frac=1, random_state=2).reset_index(drop=True), options)
    channels = ["u", "y"] if ahead else ["u"]
    assert own.dataset(table, "rows").sequence == (length, len(channels))
    assert table.n_rows == len(frame) - length + 1 - ahead
    for row in (0, table.n_rows - 1):
        values = table.frame.iloc[row, :-1].to_numpy(dtype=float).reshape(length, -1)
        np.testing.assert_array_equal(values, frame[channels].iloc[row : row + length])
        assert table.frame["y"][row] == frame["y"][row + length - 1 + ahead]


@given(length=st.integers(1, 12), ahead=st.integers(0, 4))
def test_parts_go_forward_and_share_no_step(length: int, ahead: int) -> None:
    table = read(series(), replace(WINDOWS, window=length, ahead=ahead))
    parts = [np.asarray(part) for part in table.splitter(101)]
    for before, after in itertools.pairwise(parts):
        assert before.max() + length - 1 + ahead < after.min()


def test_the_steps_of_an_array_keep_their_shape(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 5, 3))
    np.savez(tmp_path / "s.npz", X=x, y=np.arange(60) % 2)
    spec = {"name": "s", "dataset": str(tmp_path / "s.npz"), "families": ["gru"], "trials": 1}
    dataset = Search.from_spec(spec).find_dataset()
    assert dataset.sequence == (5, 3) and dataset.n_features == 15


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"time": None}, "--sequence needs the order of the steps: --time COLUMN"),
        ({"window": 3}, "leave one of them out"),
        ({"sequence": "who"}, "--sequence: unknown column 'who'"),
        ({"time": "when"}, "--time: unknown column 'when'"),
        ({"target": ("a",)}, "'a' changes within a sequence; it needs one value a sequence"),
        ({"sequence": None, "ahead": 2}, "give --window STEPS too"),
        (
            {"sequence": None, "window": 3},
            "two steps of one sequence have the same time; several series need --sequence",
        ),
    ],
)
def test_a_mistake_is_a_sentence(options: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        read(long_table(), replace(BY_ID, **options))


@pytest.mark.parametrize(
    ("frame", "options", "said"),
    [
        (long_table().assign(word="red"), {}, None),  # a constant is left out
        (long_table().assign(word=colours), {}, "holds numbers; these columns"),
        (long_table().assign(word=colours), {"drop": ("word",)}, None),
    ],
)
def test_a_step_holds_numbers(
    frame: pd.DataFrame, options: dict[str, Any], said: str | None
) -> None:
    frame = frame[["id", "t", *(c for c in ("word", "a", "b") if c in frame), "label"]]
    if said is None:
        made = read(frame, replace(BY_ID, **options)).raw
        assert made.sequence is not None and made.sequence[1] == 2
        return
    with pytest.raises(SpecError, match=said):
        read(frame, replace(BY_ID, **options))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"window": 200}, "need 201 and more. Give a smaller --window"),
        ({"window": 35}, "leave none for validation or test. Give a smaller --window"),
    ],
)
def test_a_window_that_is_too_long_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        read(series(), replace(WINDOWS, **options)).splitter(0)


@pytest.mark.parametrize("kind", ["sequences", "windows"])
def test_a_member_predicts_steps_as_they_are_in_a_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    if kind == "sequences":
        frame, said = long_table(), {"sequence": "id", "time": "t"}
    else:
        frame, said = series(), {"window": 4, "time": "t", "target": "y"}
    frame.to_csv(path, index=False)
    families = ["last_values", "echo_state", "dense"]
    spec = {"name": "p", "dataset": str(path), "families": families, "trials": 3, "seeds": 1}
    search = Search.from_spec(spec | {"epochs": 2} | said)
    run(search, tmp_path / "home", executor="inline")
    frame.drop(columns="label", errors="ignore").to_csv(tmp_path / "fresh.csv", index=False)
    words = ["p", str(tmp_path / "fresh.csv"), "--home", str(tmp_path / "home")]
    result = CliRunner().invoke(command, words)
    assert result.exit_code == 0, result.output
    predictions = result.stdout.splitlines()[1:]
    expected = frame["id"].nunique() if kind == "sequences" else len(frame) - 4 + 1
    assert len(predictions) == expected


def test_rows_that_lack_a_channel_are_refused() -> None:
    columns = ["a[-1]", "b[-1]", "a[0]", "b[0]"]
    frame = long_table()
    made = sequences.like(frame, BY_ID, columns)
    assert list(made.columns) == columns and len(made) == frame["id"].nunique()
    with pytest.raises(SpecError, match="the rows have no column 'b'; a step needs 'a', 'b'"):
        sequences.like(frame.drop(columns="b"), BY_ID, columns)
