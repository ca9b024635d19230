"""Reads and checks a user's .csv or .npz file.

A ``.csv`` file has a header row. The target is the column named ``target``, or else the last one,
and all other columns are numeric features. An ``.npz`` file has an array ``X``, shape (n_rows,
...), which is flattened to (n_rows, n_features), and an array ``y``, shape (n_rows,). An ``X`` of
shape (n_rows, height, width) or (n_rows, channels, height, width) holds images. Nothing is ever
unpickled.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data import archive
from frontier_search.errors import SpecError

if TYPE_CHECKING:
    import pandas as pd

TARGET = "target"
MIN_ROWS = 20
LISTED = 5  # names in one sentence


@dataclass(frozen=True)
class Table:
    """The content of a file, checked: finite, complete, of one length.

    Attributes:
        x: numbers of any real dtype, shape (n_rows, n_features).
        y: the target as it is in the file, shape (n_rows,); strings are of a numpy string dtype.
        image: (channels, height, width) if a row of x is an image.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    image: tuple[int, int, int] | None = None


def read_csv(path: Path) -> Table:
    """Reads a .csv file.

    Raises:
        SpecError: the file is unreadable or incomplete; everything that is wrong, each a sentence.
    """
    import pandas as pd  # here and not above: listing the datasets must not load pandas

    try:
        header, n_values = _header(path)
        # low_memory guesses a dtype for each chunk, and so may mix dtypes in one column.
        frame = pd.read_csv(path, low_memory=False)
    except (OSError, ValueError, csv.Error) as error:  # pandas' errors and encodings: ValueError
        raise SpecError(
            f"cannot read {str(path)!r}: {str(error).strip()}. Give comma-separated values in "
            "UTF-8 with a header row."
        ) from error
    problems = _header_problems(header, path) + _row_problems(len(frame), path)
    # pandas would take the first values for row names, and so shift the columns.
    if n_values > len(header):
        problems.append(
            f"rows of {str(path)!r} have {n_values} values and its header has {len(header)} names; "
            "name every column."
        )
    if problems:
        raise SpecError(problems)
    frame.columns = pd.Index(header)  # without spaces around names: " target" is the target
    target = TARGET if TARGET in header else header[-1]
    features = [column for column in header if column != target]
    problems = _column_problems(frame, features, target, path)
    if problems:
        raise SpecError(problems)
    y = frame[target].to_numpy()
    return Table(
        frame[features].to_numpy(dtype=np.float64),
        y if pd.api.types.is_numeric_dtype(frame[target]) else y.astype(np.str_),
    )


def _column_problems(
    frame: pd.DataFrame, features: Sequence[str], target: str, path: Path
) -> list[str]:
    """Returns a sentence each on text in features, missing values and infinite values."""
    from pandas.api.types import is_float_dtype, is_numeric_dtype

    problems = []
    numeric = [column for column in features if is_numeric_dtype(frame[column])]
    text = [repr(column) for column in features if column not in numeric]
    if text:
        problems.append(
            f"columns of {str(path)!r} that are not numeric: {listed(text)}. Features must be "
            f"numbers: encode or drop them, or name the target column {TARGET!r}."
        )
    missing = {column: int(frame[column].isna().sum()) for column in frame.columns}
    infinite = {
        column: int(np.isinf(frame[column].to_numpy(dtype=np.float64)).sum())
        for column in numeric + [target] * is_float_dtype(frame[target])
    }
    problems += _gaps("missing (empty, NA or None)", missing, path)
    return problems + _gaps("infinite", infinite, path)


def _header(path: Path) -> tuple[list[str], int]:
    """Returns the column names as written, and the number of values in the first row.

    The names are not read by pandas, because it renames empty and repeated ones. Without a row the
    number is 0.
    """
    with path.open(newline="", encoding="utf-8-sig") as lines:
        rows = (row for row in csv.reader(lines) if row)  # blank lines are skipped, as in pandas
        header, first = next(rows, None), next(rows, [])
    if header is None:
        raise ValueError("the file is empty")
    return [name.strip() for name in header], len(first)


def _header_problems(header: list[str], path: Path) -> list[str]:
    problems = []
    if len(header) < 2:
        problems.append(
            f"{str(path)!r} has one column, {header[0]!r}; a feature and a target are needed. "
            "Separate columns by commas."
        )
    # Most often these are the row numbers of DataFrame.to_csv, which would give away the classes of
    # rows that are sorted by class.
    if "" in header:
        problems.append(
            f"column {header.index('') + 1} of {str(path)!r} has no name; name it, or write the "
            "file without row numbers (index=False)."
        )
    repeated = [repr(name) for name in dict.fromkeys(header) if name and header.count(name) > 1]
    if header != [str(i) for i in range(len(header))] and all(map(_is_number, header)):
        problems.append(
            f"the first row of {str(path)!r} is numbers, so the header row is missing; name the "
            "columns in it."
        )
    elif repeated:
        problems.append(
            f"columns of {str(path)!r} share a name: {listed(repeated)}. Give each its own."
        )
    return problems


def read_npz(path: Path) -> Table:
    """Reads an .npz file.

    Raises:
        SpecError: the file is unreadable or incomplete; everything that is wrong, each a sentence.
    """
    try:
        with path.open("rb") as stream:
            x, y = archive.load(stream, repr(str(path)), [("X", "y")])
    except OSError as error:
        raise SpecError(f"cannot read {str(path)!r}: {error}. {archive.ADVICE}.") from error
    problems = _row_problems(len(x) if x.ndim else 0, path)
    if x.ndim < 2 or 0 in x.shape[1:]:
        problems.append(
            f"X of {str(path)!r} has shape {x.shape}; it must be (n_rows, n_features, ...). Save "
            "X.reshape(len(X), -1)."
        )
    if y.ndim != 1:
        problems.append(
            f"y of {str(path)!r} has shape {y.shape}; it must be (n_rows,). Save y.ravel(), or "
            "y.argmax(1) if it is one-hot."
        )
    elif x.ndim and len(x) != len(y):
        problems.append(
            f"X of {str(path)!r} has {len(x)} rows and y has {len(y)}; they must be equal. Save "
            "the same rows in both."
        )
    if x.dtype.kind not in "biuf":
        problems.append(
            f"X of {str(path)!r} has dtype {x.dtype}; features must be booleans, integers or "
            "floats. Convert it."
        )
    arrays = {name: array for name, array in (("X", x), ("y", y)) if array.dtype.kind == "f"}
    for kind, is_gap in (("missing", np.isnan), ("infinite", np.isinf)):
        counts = {name: int(is_gap(array).sum()) for name, array in arrays.items()}
        problems += _gaps(kind, counts, path)
    if problems:
        raise SpecError(problems)
    image = (1, *x.shape[1:])[-3:] if x.ndim in (3, 4) else None
    return Table(x.reshape(len(x), math.prod(x.shape[1:])), y, image)


READERS: Mapping[str, Callable[[Path], Table]] = {".csv": read_csv, ".npz": read_npz}


def _row_problems(n_rows: int, path: Path) -> list[str]:
    if n_rows >= MIN_ROWS:
        return []
    needed = f"at least {MIN_ROWS} are needed to split them in three"
    return [f"{str(path)!r} has {n_rows} rows; {needed}. Add rows."]


def _gaps(kind: str, counts: dict[str, int], path: Path) -> list[str]:
    """Returns a sentence on the columns with missing or infinite values, if there are any."""
    gaps = [f"{column!r} ({count})" for column, count in counts.items() if count]
    if not gaps:
        return []
    cure = "Every value must be given and finite: fill them in or drop the rows"
    return [f"{kind} values in {str(path)!r}: {listed(gaps)}. {cure}."]


def listed(names: list[str]) -> str:
    """Returns the first names, and how many more there are."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
