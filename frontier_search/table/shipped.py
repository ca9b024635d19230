"""The raw rows of a dataset of this package, as those of a table of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from frontier_search.data.dataset import Dataset
from frontier_search.data.unscaled import Columns
from frontier_search.errors import SpecError
from frontier_search.table.cells import Numerals
from frontier_search.table.coding import NumberCoding, Scale
from frontier_search.table.preprocessing import Preprocessing, Target

if TYPE_CHECKING:
    import pandas as pd

MOST_DEVIATIONS = 100.0  # of a range, from zero
TARGET = "y"  # what the target is called, because these datasets name none


def of_any(dataset: Dataset, is_table: bool, seed: int) -> Preprocessing | None:
    """Returns what becomes of a raw row of any dataset; None if its raw rows are not known.

    Args:
        is_table: whether it is a user's own file. One without preprocessing is an array that is
            scaled already.
    """
    if dataset.preprocessing is not None:
        return dataset.preprocessing(seed)
    return None if is_table else preprocessing(dataset, seed)


def preprocessing(dataset: Dataset, seed: int) -> Preprocessing | None:
    """Returns what turns raw rows into the inputs of a seed's models; None if it is not known.

    Columns are called x1, x2, ...; classes have their numbers as names. A missing number becomes
    the column's centre.
    """
    unscaled = dataset.split(seed).unscaled
    if unscaled is None:
        return None
    centre, scale = unscaled.x.centre.tolist(), unscaled.x.scale.tolist()
    lowest, highest = _ends(unscaled.x)
    codings = tuple(
        NumberCoding(name, Numerals(), Scale(mean, low, high, mean, deviation))
        for name, mean, deviation, low, high in zip(
            names(dataset), centre, scale, lowest, highest, strict=True
        )
    )
    if dataset.task == "regression":
        ends = (np.atleast_1d(unscaled.y.centre), np.atleast_1d(unscaled.y.scale))
        targets = tuple(TARGET if i == 0 else f"{TARGET}{i + 1}" for i in range(dataset.n_outputs))
        return Preprocessing(codings, Target(targets, (), *(tuple(each.tolist()) for each in ends)))
    classes = dataset.classes or tuple(range(max(2, dataset.n_outputs)))
    return Preprocessing(codings, Target(dataset.target or (TARGET,), classes))


def names(dataset: Dataset) -> list[str]:
    """Returns the names of the columns."""
    return [f"x{i + 1}" for i in range(dataset.n_features)]


def rows(dataset: Dataset, seed: int, part: str) -> pd.DataFrame:
    """Returns the raw rows of a part, in the order of ``split(seed)``.

    Raises:
        SpecError: they are not known.
    """
    import pandas as pd

    unscaled = dataset.split(seed).unscaled
    if unscaled is None:
        raise SpecError(f"the raw rows of {dataset.name} are not known.")
    return pd.DataFrame(unscaled.x.values[unscaled.parts[part]], columns=names(dataset))


def _ends(x: Columns) -> tuple[list[float], list[float]]:
    """Returns the range of each column, beyond all rows, so that nothing of them is clipped.

    It is as wide as float32 scales well, see ``export.raw.scale``.
    """
    seen = np.abs(x.values - x.centre).max(axis=0)
    half = np.maximum(seen, 0.99 * (MOST_DEVIATIONS * x.scale - np.abs(x.centre)))
    return (x.centre - half).tolist(), (x.centre + half).tolist()
