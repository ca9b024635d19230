"""numpy's .npz archives, with arrays ``X`` and ``y``. Nothing is ever unpickled."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable, Written

ADVICE = (
    "Save it with numpy.savez(path, X=X, y=y), both of numbers or strings: Python objects are "
    "not read, because that would run code"
)


def read(data: bytes, source: str, options: TableOptions) -> RawTable:
    """Reads arrays X (n_rows, ...) and y (n_rows,) or (n_rows, n_targets).

    An X of shape (n_rows, height, width) or (n_rows, channels, height, width) holds images.

    Raises:
        SpecError: it is no such archive; everything that is wrong, each a sentence.
    """
    x, y = _arrays(data, source)
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
    return from_arrays(x.reshape(len(x), math.prod(x.shape[1:])), y, source, "npz", image)


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


def _arrays(data: bytes, source: str) -> tuple[NDArray[Any], NDArray[Any]]:
    try:
        archive = np.load(io.BytesIO(data), allow_pickle=False)
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
        RuntimeError,  # an encrypted zip
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise SpecError(f"cannot read {source}: {str(error).strip()}. {ADVICE}.") from error
    raise SpecError(f"{source} has no {' and no '.join(absent)}, it holds {held}. {ADVICE}.")
