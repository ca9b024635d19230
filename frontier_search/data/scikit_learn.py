"""Rows that scikit-learn makes or holds: datasets that differ only in a function and numbers.

A dataset's ``split`` is a frozen value of this module, so that a dataset equals its pickled copy.
scikit-learn is imported when a seed is first split, because listing the datasets must not load it.
The tables of ``CLASS_TABLES`` are read without it: it takes a second of the processor to load.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np

from frontier_search.data.dataset import Dataset, Split, Task, TrainingBudget, real_table
from frontier_search.data.splitting import (
    Sizes,
    at_random,
    columns,
    in_order,
    split_rows,
    split_table,
)

SIZES = Sizes(train=600, val=200, test=200)
PLANE = (0, 2)  # of a manifold's three coordinates; the third, its width, says nothing of the label
# function -> the file of its table, and how many lines of it come before the rows
CLASS_TABLES = {
    "load_breast_cancer": ("breast_cancer.csv", 1),
    "load_digits": ("digits.csv.gz", 0),
    "load_iris": ("iris.csv", 1),
    "load_wine": ("wine_data.csv", 1),
}
PROBLEM = 0  # random_state of the one problem of a ``FixedProblem``
PROBLEM_ROWS = 20_000  # many times the rows of one seed, so that two seeds share few rows


@dataclass(frozen=True)
class FreshSample:
    """Two classes, drawn anew for each seed. The training rows standardise the features.

    Attributes:
        function: of ``sklearn.datasets``; it returns features and labels.
        settings: (name, value) of its arguments other than the number of rows and the seed.
    """

    function: str
    settings: tuple[tuple[str, float], ...]

    def __call__(self, seed: int) -> Split:
        """Returns x of shape (n_rows, n_features), standardised, y 0 or 1."""
        settings = dict(self.settings)
        x, y = _call(self.function, n_samples=sum(SIZES), random_state=seed, **settings)
        parts = in_order(SIZES)
        return split_rows(columns(x, parts.train), y, parts, "binary")


@dataclass(frozen=True)
class ManifoldHalves:
    """The two halves of a noisy manifold, seen from the side and drawn anew for each seed.

    The label is 1 where the position t along the manifold is above its median, so the classes have
    equally many rows. The training rows standardise the two features.

    Attributes:
        function: of ``sklearn.datasets``; it returns points in three dimensions and t.
        noise: standard deviation of the noise on every coordinate.
    """

    function: str
    noise: float

    def __call__(self, seed: int) -> Split:
        """Returns x of shape (n_rows, 2), standardised, y 0 or 1."""
        points, t = _call(self.function, n_samples=sum(SIZES), noise=self.noise, random_state=seed)
        parts = in_order(SIZES)
        x = columns(points[:, PLANE], parts.train)
        return split_rows(x, t > np.median(t), parts, "binary")


@dataclass(frozen=True)
class FixedProblem:
    """Two Gaussian clusters a class on the corners of a hypercube, 1 % of the labels at random.

    The seed does not draw another problem. It chooses which rows of one large fixed sample are
    train, validation and test, so seeds differ by their rows and not by how hard their centroids
    happen to be. The training rows standardise the features.

    Source: I. Guyon, "Design of experiments for the NIPS 2003 variable selection benchmark" (2003),
    made by ``sklearn.datasets.make_classification``.

    Attributes:
        n_features: columns.
        n_informative: columns that place the clusters.
        n_redundant: random linear combinations of the informative ones; the rest is noise.
        n_classes: at least 2.
        sizes: rows of one seed.
    """

    n_features: int
    n_informative: int
    n_redundant: int
    n_classes: int
    sizes: Sizes

    @property
    def task(self) -> Task:
        return "binary" if self.n_classes == 2 else "multiclass"

    def __call__(self, seed: int) -> Split:
        """Returns x of shape (n_rows, n_features), standardised, y a class number."""
        x, y = self.draw(PROBLEM_ROWS, PROBLEM)
        parts = at_random(PROBLEM_ROWS, self.sizes, seed)
        return split_rows(columns(x, parts.train), y, parts, self.task)

    def draw(self, n_rows: int, problem: int) -> tuple[Any, Any]:
        """Returns features (n_rows, n_features) and class numbers (n_rows,) of one problem."""
        return _call(
            "make_classification",
            n_samples=n_rows,
            n_features=self.n_features,
            n_informative=self.n_informative,
            n_redundant=self.n_redundant,
            n_classes=self.n_classes,
            random_state=problem,
        )


@dataclass(frozen=True)
class FreshProblem:
    """As ``FixedProblem``, except that every seed draws its own problem: clusters and rows.

    Attributes:
        kind: sizes and numbers that all problems share.
    """

    kind: FixedProblem

    def __call__(self, seed: int) -> Split:
        """Returns x of shape (n_rows, n_features), standardised, y a class number."""
        x, y = self.kind.draw(sum(self.kind.sizes), seed)
        parts = in_order(self.kind.sizes)
        return split_rows(columns(x, parts.train), y, parts, self.kind.task)


@dataclass(frozen=True)
class StoredTable:
    """All rows of a table that scikit-learn holds, split by ``split_table``.

    Attributes:
        function: of ``sklearn.datasets``; it returns features, and class numbers or a target.
        task: binary, multiclass or regression.
    """

    function: str
    task: Task

    def __call__(self, seed: int) -> Split:
        """Returns x of shape (n_rows, n_features), standardised, y a class number or target."""
        x, y = stored(self.function)
        return split_table(x, y, self.task, seed)


def fresh_sample(
    name: str, function: str, n_features: int, settings: Mapping[str, float]
) -> Dataset:
    """A binary dataset of ``FreshSample``."""
    return Dataset(
        name=name,
        task="binary",
        n_features=n_features,
        n_outputs=1,
        unit="nats",
        source=f"sklearn.datasets.{function}",
        budget=TrainingBudget(epochs=40, batch_size=32),
        split=FreshSample(function, tuple(settings.items())),
        population="draws",
    )


def manifold_halves(name: str, function: str, noise: float, source: str | None = None) -> Dataset:
    """A binary dataset of ``ManifoldHalves``; ``source`` is a paper, if there is one."""
    maker = f"sklearn.datasets.{function}"
    return Dataset(
        name=name,
        task="binary",
        n_features=len(PLANE),
        n_outputs=1,
        unit="nats",
        source=f"{source}, {maker}" if source else maker,
        budget=TrainingBudget(epochs=40, batch_size=32),
        split=ManifoldHalves(function, noise),
        population="draws",
    )


def fixed_problem(name: str, problem: FixedProblem) -> Dataset:
    """A dataset of a ``FixedProblem``: binary for two classes, else multiclass."""
    return Dataset(
        name=name,
        task=problem.task,
        n_features=problem.n_features,
        n_outputs=1 if problem.task == "binary" else problem.n_classes,
        unit="nats",
        source="Guyon (2003), sklearn.datasets.make_classification",
        budget=TrainingBudget(epochs=60, batch_size=32),
        split=problem,
        population="problem",
    )


def fresh_problem(name: str, kind: FixedProblem) -> Dataset:
    """A dataset of a ``FreshProblem``: as ``fixed_problem``, with another problem a seed."""
    return replace(fixed_problem(name, kind), split=FreshProblem(kind), population="problems")


def stored_table(
    name: str,
    function: str,
    n_features: int,
    source: str,
    licence: str,
    task: Task = "multiclass",
    n_outputs: int = 1,
) -> Dataset:
    """A dataset of ``StoredTable``."""
    shape = (n_features, n_outputs)
    origin = f"{source}, sklearn.datasets.{function}"
    return real_table(name, StoredTable(function, task), task, shape, origin, licence)


@functools.lru_cache(maxsize=1)  # every seed splits the same table
def stored(function: str) -> tuple[Any, Any]:
    """Returns the features and the targets of a table that scikit-learn holds; change neither."""
    read = _class_table(function)
    return _call(function, return_X_y=True) if read is None else read


def _class_table(function: str) -> tuple[Any, Any] | None:
    """Returns what a function of ``CLASS_TABLES`` does, or None: the table is not at its place."""
    name, n_before = CLASS_TABLES.get(function, ("", 0))
    found = util.find_spec("sklearn")  # it does not load it
    if not name or found is None or found.origin is None:
        return None
    file = Path(found.origin).parent / "datasets" / "data" / name
    if not file.is_file():
        return None
    table = np.loadtxt(file, delimiter=",", skiprows=n_before)
    return np.ascontiguousarray(table[:, :-1]), table[:, -1].astype(np.int64)


def _call(function: str, **settings: Any) -> tuple[Any, Any]:
    from sklearn import datasets

    rows: tuple[Any, Any] = getattr(datasets, function)(**settings)
    return rows
