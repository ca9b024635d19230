"""A numpy array of numbers, (n_rows, n_columns): the last column is the target."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable, Written


def read(data: bytes, source: str, options: TableOptions) -> RawTable:
    """Reads an .npy file; raises SpecError if it holds no such array."""
    import pandas as pd

    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise SpecError(
            f"cannot read {source}: {error}. Save numbers with numpy.save(path, array)."
        ) from error
    if not isinstance(array, np.ndarray):
        raise SpecError(f"{source} is an archive; give it the end .npz.")
    named = array.dtype.names
    if named is None and (array.ndim != 2 or array.shape[1] < 2 or array.dtype.kind not in "biufU"):
        raise SpecError(
            f"{source} holds {array.dtype} of shape {array.shape}; numbers of shape (n_rows, "
            "n_columns) are needed, with the target in the last column."
        )
    frame = pd.DataFrame(array if named is None else {name: array[name] for name in named})
    if named is None and options.rules >= 3:  # one dtype for all says nothing of each
        whole = [name for name in frame if _is_whole(frame[name].to_numpy())]
        frame = frame.astype(dict.fromkeys(whole, np.int64))
    frame.columns = pd.Index([f"x{name}" if named is None else str(name) for name in frame.columns])
    return RawTable(frame, Written("npy", header=named is not None), source=source)


def _is_whole(values: NDArray[Any]) -> bool:
    """Returns whether all numbers are whole, and integers hold them exactly."""
    if values.dtype.kind != "f" or not np.isfinite(values).all():
        return False
    return bool((values == np.round(values)).all() and (np.abs(values) < 2.0**53).all())
