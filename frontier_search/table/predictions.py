"""Predictions as people read them: a column named as the target, of the rows' own index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.table.preprocessing import Preprocessing

if TYPE_CHECKING:
    import pandas as pd


def predictions(preprocessing: Preprocessing, outputs: NDArray[Any], index: Any) -> pd.DataFrame:
    """Returns a column for each target: names of classes, or numbers in the target's unit.

    Args:
        outputs: of a model, (n_rows, n_outputs).
        index: of the rows.
    """
    import pandas as pd

    names = preprocessing.target.names
    decoded = preprocessing.decode(outputs).reshape(len(outputs), len(names))
    columns = dict(zip(names, decoded.T, strict=True))
    return pd.DataFrame(columns, index=index).infer_objects()


def probabilities(preprocessing: Preprocessing, outputs: NDArray[Any], index: Any) -> pd.DataFrame:
    """Returns a column ``TARGET = CLASS`` for each class.

    Args:
        outputs: of a model, (n_rows, n_outputs).
        index: of the rows.

    Raises:
        SpecError: the target is a number.
    """
    import pandas as pd

    given = np.asarray(preprocessing.probabilities(outputs))
    (name,) = preprocessing.target.names
    columns = [f"{name} = {label}" for label in preprocessing.target.classes]
    return pd.DataFrame(given, columns=columns, index=index)
