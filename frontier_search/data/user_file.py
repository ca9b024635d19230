"""A dataset from a user's .csv or .npz file.

The target's dtype decides the task. Booleans, strings and integers are classes (2 distinct values:
binary, 3 to 50: multiclass), floats are a regression. Integers with more than 50 distinct values
are a regression too, because they are more likely counts than classes. So a count with few distinct
values must be written as floats (``3.0``) to be a regression, and 0/1 labels as integers to be
classes.

Classes are numbered 0 .. k - 1 in sorted order and split 60/20/20 within each class. A regression
is split 60/20/20 at random. The training rows standardise the features, and the target of a
regression; ``uint8`` features are pixels, which are divided by 255 instead.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import TARGET_UNIT, Dataset, Split, Task, TrainingBudget
from frontier_search.data.splitting import split_table
from frontier_search.data.table import READERS, TARGET, listed
from frontier_search.errors import SpecError

MIN_ROWS_A_CLASS = 3  # one for each part
MAX_CLASSES = 50
WHITE = 255  # the largest pixel
BUDGET = TrainingBudget(epochs=60, batch_size=64)


def from_file(path: str | Path) -> Dataset:
    """Reads a dataset from a file, once, and holds it in memory.

    Args:
        path: a ``.csv`` or ``.npz`` file, as ``data.table`` describes them.

    Raises:
        SpecError: the file is missing or unreadable, or is no dataset; everything that is wrong
            with it, each a sentence.
    """
    file = Path(path)
    if file.suffix.lower() not in READERS:
        raise SpecError(
            f"cannot tell the format of {str(path)!r}; give a file that ends in .csv or .npz."
        )
    if not file.is_file():
        raise SpecError(
            f"there is no file {str(path)!r}; give the path of an existing .csv or .npz file, or "
            "the name of a dataset."
        )
    table = READERS[file.suffix.lower()](file)
    task, y, n_outputs = _target(table.y, str(path))
    pixels = table.x.dtype == np.uint8
    x = table.x.astype(np.float32) / WHITE if pixels else table.x.astype(np.float64)
    return Dataset(
        name=str(path),
        task=task,
        n_features=x.shape[1],
        n_outputs=n_outputs,
        unit=TARGET_UNIT if task == "regression" else "nats",
        source=f"file {path}",
        budget=BUDGET,
        split=partial(_split, x, y, task, pixels),
        image=table.image,
    )


def _split(x: NDArray[Any], y: NDArray[Any], task: Task, pixels: bool, seed: int) -> Split:
    """Splits the rows. A function of the module, because a dataset with a closure has no pickle."""
    return split_table(x, y, task, seed, scaled=pixels)


def _target(y: NDArray[Any], path: str) -> tuple[Task, NDArray[Any], int]:
    """Returns the task, the encoded target and the number of outputs.

    The target is float64, or int64 class numbers, of shape (n_rows,).
    """
    if y.dtype.kind not in "biufUS":
        raise SpecError(
            f"the target of {path!r} has dtype {y.dtype}; allowed are booleans, integers, floats "
            "and strings. Convert it."
        )
    values, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    if len(values) == 1:
        raise SpecError(
            f"the target of {path!r} is {values.tolist()[0]!r} in every row; give a column with at "
            "least two distinct values."
        )
    if y.dtype.kind == "f" or (y.dtype.kind in "iu" and len(values) > MAX_CLASSES):
        return "regression", y.astype(np.float64), 1
    if len(values) > MAX_CLASSES:
        raise SpecError(
            f"the target of {path!r} has {len(values)} distinct strings; 2 to {MAX_CLASSES} "
            f"classes are allowed. Merge rare classes, or give another column the name {TARGET!r}."
        )
    rare = [
        f"{value!r} ({count})"
        for value, count in zip(values.tolist(), counts, strict=True)
        if count < MIN_ROWS_A_CLASS
    ]
    if rare:
        raise SpecError(
            f"classes of {path!r} with fewer than {MIN_ROWS_A_CLASS} rows: {listed(rare)}. Each "
            f"needs {MIN_ROWS_A_CLASS}, one for each part of the split. Merge or drop them. If the "
            "target is a number to predict, write it as floats, e.g. 3.0."
        )
    classes = codes.astype(np.int64)
    return ("binary", classes, 1) if len(values) == 2 else ("multiclass", classes, len(values))
