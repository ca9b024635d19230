"""A dataset: rows split into train, validation and test for a seed, with a task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.pool import PoolRows
from frontier_search.data.unscaled import Unscaled

if TYPE_CHECKING:
    import pandas as pd

    from frontier_search.table.preprocessing import Preprocessing

Task = Literal["regression", "binary", "multiclass"]
Select = Literal["best", "last"]
Population = Literal["draws", "problems", "problem", "table", "folds", "one split"]

# what an interval over seeds speaks of
POPULATIONS: dict[Population, str] = {
    "draws": "fresh rows of the generator: every seed draws its own",
    "problems": "fresh problems of the generator: every seed draws its own problem and its rows",
    "problem": "fresh rows of one problem: another instance of the generator may differ",
    "folds": "the folds of a cross-validation: every seed tests on other rows of the table, and it "
    "says nothing about rows that are not in it",
    "one split": "other first weights on one split of these rows: it says nothing about other rows",
    "table": "other splits of these rows: it says nothing about rows that are not in the table",
}

LARGEST_BATCH = 1024  # rows of a minibatch that was chosen by their number
TARGET_UNIT = "squared standard deviations of the target"  # a loss whose target is standardised


@dataclass(frozen=True)
class Rows:
    """The rows of one part of a split.

    Attributes:
        x: float32, shape (n_rows, n_features), as the models see them.
        y: shape (n_rows,). Float32 for regression (target units) and binary (0 or 1); int64 class
            numbers for multiclass. A regression of several targets: (n_rows, n_outputs).
        weights: float32, shape (n_rows,), of each row in the loss and in every metric, at least 0;
            None where all weigh the same.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32] | NDArray[np.int64]
    weights: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.x)


AnyRows = Rows | PoolRows


@dataclass(frozen=True)
class Split:
    """The rows that one seed decides: disjoint train, validation and test.

    Each part is given as ``Rows``, or as row numbers of a pool that all seeds share
    (``PoolRows``), which keeps a large table in memory once.

    Attributes:
        unscaled: the same rows before they were scaled, where that is known.
    """

    train: AnyRows
    val: AnyRows
    test: AnyRows
    unscaled: Unscaled | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class TrainingBudget:
    """How one model is trained.

    Attributes:
        epochs: passes over the training rows.
        batch_size: rows in a minibatch; the last one of an epoch may be smaller.
        select: report the epoch with the smallest validation loss (``best``) or the final one
            (``last``).
        budgets: numbers of epochs, rising, below ``epochs``: what is reported of a training that
            had ended there is measured on the way.
    """

    epochs: int
    batch_size: int
    select: Select = "best"
    budgets: tuple[int, ...] = ()

    def batch_size_of(self, n_train: int) -> int:
        """Returns the batch size that follows the number of training rows.

        It is the power of two below a thousandth of them, so that an epoch has one to two thousand
        updates, but not below ``batch_size`` and not above LARGEST_BATCH.
        """
        following: int = 1 << max(0, (n_train // 1000).bit_length() - 1)
        return max(self.batch_size, min(LARGEST_BATCH, following))

    def at(self, epochs: int) -> TrainingBudget:
        """Returns the same training with another number of epochs, and no smaller budgets."""
        return TrainingBudget(epochs, self.batch_size, self.select)


@dataclass(frozen=True)
class Dataset:
    """Rows, and what a search needs to know of them.

    Attributes:
        name: the name in the table, or the file's path.
        task: regression (mean squared error), binary (one logit, log loss) or multiclass (one logit
            per class, cross-entropy).
        n_features: inputs of a model, d.
        n_outputs: outputs of a model, o: the number of targets for a regression, 1 for binary, the
            number of classes for multiclass.
        unit: unit of the validation loss, e.g. ``"squared target units"`` or ``"nats"``.
        source: paper, library function or file.
        budget: how models are trained unless the search says otherwise.
        split: seed -> Split. The same seed gives the same rows, bit for bit. Raises SpecError if
            the rows are not available.
        image: (channels, height, width) if a row of x is an image, flattened in this order.
        sequence: (steps, channels) if a row of x is a sequence, flattened in this order.
        file: for datasets whose rows are not shipped: returns the local file, or None if the rows
            must be downloaded. None for all other datasets.
        learning_rate: (low, high) of the default, logarithmic, learning-rate range.
        population: what another seed changes: it draws rows anew from a generator (``draws``), or
            a problem and its rows (``problems``), or rows of one fixed problem (``problem``), or it
            splits the same rows again (``table``). An interval over seeds speaks of nothing wider,
            see ``POPULATIONS``.
        licence: of rows that somebody collected, or ``"not stated"``; empty for generated rows.
        package: the package that holds the rows, if only the extra ``panel`` installs it.
        target: names of the target columns; empty for datasets of this package.
        classes: names of the classes, in the order of class numbers; empty if they have none.
        preprocessing: seed -> what turns raw rows into the inputs of that seed's models, and their
            outputs into predictions. None if x has no other form.
        raw_rows: (seed, part) -> the rows of a part as they are in the user's table, in the order
            of ``split(seed)``. None as for ``preprocessing``.
    """

    name: str
    task: Task
    n_features: int
    n_outputs: int
    unit: str
    source: str
    budget: TrainingBudget
    split: Callable[[int], Split]
    image: tuple[int, int, int] | None = None
    file: Callable[[], Path | None] | None = None
    learning_rate: tuple[float, float] = (1e-3, 3e-2)
    population: Population = "table"
    licence: str = ""
    package: str | None = None
    target: tuple[str, ...] = ()
    classes: tuple[str | int | float | bool, ...] = ()
    preprocessing: Callable[[int], Preprocessing] | None = None
    raw_rows: Callable[[int, str], pd.DataFrame] | None = None
    sequence: tuple[int, int] | None = None

    @property
    def channels(self) -> int:
        """The numbers of a step of a sequence; 1 for rows that are none."""
        return 1 if self.sequence is None else self.sequence[1]

    @property
    def square_image(self) -> bool:
        """Whether a row is a square image of one channel, which families of images need."""
        return self.image is not None and self.image[0] == 1 and self.image[1] == self.image[2]

    def problems(self, seeds: Sequence[int]) -> list[str]:
        """Makes and checks every split of a user's own dataset.

        Returns:
            Why no model can be trained on it, in sentences; empty if one can.
        """
        fits = {
            "regression": self.n_outputs >= 1,
            "binary": self.n_outputs == 1,
            "multiclass": self.n_outputs >= 2,
        }
        if not fits.get(self.task, False):
            allowed = (
                "regression with one output per target, binary with one output, or multiclass with "
                "one per class"
            )
            return [f"task = {self.task!r} with n_outputs = {self.n_outputs}; a task is {allowed}."]
        sizes: set[tuple[int, ...]] = set()
        for seed in seeds:
            try:
                split = self.split(seed)
                parts = {"train": split.train, "val": split.val, "test": split.test}
                found = [
                    f"seed {seed}, {name}: {problem}"
                    for name, rows in parts.items()
                    if (problem := self._problem(rows))
                ]
                sizes.add(tuple(len(rows) for rows in parts.values()))
            except Exception as error:  # the user's code may raise or return anything
                return [f"seed {seed} cannot be split: {type(error).__name__}: {error}."]
            if found:
                return found
        if len(sizes) > 1:
            cure = "they must be equal, because the models of all seeds are trained in one stack"
            return [f"seeds give splits of different sizes, {sorted(sizes)}; {cure}."]
        return []

    def _problem(self, rows: AnyRows) -> str | None:
        wanted = np.int64 if self.task == "multiclass" else np.float32
        n = len(rows.x)
        if rows.x.shape != (n, self.n_features) or rows.x.dtype != np.float32 or n == 0:
            return (
                f"x is {rows.x.dtype} of shape {rows.x.shape}; float32 of shape "
                f"(n_rows, {self.n_features}) with rows is needed."
            )
        several = self.task == "regression" and self.n_outputs > 1
        shape = (n, self.n_outputs) if several else (n,)
        if rows.y.shape != shape or rows.y.dtype != wanted:
            return (
                f"y is {rows.y.dtype} of shape {rows.y.shape}; "
                f"{wanted.__name__} of shape {shape} is needed for {self.task}."
            )
        if rows.weights is not None and (
            rows.weights.shape != (n,)
            or rows.weights.dtype != np.float32
            or not (np.isfinite(rows.weights).all() and (rows.weights >= 0).all())
            or not rows.weights.any()
        ):
            return (
                f"weights must be float32 of shape ({n},), finite, at least 0, and some above 0; "
                "leave them out where all rows weigh the same."
            )
        if not (np.isfinite(rows.x).all() and np.isfinite(rows.y).all()):
            return "x or y holds a value that is not finite; fill it in or drop the row."
        if self.task == "regression":
            return None
        top = 1 if self.task == "binary" else self.n_outputs - 1
        if not ((rows.y >= 0) & (rows.y <= top) & (rows.y == np.round(rows.y))).all():
            return f"y holds other classes than 0 to {top}; number them from 0."
        return None


def real_table(
    name: str,
    split: Callable[[int], Split],
    task: Task,
    shape: tuple[int, int],
    source: str,
    licence: str,
) -> Dataset:
    """A dataset of a small real table, whose target is standardised if it is a number.

    Args:
        shape: (n_features, n_outputs).
    """
    n_features, n_outputs = shape
    return Dataset(
        name=name,
        task=task,
        n_features=n_features,
        n_outputs=n_outputs,
        unit=TARGET_UNIT if task == "regression" else "nats",
        source=source,
        budget=TrainingBudget(epochs=100, batch_size=32),
        split=split,
        licence=licence,
    )
