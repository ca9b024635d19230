"""What the C answers for raw rows, in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.export.functions import sigmoid, softmax
from frontier_search.export.raw.scale import narrow_target
from frontier_search.table.preprocessing import Preprocessing


def answers(preprocessing: Preprocessing, outputs: NDArray[np.float32]) -> NDArray[Any]:
    """Returns the probabilities of the classes, (n, k), or the numbers, (n, n_targets).

    They are float32; numbers are float64 where ``narrow_target`` says so.

    Args:
        outputs: of the model, (n, o).
    """
    target = preprocessing.target
    if target.classes and outputs.shape[1] == 1:
        second = sigmoid(outputs[:, 0])
        return np.stack([np.float32(1) - second, second], axis=1)
    if target.classes:
        return softmax(outputs)
    kind = np.float32 if narrow_target(target) else np.float64
    products = outputs * np.array(target.scale, np.float32)
    return np.asarray(products.astype(kind) + np.array(target.centre).astype(kind))


def written(found: NDArray[Any]) -> str:
    """Returns answers as the program writes them: a line of names, which is empty here, and rows.

    Every digit that tells two numbers apart is there.
    """
    form = "%.9g" if found.dtype == np.float32 else "%.17g"
    return "\n".join(["", *(",".join(form % value for value in row) for row in found), ""])
