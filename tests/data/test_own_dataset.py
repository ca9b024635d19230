"""What is wrong with the rows of a user's own dataset is a sentence, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frontier_search import Dataset, Rows, SpecError, Split, run
from tests.support import toys

BINARY = toys.dataset("binary")


def changed(dataset: Dataset, change: Callable[[Rows], Any]) -> Dataset:
    """The dataset with other validation rows."""
    return replace(
        dataset,
        split=lambda seed: replace(dataset.split(seed), val=change(dataset.split(seed).val)),
    )


def not_finite(rows: Rows) -> Rows:
    rows.x[0, 0] = np.nan
    return rows


def of_another_size(seed: int) -> Split:
    whole = toys.MULTICLASS.split(seed)
    return replace(whole, test=Rows(whole.test.x[: seed % 7 + 1], whole.test.y[: seed % 7 + 1]))


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        (
            replace(BINARY, task="classification"),
            (
                "task = 'classification' with n_outputs = 1; a task is regression with one output "
                "per target, binary with one output, or multiclass with one per class."
            ),
        ),
        (replace(BINARY, n_outputs=2), "task = 'binary' with n_outputs = 2; a task is"),
        (
            replace(toys.MULTICLASS, n_outputs=1),
            "task = 'multiclass' with n_outputs = 1; a task is",
        ),
        (
            replace(BINARY, n_features=4),
            (
                "seed 101, train: x is float32 of shape (40, 3); "
                "float32 of shape (n_rows, 4) with rows is needed."
            ),
        ),
        (
            changed(BINARY, lambda rows: Rows(rows.x[:0], rows.y[:0])),
            "seed 101, val: x is float32 of shape (0, 3)",
        ),
        (
            changed(BINARY, lambda rows: replace(rows, x=rows.x.astype(np.float64))),
            "seed 101, val: x is float64",
        ),
        (
            changed(BINARY, lambda rows: replace(rows, y=rows.y[:, None])),
            "val: y is float32 of shape (40, 1); float32 of shape (40,) is",
        ),
        (
            replace(BINARY, task="multiclass", n_outputs=2),
            "y is float32 of shape (40,); int64 of shape (40,) is needed for multiclass.",
        ),
        (changed(BINARY, not_finite), "seed 101, val: x or y holds a value that is not finite"),
        (
            changed(BINARY, lambda rows: replace(rows, y=rows.y * 2)),
            "seed 101, val: y holds other classes than 0 to 1; number them from 0.",
        ),
        (
            changed(toys.MULTICLASS, lambda rows: replace(rows, y=rows.y + 1)),
            "seed 101, val: y holds other classes than 0 to 2",
        ),
        (changed(BINARY, lambda rows: None), "seed 101 cannot be split: AttributeError"),
        (replace(BINARY, split=lambda seed: 1 // 0), "seed 101 cannot be split: ZeroDivisionError"),
        (replace(toys.MULTICLASS, split=of_another_size), "seeds give splits of different sizes"),
    ],
)
def test_rows_that_cannot_be_trained_on(
    dataset: Dataset, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"OWN_{abs(hash(words))}"  # a zoo loads a name once
    monkeypatch.setattr(toys, name, dataset, raising=False)
    search = toys.search(dataset=f"tests.support.toys:{name}")
    with pytest.raises(SpecError) as caught:
        run(search, tmp_path, executor="inline")
    assert caught.value.problems[0].startswith(f"dataset 'tests.support.toys:{name}': ")
    assert words in caught.value.problems[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dataset", [toys.MULTICLASS, BINARY, toys.REGRESSION, toys.IMAGES])
def test_rows_that_are_right_have_no_problems(dataset: Dataset) -> None:
    assert dataset.problems([101, 202, 303]) == []
