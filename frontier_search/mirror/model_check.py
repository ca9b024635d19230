"""Compares a model that was logged with the trained one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Dataset
from frontier_search.mirror import numpy_model
from frontier_search.table import predictions

COMPARED_ROWS, ALONE_ROWS = 256, 3
TOLERANCE = 1e-4  # relative, or of the spread of the predictions


def difference(
    folder: Path,
    dataset: Dataset,
    seed: int,
    trained: Callable[[NDArray[np.float32]], NDArray[np.float32]],
) -> str | None:
    """Returns how a logged model differs from the trained one, in a clause; None if it does not.

    Rows are compared together and one by one, raw where the model takes raw rows.

    Args:
        folder: of the logged model.
        trained: inputs (n, d) -> outputs (n, o).
    """
    x = np.ascontiguousarray(dataset.split(seed).val.x[:COMPARED_ROWS])
    outputs = trained(x)
    rows: Any = x  # or a frame of raw rows
    if dataset.preprocessing is None or dataset.raw_rows is None:
        predict, wanted = _loaded(folder).predict, outputs
    else:
        preprocessing = dataset.preprocessing(seed)
        classes = bool(preprocessing.target.classes)
        raw = dataset.raw_rows(seed, "val")[: len(x)]
        rows = raw[list(preprocessing.columns)]
        asked = {"probabilities": True} if classes else None
        give = predictions.probabilities if classes else predictions.predictions
        predict = partial(_loaded(folder).predict, params=asked)
        wanted = give(preprocessing, outputs, rows.index).to_numpy(np.float64)
    together = np.asarray(predict(rows))
    alone = np.concatenate([predict(rows[i : i + 1]) for i in range(min(len(x), ALONE_ROWS))])
    for words, found in (("", together), (" a row alone", alone)):
        expected = wanted[: len(found)]
        near = TOLERANCE * (float(np.std(wanted)) or 1.0)
        if found.shape != expected.shape or not np.allclose(found, expected, TOLERANCE, near):
            return f"loaded again, it predicts{words} otherwise than the trained model"
    return None


def _loaded(folder: Path) -> Any:
    """Returns a logged model, as MLflow loads it."""
    if (folder / "data" / numpy_model.PROGRAM).exists():
        # without mlflow.pyfunc, whose import takes as long as all models
        return numpy_model.NumpyModel(folder / "data")
    import mlflow.pyfunc

    return mlflow.pyfunc.load_model(str(folder))
