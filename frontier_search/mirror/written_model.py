"""A logged model that torch.export refuses: a module of the user's own, as they wrote it.

MODEL/data/module.json   the import path of what makes the module, and its arguments
           values.npz    its parameters and buffers
      code/             the files of the search that hold it

MLflow loads it by this module's name, wherever frontier-search is installed. Nothing is unpickled.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from frontier_search.files import write_arrays
from frontier_search.models.architectures.own_module import OwnModule
from frontier_search.models.module import Outputs, build

MODULE, VALUES = "module.json", "values.npz"


class WrittenModel:
    """Predicts with a module of the user's own."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module

    def predict(self, rows: Any, params: dict[str, Any] | None = None) -> NDArray[np.float32]:
        """Returns the outputs (n, o) of scaled rows (n, d): logits, where there are classes.

        Args:
            rows: an array or a table.
            params: none are known; MLflow hands them on.
        """
        x = torch.from_numpy(np.array(rows, dtype=np.float32))
        with torch.no_grad():
            return np.asarray(self.module(x).numpy())


def write(
    architecture: OwnModule, sizes: tuple[int, int], module: torch.nn.Module, folder: Path
) -> None:
    """Writes a trained module.

    Args:
        sizes: (n_inputs, n_outputs).
        module: made by the architecture.
    """
    folder.mkdir(parents=True)
    made = {"path": architecture.path, "arguments": architecture.arguments, "sizes": sizes}
    (folder / MODULE).write_text(json.dumps(made), encoding="utf-8")
    values = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    write_arrays(folder / VALUES, {name: value.numpy() for name, value in values.items()})


def _load_pyfunc(path: str) -> WrittenModel:
    """Returns the model; MLflow calls it with the folder of its data."""
    folder = Path(path)
    given = json.loads((folder / MODULE).read_text(encoding="utf-8"))
    arguments = tuple((str(name), value) for name, value in given["arguments"])
    made = build(OwnModule(given["path"], arguments), *given["sizes"])
    own = {**dict(made.named_parameters()), **dict(made.named_buffers())}
    with np.load(folder / VALUES, allow_pickle=False) as values, torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(torch.from_numpy(values[name]))
    return WrittenModel(Outputs(made).eval().requires_grad_(False))
