"""What a file of Python holds beside the plan of its model."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from frontier_search.export.script.rows import inputs, read_csv
from frontier_search.table.preprocessing import Preprocessing


@dataclass(frozen=True)
class Model:
    """A trained model of rows of numbers, scaled as in training.

    Attributes:
        plan: its operations.
        task: regression, binary or multiclass.
    """

    plan: Any
    task: str

    def predict(self, rows: Sequence[Sequence[float]]) -> list[Any]:
        """Returns the number of its class, or its number, for each row; of several, a list."""
        x = np.asarray(rows, dtype=np.float32).reshape(len(rows), self.plan.n_inputs)
        outputs = self.plan.run(x)
        if self.task == "regression":
            return list((outputs if outputs.shape[1] > 1 else outputs[:, 0]).tolist())
        chosen = outputs[:, 0] > 0 if outputs.shape[1] == 1 else outputs.argmax(axis=1)
        return list(chosen.astype(int).tolist())

    def main(self) -> None:
        """Reads rows of CSV from standard input, and writes a prediction for each."""
        _, rows = read_csv(sys.stdin)
        write_csv(["prediction"], self.predict([[float(cell) for cell in row] for row in rows]))


@dataclass(frozen=True)
class RawModel:
    """A trained model of the rows of a table.

    Attributes:
        plan: its operations.
        preprocessing: what makes its inputs of a row, and predictions of its outputs.
    """

    plan: Any
    preprocessing: Preprocessing

    def outputs(self, rows: Sequence[Mapping[str, Any]]) -> Any:
        """Returns the model's own outputs, float32, (n_rows, n_outputs)."""
        return self.plan.run(inputs(self.preprocessing, rows))

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Returns a class, or a number in the unit of the table, for each row; of several, a list.

        Raises:
            ValueError: a column is missing, or a cell cannot be read.
        """
        return list(self.preprocessing.decode(self.outputs(rows)).tolist())

    def probabilities(self, rows: Sequence[Mapping[str, Any]]) -> list[list[float]]:
        """Returns the probability of each class, for each row."""
        return list(self.preprocessing.probabilities(self.outputs(rows)).tolist())

    def main(self) -> None:
        """Reads rows of CSV from standard input, and writes a prediction for each."""
        names, rows = read_csv(sys.stdin)
        try:
            found = self.predict([dict(zip(names, row, strict=False)) for row in rows])
        except ValueError as error:
            sys.exit(str(error))
        write_csv(self.preprocessing.target.names, found)


def write_csv(names: Sequence[str], found: Sequence[Any]) -> None:
    """Writes predictions to standard output."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(each if isinstance(each, list) else [each] for each in found)
