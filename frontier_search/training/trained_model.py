"""A trained model of the frontier as one torch module, whatever trained it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from frontier_search.errors import SpecError, ignoring
from frontier_search.models.family import Architecture
from frontier_search.models.trainable import Fit
from frontier_search.training import fitting
from frontier_search.training.stack import Model, Stack, views

EXAMPLE_ROWS = 2  # with one row, torch.export would make a program for exactly one row


class FrontierModel(torch.nn.Module):
    """One trained model: (n, d) standardised rows -> (n, o) outputs, which are logits for classes.

    Args:
        stack: a stack of only this model.
        weights: (P,) learned scalars, in the order of ``StackTraining.selected_weights``.
    """

    def __init__(self, stack: Stack, weights: NDArray[np.float32]) -> None:
        super().__init__()
        self._network = stack.network
        flat = torch.from_numpy(np.array(weights, dtype=np.float32))
        learned = views(flat, 1, stack.network.learned)
        plain = getattr(stack.network, "plain", None)
        self.plain: torch.nn.Module | None = plain(learned) if plain is not None else None
        self.architecture = stack.models[0].architecture
        self.sizes: tuple[int, int] = getattr(stack.network, "sizes", (0, 0))
        if self.plain is not None:  # a module of the user's own is logged as it was written
            return
        self._names = {name: name.replace(".", "__") for name in learned}
        for name, tensor in learned.items():
            parameter = torch.nn.Parameter(tensor.clone(), requires_grad=False)
            self.register_parameter(self._names[name], parameter)
        for name, value in vars(stack.network).items():
            if isinstance(value, Tensor):  # the graph: part of the model, but not learned
                self.register_buffer(f"fixed_{name}", value)

    def forward(self, x: Tensor) -> Tensor:
        if self.plain is not None:
            found: Tensor = self.plain(x)
            return found
        learned = {name: getattr(self, own) for name, own in self._names.items()}
        outputs: Tensor = self._network.forward(learned, x.t()[None])
        return outputs[0].t()


def module(
    architecture: Architecture,
    seed: int,
    weights: NDArray[np.float32],
    sizes: tuple[int, int],
) -> torch.nn.Module:
    """Returns a trained model: rows (n, d) -> outputs (n, o).

    Args:
        seed: draws what is fixed.
        weights: (P,) learned scalars, or what ``fitting.pack`` made of a fitted model.
        sizes: (n_inputs, n_outputs).

    Raises:
        SpecError: the weights do not fit the architecture.
    """
    if isinstance(architecture, Fit):
        return fitting.module(architecture, weights)
    stack = Stack([Model(0, seed, architecture, 0.0)], *sizes, torch.device("cpu"))
    if len(weights) != stack.n_learned:
        raise SpecError(
            f"the model has {len(weights)} learned scalars;"
            f" its architecture needs {stack.n_learned}."
        )
    return FrontierModel(stack, weights).eval()


def exported(exportable: torch.nn.Module, n_inputs: int) -> torch.export.ExportedProgram:
    """Returns a module as a program of ``torch.export``, for any number of rows.

    Raises:
        Exception: torch cannot export it, for whatever reason.
    """
    example = torch.zeros(EXAMPLE_ROWS, n_inputs)
    shapes = {"x": {0: torch.export.Dim("n")}}
    with ignoring():  # of how torch keeps the weights of a GRU
        return torch.export.export(exportable, (example,), dynamic_shapes=shapes)


def require_export(exportable: torch.nn.Module, n_inputs: int) -> None:
    """Exports a user's own module once, and compares a row alone and others with the module.

    Raises:
        SpecError: torch cannot export it, because its ``forward`` reads a value for example, or
            what it exports computes something else.
    """
    rows = torch.randn(7, n_inputs, generator=torch.Generator().manual_seed(0))
    try:
        program = exported(exportable, n_inputs).module()
        for some in (rows, rows[:1]):
            if not torch.allclose(program(some), exportable(some), rtol=1e-3, atol=1e-4):
                raise SpecError("what it exports computes something else")
    except Exception as error:  # whatever torch raises about the user's code
        reason = " ".join(str(error).split())[:120]
        raise SpecError(f"torch.export refuses this module: {reason}") from error
