"""A dataset of the user's own: a .csv or .npz file, never unpickled.

Which task it is follows from the target's dtype: booleans, strings and integers are classes (2 distinct values: binary, 3 to 50:
multiclass), floats are a regression. Integers with more than 50 distinct values are a regression too, for they are more likely a count
than a class; so a count with few distinct values must be written as floats (``3.0``) to be one, and 0/1 labels as integers to be classes.

Classes are numbered 0 .. k - 1 in sorted order and split 60/20/20 within each class; a regression is split 60/20/20 at random. Features,
and the target of a regression, are standardised by the training rows; ``uint8`` features are pixels, and are divided by 255 instead.
"""

from __future__ import annotations

import csv
import math
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Dataset, Split, Task, TrainingBudget
from frontier_search.data.splitting import (
    at_random,
    sixty_twenty_twenty,
    split_rows,
    standardised,
    stratified,
)
from frontier_search.errors import SpecError

SUFFIXES = (".csv", ".npz")
TARGET = "target"
MIN_ROWS = 20
MIN_ROWS_A_CLASS = 3  # one for each part
MAX_CLASSES = 50
LISTED = 5  # names in one sentence
BUDGET = TrainingBudget(epochs=60, batch_size=64)


@dataclass(frozen=True)
class Table:
    """What a file holds, checked: finite, complete, of one length.

    Attributes:
        x: numbers of any real dtype, shape (n_rows, n_features).
        y: the target as it is in the file, shape (n_rows,); strings are of a numpy string dtype.
        image: (channels, height, width) of the image that a row of x is, or None.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    image: tuple[int, int, int] | None = None


def from_file(path: str | Path) -> Dataset:
    """A dataset from a file, read once and held in memory.

    Args:
        path: ``.csv`` with a header row: the column named ``target``, else the last one, is the target, all others are numeric features;
            or ``.npz`` with arrays ``X``, shape (n_rows, ...), flattened to (n_rows, n_features), and ``y``, shape (n_rows,). An ``X`` of shape
            (n_rows, height, width) or (n_rows, channels, height, width) holds images.

    Raises:
        SpecError: the file is missing, unreadable or cannot be a dataset; all that is wrong with it, each a sentence.
    """
    file = Path(path)
    readers: dict[str, Callable[[Path], Table]] = {".csv": _read_csv, ".npz": read_npz}
    if file.suffix.lower() not in readers:
        raise SpecError(
            f"cannot tell the format of {str(path)!r}; give a file that ends in .csv or .npz."
        )
    if not file.is_file():
        raise SpecError(
            f"there is no file {str(path)!r}; give the path of an existing .csv or .npz file, or the name of a dataset."
        )
    table = readers[file.suffix.lower()](file)
    task, y, n_outputs = _target(table.y, str(path))
    if table.x.dtype == np.uint8:
        x, pixels = table.x.astype(np.float32) / 255, True
    else:
        x, pixels = table.x.astype(np.float64), False
    return Dataset(
        name=str(path),
        task=task,
        n_features=x.shape[1],
        n_outputs=n_outputs,
        unit="squared standard deviations of the target" if task == "regression" else "nats",
        source=f"file {path}",
        budget=BUDGET,
        split=partial(_split, x, y, task, pixels),
        image=table.image,
    )


def _split(x: NDArray[Any], y: NDArray[Any], task: Task, pixels: bool, seed: int) -> Split:
    """A function of the module and not a closure, so that a dataset can be sent to a worker."""
    parts = (
        at_random(len(x), sixty_twenty_twenty(len(x)), seed)
        if task == "regression"
        else stratified(y, seed)
    )
    return split_rows(
        x if pixels else standardised(x, parts.train),
        standardised(y, parts.train) if task == "regression" else y,
        parts,
        task,
    )


def _target(y: NDArray[Any], path: str) -> tuple[Task, NDArray[Any], int]:
    """The task, the target encoded (float64, or int64 class numbers), shape (n_rows,), and the number of outputs."""
    if y.dtype.kind not in "biufUS":
        raise SpecError(
            f"the target of {path!r} has dtype {y.dtype}; allowed are booleans, integers, floats and strings. Convert it."
        )
    values, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    if len(values) == 1:
        raise SpecError(
            f"the target of {path!r} is {values.tolist()[0]!r} in every row; give a column with two distinct values or more."
        )
    if y.dtype.kind == "f" or (y.dtype.kind in "iu" and len(values) > MAX_CLASSES):
        return "regression", y.astype(np.float64), 1
    if len(values) > MAX_CLASSES:
        raise SpecError(
            f"the target of {path!r} has {len(values)} distinct strings; 2 to {MAX_CLASSES} classes are allowed. "
            f"Merge rare classes, or give another column the name {TARGET!r}."
        )
    rare = [
        f"{value!r} ({count})"
        for value, count in zip(values.tolist(), counts, strict=True)
        if count < MIN_ROWS_A_CLASS
    ]
    if rare:
        raise SpecError(
            f"classes of {path!r} with fewer than {MIN_ROWS_A_CLASS} rows: {_listed(rare)}. Each needs {MIN_ROWS_A_CLASS}, one for each "
            "split. Merge or drop them; if the target is a number to predict, write it as floats, e.g. 3.0."
        )
    return (
        ("binary", codes.astype(np.int64), 1)
        if len(values) == 2
        else ("multiclass", codes.astype(np.int64), len(values))
    )


def _read_csv(path: Path) -> Table:
    import pandas as pd  # here and not above: listing the datasets must not load pandas

    try:
        header, n_values = _header(path)
        frame = pd.read_csv(
            path, low_memory=False
        )  # low_memory guesses a dtype a chunk, and may mix them in one column
    except (
        OSError,
        ValueError,
        csv.Error,
    ) as error:  # pandas' own errors and a wrong encoding are ValueErrors
        reason = str(error).strip()
        raise SpecError(
            f"cannot read {str(path)!r}: {reason}. Give comma-separated values in UTF-8 with a header row."
        ) from error
    problems = _header_problems(header, path) + _row_problems(len(frame), path)
    if n_values > len(
        header
    ):  # pandas would take the first values for row names, and so shift the columns
        problems.append(
            f"rows of {str(path)!r} have {n_values} values and its header has {len(header)} names; name every column."
        )
    if problems:
        raise SpecError(problems)
    frame.columns = pd.Index(header)  # without spaces around names: " target" is the target
    columns = header
    target = TARGET if TARGET in columns else columns[-1]
    features = [column for column in columns if column != target]
    numeric = [column for column in features if pd.api.types.is_numeric_dtype(frame[column])]
    text = [repr(column) for column in features if column not in numeric]
    if text:
        problems.append(
            f"columns of {str(path)!r} that are not numeric: {_listed(text)}. Features must be numbers: encode or drop them, "
            f"or name the target column {TARGET!r}."
        )
    is_float = pd.api.types.is_float_dtype(frame[target])
    missing = {column: int(frame[column].isna().sum()) for column in columns}
    infinite = {
        column: int(np.isinf(frame[column].to_numpy(dtype=np.float64)).sum())
        for column in numeric + [target] * is_float
    }
    problems += _gaps("missing (empty, NA or None)", missing, path) + _gaps(
        "infinite", infinite, path
    )
    if problems:
        raise SpecError(problems)
    y = frame[target].to_numpy()
    return Table(
        frame[features].to_numpy(dtype=np.float64),
        y if pd.api.types.is_numeric_dtype(frame[target]) else y.astype(np.str_),
    )


def _header(path: Path) -> tuple[list[str], int]:
    """The names as they are written, for pandas renames empty and repeated ones, and the number of values in the row below (0: no row)."""
    with path.open(newline="", encoding="utf-8-sig") as lines:
        rows = (row for row in csv.reader(lines) if row)  # blank lines are skipped, as in pandas
        header, first = next(rows, None), next(rows, [])
    if header is None:
        raise ValueError("the file is empty")
    return [name.strip() for name in header], len(first)


def _row_problems(n_rows: int, path: Path) -> list[str]:
    if n_rows >= MIN_ROWS:
        return []
    return [
        f"{str(path)!r} has {n_rows} rows; at least {MIN_ROWS} are needed to split them in three. Add rows."
    ]


def _header_problems(header: list[str], path: Path) -> list[str]:
    problems = []
    if len(header) < 2:
        problems.append(
            f"{str(path)!r} has one column, {header[0]!r}; a feature and a target are needed. Separate columns by commas."
        )
    if (
        "" in header
    ):  # most often the row numbers of DataFrame.to_csv, which would give away rows that are sorted by class
        column = header.index("") + 1
        problems.append(
            f"column {column} of {str(path)!r} has no name; name it, or write the file without row numbers (index=False)."
        )
    repeated = [repr(name) for name in dict.fromkeys(header) if name and header.count(name) > 1]
    if header != [str(i) for i in range(len(header))] and all(_is_number(name) for name in header):
        problems.append(
            f"the first row of {str(path)!r} is numbers, so the header row is missing; name the columns in it."
        )
    elif repeated:
        problems.append(
            f"columns of {str(path)!r} share a name: {_listed(repeated)}. Give each its own."
        )
    return problems


def read_npz(path: Path) -> Table:
    """The arrays X and y of an .npz file, checked; raises SpecError with all that is wrong."""
    x, y = _load_npz(path)
    problems = _row_problems(len(x) if x.ndim else 0, path)
    if x.ndim < 2 or 0 in x.shape[1:]:
        problems.append(
            f"X of {str(path)!r} has shape {x.shape}; it must be (n_rows, n_features, ...). Save X.reshape(len(X), -1)."
        )
    if y.ndim != 1:
        problems.append(
            f"y of {str(path)!r} has shape {y.shape}; it must be (n_rows,). Save y.ravel(), or y.argmax(1) if it is one-hot."
        )
    elif x.ndim and len(x) != len(y):
        problems.append(
            f"X of {str(path)!r} has {len(x)} rows and y has {len(y)}; they must be equal. Save the same rows in both."
        )
    if x.dtype.kind not in "biuf":
        problems.append(
            f"X of {str(path)!r} has dtype {x.dtype}; features must be booleans, integers or floats. Convert it."
        )
    for kind, is_gap in (("missing", np.isnan), ("infinite", np.isinf)):
        counts = {
            name: int(is_gap(array).sum())
            for name, array in (("X", x), ("y", y))
            if array.dtype.kind == "f"
        }
        problems += _gaps(kind, counts, path)
    if problems:
        raise SpecError(problems)
    image = (1, *x.shape[1:])[-3:] if x.ndim in (3, 4) else None
    return Table(x.reshape(len(x), math.prod(x.shape[1:])), y, image)


def _load_npz(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """The arrays X and y of the file, as they are in it."""
    advice = "Save it with numpy.savez(path, X=X, y=y), both of numbers or strings: Python objects are not read, for that would run code"
    try:
        with path.open(
            "rb"
        ) as stream:  # numpy leaves a file that it opened itself open when it is not an archive
            archive = np.load(stream, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("it holds a single array")
            absent = [name for name in ("X", "y") if name not in archive.files]
            if not absent:
                x, y = archive["X"], archive["y"]
                if not (isinstance(x, np.ndarray) and isinstance(y, np.ndarray)):
                    raise ValueError("X or y is not a numpy array")
                return x, y
            held = ", ".join(archive.files) or "nothing"
    except (
        OSError,
        ValueError,
        EOFError,
        RuntimeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:  # RuntimeError: an encrypted zip
        raise SpecError(f"cannot read {str(path)!r}: {str(error).strip()}. {advice}.") from error
    raise SpecError(f"{str(path)!r} has no {' and no '.join(absent)}, it holds {held}. {advice}.")


def _gaps(kind: str, counts: dict[str, int], path: Path) -> list[str]:
    """One sentence on the columns that have missing, or infinite, values; none if there are none."""
    gaps = [f"{column!r} ({count})" for column, count in counts.items() if count]
    if not gaps:
        return []
    return [
        f"{kind} values in {str(path)!r}: {_listed(gaps)}. Every value must be given and finite: fill them in or drop the rows."
    ]


def _listed(names: list[str]) -> str:
    return ", ".join(names[:LISTED]) + (
        f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
