"""What travels with a model: raw rows become its inputs, and its outputs predictions."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from frontier_search.data.dataset import Dataset
from frontier_search.errors import SpecError
from frontier_search.table import reading
from frontier_search.table.coding import Scale
from frontier_search.table.options import TableOptions
from frontier_search.table.preprocessing import Preprocessing

RNG = np.random.default_rng(3)
N = 60
FRAME = pd.DataFrame(
    {
        "size": np.where(np.arange(N) % 7 == 0, np.nan, RNG.normal(50.0, 9.0, N)),
        "colour": np.array(["red", "green", " blue "])[RNG.integers(3, size=N)],
        "open": np.array(["yes", "no"])[RNG.integers(2, size=N)],
        "day": pd.date_range("2024-01-01", periods=N).strftime("%Y-%m-%d")[RNG.permutation(N)],
        "kind": np.array(["cat", "dog", "ant"])[np.arange(N) % 3],
    }
)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    path = tmp_path / "rows.csv"
    FRAME.to_csv(path, index=False)
    return reading.dataset(path, TableOptions(target=("kind",)))


def test_raw_rows_become_exactly_the_rows_that_models_are_trained_on(dataset: Dataset) -> None:
    assert dataset.preprocessing and dataset.raw_rows
    for seed in (101, 202):
        preprocessing, split = dataset.preprocessing(seed), dataset.split(seed)
        assert preprocessing.width == dataset.n_features == len(preprocessing.features)
        for part in ("train", "val", "test"):
            rows = dataset.raw_rows(seed, part)
            shuffled = rows[[*reversed(rows.columns)]].assign(unknown="a further column")
            seen = preprocessing.transform(shuffled)
            assert seen.dtype == np.float32
            assert np.array_equal(seen, getattr(split, part).x)
            classes = [dataset.classes[number] for number in getattr(split, part).y]
            assert classes == rows["kind"].tolist()


def test_it_is_written_as_json_and_nothing_is_lost(dataset: Dataset) -> None:
    assert dataset.preprocessing
    preprocessing = dataset.preprocessing(101)
    assert Preprocessing.from_json(json.loads(json.dumps(preprocessing.to_json()))) == preprocessing
    later = preprocessing.to_json() | {"version": 99}
    with pytest.raises(SpecError, match="use a later frontier-search"):
        Preprocessing.from_json(later)


def test_missing_columns_are_refused_by_name_and_cells_by_their_row(dataset: Dataset) -> None:
    assert dataset.preprocessing
    preprocessing = dataset.preprocessing(101)
    with pytest.raises(SpecError, match="no column 'colour', 'open'"):
        preprocessing.transform(FRAME.drop(columns=["colour", "open"]))
    wrong = FRAME.astype(object)
    wrong.loc[4, "size"] = "large"
    with pytest.raises(SpecError, match="column 'size', row 5: 'large' is not a number"):
        preprocessing.transform(wrong)


def test_an_unknown_level_is_zeros_and_a_missing_number_is_told(dataset: Dataset) -> None:
    assert dataset.preprocessing
    preprocessing = dataset.preprocessing(101)
    row = {"size": [None], "colour": ["pink"], "open": [None], "day": ["2024-01-05"]}
    seen = dict(zip(preprocessing.features, preprocessing.transform(row)[0], strict=True))
    assert seen["size is missing"] == 1.0
    assert [seen[f"colour = {level}"] for level in ("blue", "green", "red")] == [0.0] * 3
    assert seen["open = yes"] == 0.0


def test_outputs_become_class_names_and_probabilities(dataset: Dataset) -> None:
    assert dataset.preprocessing
    preprocessing = dataset.preprocessing(101)
    outputs = np.array([[2.0, 0.0, -1.0], [0.0, 0.0, 5.0]], dtype=np.float32)
    assert preprocessing.decode(outputs).tolist() == ["ant", "dog"]
    sums = preprocessing.probabilities(outputs).sum(axis=1)
    np.testing.assert_allclose(sums, 1.0)


def test_outputs_become_numbers_in_the_unit_of_the_target(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    FRAME.assign(price=RNG.normal(3e5, 1e4, N)).to_csv(path, index=False)
    dataset = reading.dataset(path, TableOptions(target=("price",)))
    assert dataset.preprocessing and dataset.raw_rows
    test = dataset.split(101).test
    prices = dataset.preprocessing(101).decode(test.y[:, None])
    np.testing.assert_allclose(prices, dataset.raw_rows(101, "test")["price"], rtol=1e-6)


def test_numbers_whose_squares_are_beyond_64_bits_keep_their_differences() -> None:
    values = RNG.normal(size=N)
    scaled, huge = (Scale.fit(values * unit).apply(values * unit) for unit in (1e100, 1e300))
    np.testing.assert_allclose(huge, scaled, rtol=1e-6)
