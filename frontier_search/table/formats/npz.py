"""numpy's .npz archives, with arrays ``X`` and ``y``. Nothing is ever unpickled."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data import archive
from frontier_search.errors import SpecError
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable, Written

# names in any case; a table that is split already has its parts in arrays of their own
TOGETHER = ("X", "y")
PARTS = (
    ("X_train", "y_train", "X_val", "y_val", "X_test", "y_test"),
    ("X_train", "y_train", "X_valid", "y_valid", "X_test", "y_test"),
    ("X_train", "y_train", "X_test", "y_test"),
)


def read(data: bytes, source: str, options: TableOptions) -> RawTable:
    """Reads arrays X (n_rows, ...) and y (n_rows,) or (n_rows, n_targets), or those of each part.

    An X of shape (n_rows, height, width) or (n_rows, channels, height, width) holds images. One of
    shape (n_rows, time, channels) holds sequences: which of the two is for the families to say.

    Raises:
        SpecError: it is no such archive; everything that is wrong, each a sentence.
    """
    stream = io.BytesIO(data)
    del data  # a large table would otherwise be in memory twice
    arrays = archive.load(stream, source, (TOGETHER, *PARTS), any_case=True)
    del stream
    x, y, part = _joined(arrays, source)
    del arrays
    problems = []
    if x.ndim < 2 or 0 in x.shape[1:]:
        problems.append(
            f"X of {source} has shape {x.shape}; it must be (n_rows, n_features, ...). Save "
            "X.reshape(len(X), -1)."
        )
    if y.ndim not in (1, 2) or 0 in y.shape[1:]:
        problems.append(
            f"y of {source} has shape {y.shape}; it must be (n_rows,), or (n_rows, n_targets) for "
            "several targets of a regression."
        )
    elif x.ndim and len(x) != len(y):
        problems.append(
            f"X of {source} has {len(x)} rows and y has {len(y)}; they must be equal. Save the "
            "same rows in both."
        )
    if x.dtype.kind not in "biuf":
        problems.append(
            f"X of {source} has dtype {x.dtype}; features must be booleans, integers or floats. "
            "Convert it."
        )
    if y.dtype.kind not in "biufSU":
        problems.append(
            f"y of {source} has dtype {y.dtype}; allowed are booleans, integers, floats and "
            "strings. Convert it."
        )
    if problems:
        raise SpecError(problems)
    image = (1, *x.shape[1:])[-3:] if x.ndim in (3, 4) else None
    table = from_arrays(x.reshape(len(x), math.prod(x.shape[1:])), y, source, "npz", image)
    if x.ndim == 3:
        table = replace(table, sequence=(x.shape[1], x.shape[2]))
    return table if part is None else replace(table, part=part)


def _joined(
    arrays: list[NDArray[Any]], source: str
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64] | None]:
    """Returns X, y and the part of each row: 0 train, 1 validation, 2 test; None if not split."""
    if len(arrays) == 2:
        return arrays[0], arrays[1], None
    x, y = arrays[::2], arrays[1::2]
    numbers = (0, 1, 2) if len(x) == 3 else (0, 2)
    if any(a.shape[1:] != b[0].shape[1:] for b in (x, y) for a in b) or any(
        len(a) != len(b) for a, b in zip(x, y, strict=True)
    ):
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise SpecError(
            f"the parts of {source} have the shapes {shapes}; they must be alike, with as many "
            "rows of X as of y."
        )
    part = np.repeat(numbers, [len(each) for each in x])
    return np.concatenate(x), np.concatenate(y), part.astype(np.int64)


def from_arrays(
    x: NDArray[Any],
    y: NDArray[Any],
    source: str,
    kind: str,
    image: tuple[int, int, int] | None = None,
    names: tuple[str, ...] = (),
) -> RawTable:
    """Returns the table of arrays (n_rows, n_features) and (n_rows,) or (n_rows, n_targets)."""
    import pandas as pd

    if y.ndim == 2 and y.shape[1] > 1 and _one_hot(y):
        y = y.argmax(axis=1)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    features = list(names) or [f"x{place}" for place in range(x.shape[1])]
    targets = ["y"] if y.ndim == 1 else [f"y{place}" for place in range(y.shape[1])]
    frame = pd.DataFrame(x, columns=features)
    words = y.astype(np.str_) if y.dtype.kind == "S" else y
    of_target = {name: words if y.ndim == 1 else words[:, i] for i, name in enumerate(targets)}
    frame = pd.concat([frame, pd.DataFrame(of_target)], axis=1)
    return RawTable(frame, Written(kind), image, tuple(targets), source)


def _one_hot(y: NDArray[Any]) -> bool:
    return bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())
