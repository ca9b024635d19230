"""A logged model of a user's own table: it takes raw rows and predicts as people read.

MODEL/data/model/                the trained program, itself a model that takes scaled rows
           preprocessing.json    what turns raw rows into its inputs, and its outputs into names

MLflow loads it by this module's name, wherever frontier-search is installed. It needs neither the
search nor its table. Nothing is unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from frontier_search.table import predictions
from frontier_search.table.preprocessing import Preprocessing

if TYPE_CHECKING:
    import pandas as pd

MODEL, PREPROCESSING = "model", "preprocessing.json"


class Program(Protocol):
    """A logged model of scaled rows."""

    def predict(self, rows: Any) -> Any:
        """Returns the outputs (n, o) of float32 rows (n, d)."""


class Served:
    """A program with the preprocessing of the training rows that it was trained on."""

    def __init__(self, program: Program, preprocessing: Preprocessing) -> None:
        self.program, self.preprocessing = program, preprocessing

    def predict(self, rows: pd.DataFrame, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Returns a column for each target, or with ``probabilities`` one for each class.

        Raises:
            SpecError: a column is missing or a cell cannot be read; all of them, each by name.
        """
        outputs = np.asarray(self.program.predict(self.preprocessing.transform(rows)))
        wanted = (params or {}).get("probabilities", False)
        give = predictions.probabilities if wanted else predictions.predictions
        return give(self.preprocessing, outputs, rows.index)


def write(preprocessing: Preprocessing, folder: Path) -> None:
    """Writes the preprocessing beside the program."""
    content = json.dumps(preprocessing.to_json())
    (folder / PREPROCESSING).write_text(content, encoding="utf-8")


def _load_pyfunc(path: str) -> Served:
    """Returns the model; MLflow calls it with the folder of its data."""
    import mlflow.pyfunc

    folder = Path(path)
    preprocessing = json.loads((folder / PREPROCESSING).read_text(encoding="utf-8"))
    program = mlflow.pyfunc.load_model(str(folder / MODEL))
    return Served(program, Preprocessing.from_json(preprocessing))
