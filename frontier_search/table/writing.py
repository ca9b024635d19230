"""Writes rows that a program holds as a file, which a search can read and read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from frontier_search.errors import SpecError
from frontier_search.table import library
from frontier_search.table.raw import checked_frame


def write_table(rows: Any, path: str | Path) -> str:
    """Writes rows as a .csv or .parquet file and returns its path, the ``dataset`` of a search.

    A search can be resumed by another process, and on another day, so its rows are in a file.

    Args:
        rows: a frame of pandas or polars, an Arrow table, scikit-learn's ``Bunch``, a mapping from
            names to columns, a list of mappings, a structured numpy array, or (X, y) of shapes
            (n_rows, n_features) and (n_rows,). A frame X keeps the names of its columns.
        path: where to write; its end, ``.csv`` or ``.parquet``, says how.

    Raises:
        SpecError: these are no rows, or the end is another one.
    """
    file = Path(path)
    frame = checked_frame(_frame(rows), repr(str(path)))
    if file.suffix == ".csv":
        frame.to_csv(file, index=False)
    elif file.suffix == ".parquet":
        _to_parquet(frame, file)
    else:
        raise SpecError(f"{str(path)!r} ends neither in .csv nor in .parquet; give one of them.")
    return str(file)


def _to_parquet(frame: Any, file: Path) -> None:
    try:
        frame.to_parquet(file, index=False)
    except (ValueError, TypeError, NotImplementedError) as error:  # Arrow's are such
        reason = " ".join(map(str, error.args))
        raise SpecError(
            f"cannot write {str(file)!r}: {reason}. Convert the column to numbers or words."
        ) from error


def _frame(rows: Any) -> Any:
    import numpy as np
    import pandas as pd

    if isinstance(rows, pd.DataFrame):
        return rows
    if hasattr(rows, "keys") and {"data", "target"} <= set(rows.keys()):
        return library.of_bunch(rows, "Bunch", "the Bunch").frame
    if hasattr(rows, "to_pandas"):  # polars, Arrow
        return rows.to_pandas()
    if isinstance(rows, tuple) and len(rows) == 2:
        x, y = np.asarray(rows[0]), np.asarray(rows[1])
        if x.ndim == 2 and y.shape == (len(x),):
            if isinstance(rows[0], pd.DataFrame):
                return rows[0].assign(target=y)
            frame = pd.DataFrame(x, columns=[f"x{place}" for place in range(x.shape[1])])
            return frame.assign(target=y)
    structured = isinstance(rows, np.ndarray) and rows.dtype.names is not None
    listed = isinstance(rows, list) and bool(rows) and all(isinstance(row, dict) for row in rows)
    if isinstance(rows, dict) or structured or listed:
        return pd.DataFrame(rows)
    raise SpecError(
        f"{type(rows).__name__} is no table; give a frame, a Bunch, a mapping from names to "
        "columns, or (X, y) of shapes (n_rows, n_features) and (n_rows,)."
    )
