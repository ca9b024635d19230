"""What the members of a frontier get wrong: confusion matrices, or predictions beside the truth.

They are those of the model of a member's median seed, which is the one that is exported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Dataset, Rows
from frontier_search.data.pool import PoolRows
from frontier_search.errors import SpecError
from frontier_search.predictor import MemberModel
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Trial

PARTS = ("val", "test")
MOST_CLASSES = 20  # a larger matrix is not read
MOST_POINTS = 4000  # of all members together, on one part
DIGITS = 4  # significant digits of a prediction


@dataclass(frozen=True)
class Mistakes:
    """What the members of one search get wrong.

    Attributes:
        classes: their names, in the order of a matrix; empty for a regression.
        scaled: whether the numbers are scaled, because their own unit is not known.
        seeds: trial number -> the seed whose model it is.
        found: trial number -> part -> counts (k, k), a row for each true class; or for a regression
            the truths and the predictions, (2, n).
    """

    classes: tuple[str, ...]
    scaled: bool
    seeds: Mapping[int, int]
    found: Mapping[int, Mapping[str, NDArray[Any]]]

    def to_json(self) -> dict[str, Any]:
        """Returns the form that the page reads."""
        trials = {
            str(number): {"seed": self.seeds[number]}
            | {part: _numbers(each) for part, each in parts.items()}
            for number, parts in self.found.items()
        }
        return {"classes": list(self.classes), "scaled": self.scaled, "trials": trials}


def of(entry: Entry, members: Sequence[Trial]) -> Mistakes | None:
    """Returns what members get wrong; None if their rows are not there, or classes are too many.

    Members whose models were not kept are left out.
    """
    try:
        dataset = entry.search.find_dataset()
    except SpecError:  # the file is missing or has changed
        return None
    n_classes = 0 if dataset.task == "regression" else max(2, dataset.n_outputs)
    if n_classes > MOST_CLASSES:
        return None
    seeds: dict[int, int] = {}
    found: dict[int, dict[str, NDArray[Any]]] = {}
    for trial in members:
        try:
            model = MemberModel.of(entry, trial)
            split = dataset.split(model.seed)
            parts = {"val": split.val, "test": split.test}
            found[trial.number] = {
                part: _confusion(model, rows, n_classes)
                if n_classes
                else _pairs(model, dataset, rows, MOST_POINTS // len(members))
                for part, rows in parts.items()
            }
        except SpecError:  # the model was not kept, or nothing here computes it
            continue
        seeds[trial.number] = model.seed
    names = dataset.classes or range(n_classes)
    scaled = dataset.preprocessing is None
    return Mistakes(tuple(map(str, names)), scaled, seeds, found) if found else None


def _confusion(model: MemberModel, rows: Rows | PoolRows, n_classes: int) -> NDArray[np.int64]:
    """Returns how many rows of each true class are taken for each class, (k, k)."""
    outputs = model.outputs(rows.x)
    guessed = outputs[:, 0] > 0 if model.n_outputs == 1 else outputs.argmax(axis=1)
    counts = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(counts, (rows.y.astype(np.int64).ravel(), guessed.astype(np.int64)), 1)
    return counts


def _pairs(
    model: MemberModel, dataset: Dataset, rows: Rows | PoolRows, most: int
) -> NDArray[np.float64]:
    """Returns truths and predictions, (2, n), evenly chosen among the rows; targets are pooled.

    They are in the target's own unit, where it is known.
    """
    outputs = model.outputs(rows.x)
    truths = rows.y.reshape(outputs.shape)
    if dataset.preprocessing is not None:
        decode = dataset.preprocessing(model.seed).decode
        outputs, truths = decode(outputs), decode(truths)
    pairs = np.stack([truths.ravel(), outputs.ravel()]).astype(np.float64)
    chosen = np.unique(np.linspace(0, pairs.shape[1] - 1, min(most, pairs.shape[1])).astype(int))
    return pairs[:, chosen]


def _numbers(values: NDArray[Any]) -> list[list[float]]:
    if values.dtype == np.int64:
        return [[int(each) for each in row] for row in values]
    return [[float(f"{each:.{DIGITS}g}") for each in row] for row in values]
