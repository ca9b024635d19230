"""The contract that every dataset of the table keeps, and the settings that the published study gives."""

from __future__ import annotations

import math
import pickle
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontier_search.data import openml
from frontier_search.data.dataset import Dataset, Rows, Split
from frontier_search.data.datasets import DATASETS
from frontier_search.data.splitting import (
    Sizes,
    at_random,
    in_order,
    sixty_twenty_twenty,
    standardised,
    stratified,
)
from frontier_search.errors import SpecError
from frontier_search.files import write_arrays

SEEDS = (101, 202, 303)
PARTS = ("train", "val", "test")
N_ROWS = {  # (train, val, test); 60/20/20 of every class for iris, wine and digits
    "friedman1": (900, 300, 300),
    "sine": (300, 100, 100),
    "multiscale_fourier_regression": (900, 300, 300),
    "swiss_roll": (600, 200, 200),
    "circles": (600, 200, 200),
    "moons": (600, 200, 200),
    "s_curve_binary": (600, 200, 200),
    "gaussian_quantiles": (600, 200, 200),
    "classification_20d": (600, 200, 200),
    "iris": (90, 30, 30),
    "wine": (106, 36, 36),
    "digits": (1079, 359, 359),
    "mnist": (6000, 2000, 2000),
    "fashion_mnist": (6000, 2000, 2000),
    "synthetic_3class": (600, 200, 200),
    "synthetic_5class": (900, 300, 300),
}
N_TWINS = {
    "iris": 1
}  # irises 102 and 143 are equal in all four measurements and in species; no other dataset has equal rows
IMAGES = ("digits", "mnist", "fashion_mnist")
FROM_FILES = ("mnist", "fashion_mnist")  # or from the network, once
RAW_FEATURES = {
    "friedman1": (0.0, 1.0),
    "multiscale_fourier_regression": (-1.0, 1.0),
} | dict.fromkeys(IMAGES, (0.0, 1.0))  # and their interval


@pytest.fixture(scope="module", autouse=True)
def users_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Files of random images in the place of those that are not part of the package."""
    folder = tmp_path_factory.mktemp("images")
    for i, name in enumerate(FROM_FILES):
        images = np.random.default_rng(i).integers(0, 256, (10_000, 28, 28), dtype=np.uint8)
        write_arrays(
            folder / f"{name}_10k.npz", {"X": images, "y": np.arange(10_000, dtype=np.uint8) % 10}
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(openml.FOLDER, str(folder))
        yield folder


@cache
def split_of(name: str, seed: int) -> Split:
    return DATASETS[name].split(seed)


def parts_of(split: Split) -> dict[str, Rows]:
    return {part: getattr(split, part) for part in PARTS}


def as_bytes(split: Split) -> list[bytes]:
    return [array.tobytes() for rows in parts_of(split).values() for array in (rows.x, rows.y)]


@pytest.fixture(params=list(DATASETS))
def dataset(request: pytest.FixtureRequest) -> Dataset:
    return DATASETS[request.param]


def test_metadata_is_complete_and_agrees_with_the_task(dataset: Dataset) -> None:
    assert DATASETS[dataset.name] is dataset
    assert (
        dataset.unit == "nats"
        if dataset.task != "regression"
        else dataset.unit.startswith("squared")
    )
    assert dataset.n_outputs == 1 if dataset.task != "multiclass" else dataset.n_outputs >= 3
    assert dataset.source


def test_budget_brackets_the_published_settings(dataset: Dataset) -> None:
    budget = dataset.budget
    low, high = dataset.learning_rate
    assert 0 < low < 5e-3 and 1e-2 < high < 1  # Adam at 5e-3 to 1e-2 in all of them
    assert budget.epochs > 0 and 32 <= budget.batch_size <= 64


def test_same_seed_same_rows_whatever_the_global_random_state(dataset: Dataset) -> None:
    np.random.seed(0)
    before = np.random.get_state()[1].tobytes()
    first = as_bytes(dataset.split(SEEDS[0]))
    assert np.random.get_state()[1].tobytes() == before
    np.random.seed(1)
    assert as_bytes(dataset.split(SEEDS[0])) == first


def test_other_seed_other_rows(dataset: Dataset) -> None:
    one, other = (parts_of(split_of(dataset.name, seed)) for seed in SEEDS[:2])
    for part in PARTS:
        assert not np.array_equal(one[part].x, other[part].x)


@pytest.mark.parametrize("seed", SEEDS)
def test_sizes_are_the_same_for_every_seed(dataset: Dataset, seed: int) -> None:
    assert (
        tuple(len(rows) for rows in parts_of(split_of(dataset.name, seed)).values())
        == N_ROWS[dataset.name]
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_no_row_is_in_two_splits(dataset: Dataset, seed: int) -> None:
    rows = parts_of(split_of(dataset.name, seed)).values()
    together = np.concatenate([np.column_stack([part.x, part.y]) for part in rows])
    assert len(together) - len(np.unique(together, axis=0)) == N_TWINS.get(dataset.name, 0)


def test_shapes_and_dtypes_are_those_declared(dataset: Dataset) -> None:
    for rows in parts_of(split_of(dataset.name, SEEDS[0])).values():
        assert rows.x.shape == (len(rows), dataset.n_features)
        assert rows.x.dtype == np.float32 and rows.x.flags.c_contiguous
        assert rows.y.shape == (len(rows),)
        assert rows.y.dtype == (np.int64 if dataset.task == "multiclass" else np.float32)
        assert np.isfinite(rows.x).all() and np.isfinite(rows.y).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_every_split_has_every_class_and_nothing_else(dataset: Dataset, seed: int) -> None:
    for rows in parts_of(split_of(dataset.name, seed)).values():
        if dataset.task == "regression":
            assert len(np.unique(rows.y)) > len(rows) / 2
        else:
            assert np.unique(rows.y).tolist() == list(
                range(2 if dataset.task == "binary" else dataset.n_outputs)
            )


def test_features_are_standardised_by_the_training_rows_or_left_in_their_interval(
    dataset: Dataset,
) -> None:
    split = split_of(dataset.name, SEEDS[0])
    if dataset.name in RAW_FEATURES:
        low, high = RAW_FEATURES[dataset.name]
        together = np.concatenate([rows.x for rows in parts_of(split).values()])
        assert low <= together.min() < low + 0.01 and high - 0.01 < together.max() <= high
    else:
        np.testing.assert_allclose(split.train.x.mean(axis=0, dtype=np.float64), 0.0, atol=1e-5)
        np.testing.assert_allclose(split.train.x.std(axis=0, dtype=np.float64), 1.0, atol=1e-5)
        assert (
            np.abs(split.test.x.mean(axis=0, dtype=np.float64)).max() > 1e-3
        )  # the test rows had no say


def test_a_dataset_can_be_sent_to_a_worker(dataset: Dataset) -> None:
    assert pickle.loads(pickle.dumps(dataset)) == dataset


def test_friedman1_is_friedmans_function_with_unit_noise_and_a_standardised_target() -> None:
    train = split_of("friedman1", SEEDS[0]).train
    x = train.x.astype(np.float64)
    f = (
        10 * np.sin(np.pi * x[:, 0] * x[:, 1])
        + 20 * (x[:, 2] - 0.5) ** 2
        + 10 * x[:, 3]
        + 5 * x[:, 4]
    )
    assert train.y.mean() == pytest.approx(0.0, abs=1e-5) and train.y.std() == pytest.approx(
        1.0, abs=1e-5
    )
    slope, intercept = np.polyfit(train.y, f, 1)
    noise = (f - intercept - slope * train.y).std()
    assert 0.9 < noise < 1.1


def test_sine_has_a_raw_target_and_two_periods() -> None:
    train = split_of("sine", SEEDS[0]).train
    x = train.x[:, 0].astype(np.float64)
    phase = (
        (x - x.min()) / (x.max() - x.min()) * 4 * np.pi
    )  # 300 uniform rows reach both ends but for a few hundredths
    assert 0.08 < (train.y - np.sin(phase)).std() < 0.15


def test_multiscale_target_is_the_sum_of_three_sines_with_noise() -> None:
    train = split_of("multiscale_fourier_regression", SEEDS[0]).train
    x0, x1 = train.x.T.astype(np.float64)
    f = np.sin(np.pi * x0) + 0.5 * np.sin(5 * np.pi * x1) + 0.25 * np.sin(9 * np.pi * x0)
    assert (train.y - f).std() == pytest.approx(0.1, abs=0.01)


def test_digits_are_all_1797_images_in_sixteenths() -> None:
    rows = parts_of(split_of("digits", SEEDS[0])).values()
    assert sum(map(len, rows)) == 1797
    pixels = np.concatenate([part.x for part in rows]) * 16
    assert np.array_equal(pixels, pixels.round())


def test_images_are_the_features_that_say_so(dataset: Dataset) -> None:
    assert (dataset.image is not None) == (dataset.name in IMAGES)
    assert dataset.image is None or math.prod(dataset.image) == dataset.n_features


def test_the_whole_file_comes_before_the_smaller_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    y = np.arange(50) % 10
    monkeypatch.setenv(openml.FOLDER, str(tmp_path))
    for name, n_rows in (("mnist_10k", 40), ("mnist", 50)):
        write_arrays(
            tmp_path / f"{name}.npz",
            {"X": np.full((n_rows, 784), n_rows, np.uint8), "y": y[:n_rows]},
        )
        file = DATASETS["mnist"].file
        assert file is not None and file() == tmp_path / f"{name}.npz"
        split = DATASETS["mnist"].split(1)
        assert sum(map(len, parts_of(split).values())) == n_rows
        assert (split.train.x * 255).round().max() == n_rows


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (
            np.zeros((30, 784)),
            np.arange(30) % 10,
            "float64, (30, 784); images of uint8, (n, 784), are needed",
        ),
        (np.zeros((30, 64), np.uint8), np.arange(30) % 10, "uint8, (30, 64); images of uint8"),
        (np.zeros((30, 784), np.uint8), np.arange(30), "whole numbers from 0 to 9 are needed"),
        (np.zeros((30, 784), np.uint8), np.zeros(29, int), "they must be equal"),
    ],
)
def test_a_file_that_holds_other_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, x: object, y: object, said: str
) -> None:
    monkeypatch.setenv(openml.FOLDER, str(tmp_path))
    np.savez(tmp_path / "mnist.npz", X=x, y=y)  # type: ignore[arg-type]
    with pytest.raises(SpecError, match=re.escape(said)):
        DATASETS["mnist"].split(1)


def test_without_a_file_images_are_fetched_once_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fetch(data_id: int, **settings: object) -> tuple[object, object]:
        asked.append(data_id)
        return np.full((40, 784), 7.0), np.array([str(i % 10) for i in range(40)], dtype=object)

    monkeypatch.delenv(openml.FOLDER)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)
    first = as_bytes(DATASETS["fashion_mnist"].split(1))
    assert as_bytes(DATASETS["fashion_mnist"].split(1)) == first
    assert asked == [40996]


def test_without_a_file_and_a_network_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise URLError("no network")

    monkeypatch.setenv(openml.FOLDER, str(tmp_path))
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    monkeypatch.setattr("sklearn.datasets._openml.urlopen", refuse)
    start = time.monotonic()
    with pytest.raises(
        SpecError,
        match=r"there is no mnist\.npz or mnist_10k\.npz in .*no network.*Set FRONTIER_SEARCH_DATA",
    ) as caught:
        DATASETS["mnist"].split(1)
    assert time.monotonic() - start < 5
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["swiss_roll", "s_curve_binary", "circles", "moons", "gaussian_quantiles"]
)
def test_binary_toys_have_even_classes(name: str) -> None:
    assert sum(float(rows.y.sum()) for rows in parts_of(split_of(name, SEEDS[0])).values()) == 500


@pytest.mark.parametrize("name", ["classification_20d", "synthetic_3class", "synthetic_5class"])
def test_two_seeds_draw_from_one_problem(name: str) -> None:
    """The class means of two seeds are far nearer to each other than the classes are."""
    one, other = (split_of(name, seed).train for seed in SEEDS[:2])
    labels = range(max(2, DATASETS[name].n_outputs))
    means, again = (
        np.stack([rows.x[rows.y == label].mean(axis=0) for label in labels])
        for rows in (one, other)
    )
    assert (
        np.linalg.norm(means - again, axis=1).max()
        < np.linalg.norm(means - means.mean(axis=0), axis=1).min()
    )


def test_loading_every_member_imports_neither_scikit_learn_nor_pandas() -> None:
    code = (
        "import sys; from frontier_search.data.datasets import DATASETS\n"
        "assert [d.name for d in DATASETS.values()] == list(DATASETS)\n"
        "heavy = [m for m in ('sklearn', 'scipy', 'pandas', 'torch') if m in sys.modules]\n"
        "DATASETS['iris'].split(0); print(heavy, 'sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[] True", done.stderr


@given(counts=st.lists(st.integers(3, 40), min_size=1, max_size=5), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=50)
def test_stratified_parts_share_out_every_row_once_and_every_class_alike(
    counts: list[int], seed: int
) -> None:
    classes = np.repeat(np.arange(len(counts)), counts)
    parts = stratified(classes, seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(classes)))
    shares = [np.bincount(classes[part], minlength=len(counts)).tolist() for part in parts]
    assert list(zip(*shares, strict=True)) == [
        tuple(sixty_twenty_twenty(count)) for count in counts
    ]
    assert min(map(min, shares)) >= 1


@given(n_rows=st.integers(10, 200), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=50)
def test_random_parts_are_disjoint_and_of_the_sizes_asked_for(n_rows: int, seed: int) -> None:
    sizes = Sizes(train=5, val=3, test=2)
    parts = at_random(n_rows, sizes, seed)
    assert tuple(map(len, parts)) == sizes == tuple(map(len, in_order(sizes)))
    assert len(set(np.concatenate(parts).tolist()) & set(range(n_rows))) == sum(sizes)


def test_a_column_that_is_constant_on_the_training_rows_is_not_scaled() -> None:
    values = np.column_stack([np.full(10, 0.1), np.arange(10.0)])
    values[9, 0] = 0.4
    scaled = standardised(values, np.arange(9))
    np.testing.assert_allclose(scaled[:, 0], [0.0] * 9 + [0.3], atol=1e-12)
    assert scaled[:9, 1].std() == pytest.approx(1.0)
