"""A trained model of a frontier, in NumPy alone.

This file is copied into every model that MLflow holds, beside the model's arrays, and imports
nothing of frontier-search. The torch networks are its definition: see
``models/networks/feedforward.py`` and ``models/networks/reservoir.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

PROGRAM = "program.json"


class NumpyModel:
    """Predicts with the arrays of a folder: ``program.json`` and ``arrays.npz``."""

    def __init__(self, folder: Path) -> None:
        self.program: dict[str, Any] = json.loads((folder / PROGRAM).read_text())
        with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
            self.arrays = {name: arrays[name] for name in arrays.files}

    def predict(self, rows: Any, params: dict[str, Any] | None = None) -> Any:
        """Returns the outputs (n, o) of standardised rows (n, d): logits, where there are classes.

        Args:
            rows: an array or a table.
            params: none are known; MLflow hands them on.
        """
        x = np.asarray(rows, dtype=np.float32).T
        return (self._dense(x) if self.program["kind"] == "dense" else self._reservoir(x)).T

    def _dense(self, x: Any) -> Any:
        arrays, h = self.arrays, x
        for layer in range(self.program["layers"]):
            if layer:
                h = np.tanh(h) if self.program["activation"] == "tanh" else np.maximum(h, 0)
            h = arrays[f"weight_{layer}"] @ h + arrays[f"bias_{layer}"]
        return h + arrays["weight_skip"] @ x if self.program["skip"] else h

    def _reservoir(self, x: Any) -> Any:
        arrays, hidden = self.arrays, self.program["hidden"]
        z = arrays["w_x"] @ x + arrays["b_x"]
        h, rate = np.tanh(z[:hidden]), self._rate()
        for _ in range(self.program["steps"]):
            h = h + rate * (np.tanh(h + np.tanh(self._messages(h))) - h)
        return z[hidden:] + arrays["w_h"] @ h

    def _rate(self) -> Any:
        """Returns how much of an update a unit takes."""
        if self.program["gated"]:
            return 1 / (1 + np.exp(-self.arrays["gate"]))
        return self.arrays.get("leaks", np.float32(1))

    def _messages(self, h: Any) -> Any:
        """Returns G h: of a matrix, or of a Kronecker product of factors less a diagonal."""
        if "graph" in self.arrays:
            return self.arrays["graph"] @ h
        factors = [self.arrays[f"factor_{i}"] for i in range(self.program["factors"])]
        product = h.reshape(*(len(factor) for factor in factors), h.shape[1])
        for axis, factor in enumerate(factors):
            product = np.moveaxis(np.tensordot(factor, product, (1, axis)), 0, axis)
        return product.reshape(h.shape) - self.arrays["loops"] * h


def _load_pyfunc(folder: str) -> NumpyModel:
    """Loads a model for MLflow, which calls this function by its name."""
    return NumpyModel(Path(folder))
