"""The dataset of a user's own table."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import (
    TARGET_UNIT,
    Dataset,
    Population,
    Rows,
    Split,
    TrainingBudget,
)
from frontier_search.data.pool import Pool, PoolRows
from frontier_search.errors import SpecError
from frontier_search.table.preprocessing import Preprocessing
from frontier_search.table.split import Way
from frontier_search.table.understanding import Understanding

if TYPE_CHECKING:
    import pandas as pd

BUDGET = TrainingBudget(epochs=60, batch_size=64)
POPULATION: dict[Way, Population] = {
    "random": "table", "groups": "table", "folds": "folds", "forward": "one split",
    "given": "one split",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class OwnTable:
    """The ``split`` of a user's own table, and what a model needs to take raw rows.

    Attributes:
        understanding: of the table.
    """

    understanding: Understanding

    def __call__(self, seed: int) -> Split:
        """Returns the encoded rows of each part."""
        table = self.understanding
        parts = table.splitter(seed)
        if table.is_large:
            pool = self._pool
            return Split(*(PoolRows(pool, rows.astype(np.int32)) for rows in parts))
        preprocessing = table.preprocessing(parts.train)
        x, y = table.inputs(preprocessing), self._outputs(preprocessing)
        w = self._weights(parts.train)
        return Split(
            *(
                Rows(np.ascontiguousarray(x[rows]), y[rows], None if w is None else w[rows])
                for rows in parts
            )
        )

    def _weights(self, train: NDArray[np.intp]) -> NDArray[np.float32] | None:
        """Returns the weight of each row; None where all weigh the same.

        With ``balanced`` classes every class weighs the same among the training rows.
        """
        table = self.understanding
        given = table.weights
        if table.options.class_weight is None:
            return None if given is None else given.astype(np.float32)
        classes = table.targets.values.astype(np.int64).reshape(-1)
        weights = np.ones(len(classes)) if given is None else given
        totals = np.bincount(classes[train], weights[train])
        return np.asarray(weights / np.maximum(totals, 1e-12)[classes], dtype=np.float32)

    @functools.cached_property
    def _pool(self) -> Pool:
        """All rows, encoded once: the preprocessing of a large table is the same for all seeds."""
        preprocessing, train = self.preprocessing(0), self.understanding.splitter(0).train
        x, y = self.understanding.inputs(preprocessing), self._outputs(preprocessing)
        return Pool(x, y, self._weights(train))

    def _outputs(self, preprocessing: Preprocessing) -> NDArray[Any]:
        targets = self.understanding.targets
        if targets.task != "regression":
            dtype = np.int64 if targets.task == "multiclass" else np.float32
            return np.asarray(targets.values, dtype=dtype)
        target = preprocessing.target
        scaled = (targets.values - np.array(target.centre)) / np.array(target.scale)
        encoded = scaled.astype(np.float32)
        return np.asarray(encoded[:, 0] if encoded.shape[1] == 1 else encoded)

    def preprocessing(self, seed: int) -> Preprocessing:
        """Returns what turns raw rows into the inputs of the models of a seed."""
        return self.understanding.preprocessing(self.understanding.splitter(seed).train)

    def raw_rows(self, seed: int, part: str) -> pd.DataFrame:
        """Returns the rows of a part, ``train``, ``val`` or ``test``, as they are in the file.

        Row i of it is row i of that part of ``split(seed)``.
        """
        frame = self.understanding.frame
        rows = getattr(self.understanding.splitter(seed), part)
        found: pd.DataFrame = frame.iloc[rows].reset_index(drop=True)
        return found


def dataset(understanding: Understanding, name: str) -> Dataset:
    """Returns the dataset of a table.

    Raises:
        SpecError: a class has too few rows to be in each part of a split.
    """
    targets = understanding.targets
    if targets.rare:
        listed = ", ".join(f"{each!r} ({count})" for each, count in targets.rare.items())
        raise SpecError(
            f"classes with fewer than 3 rows, one for each part of a split: {listed}. Leave them "
            "out with --rare drop or merge them into one class with --rare merge"
            + (
                ", or give --task regression if the target is a number to predict."
                if all(isinstance(each, int) for each in targets.classes)
                else "."
            )
        )
    own = OwnTable(understanding)
    return Dataset(
        name=name,
        task=targets.task,
        n_features=understanding.width,
        n_outputs=targets.n_outputs,
        unit=TARGET_UNIT if targets.task == "regression" else "nats",
        source=understanding.raw.source,
        budget=BUDGET,
        split=own,
        image=understanding.raw.image,
        sequence=understanding.raw.sequence,
        population="one split"
        if understanding.splitter.fixed
        else POPULATION[understanding.splitter.way],
        target=targets.names,
        classes=targets.classes,
        preprocessing=own.preprocessing,
        raw_rows=own.raw_rows,
    )
