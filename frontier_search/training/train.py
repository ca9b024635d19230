"""Training one stack from its first epoch, or a checkpoint, to its outcomes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from frontier_search.data.dataset import TrainingBudget
from frontier_search.training import metrics
from frontier_search.training.epochs import Epochs, TorchEpochs, outputs_of
from frontier_search.training.kernels import KernelEpochs, covers
from frontier_search.training.optimiser import StackedAdamW
from frontier_search.training.rows import Data, StackedRows
from frontier_search.training.selection import Selection
from frontier_search.training.stack import Stack, per_scalar
from frontier_search.trial import SPLITS, SeedOutcome

Arrays = dict[str, NDArray[Any]]


class StackTraining:
    """A stack being trained; between two epochs its whole state is ``state()``.

    Args:
        stack: the models, changed in place.
        data: the rows of all seeds.
        budget: epochs, batch size and the epoch that is reported.
        compiled: whether the compiled kernel trains the networks that it knows.
    """

    def __init__(
        self, stack: Stack, data: Data, budget: TrainingBudget, compiled: bool = True
    ) -> None:
        self.stack, self.data, self.budget = stack, data, budget
        decays = [model.weight_decay for model in stack.models]
        rates = self._per_scalar([model.learning_rate for model in stack.models])
        decaying = self._per_scalar(decays) if any(decays) else None
        self.optimiser = StackedAdamW(stack.flat, rates, decaying)
        self.selection = Selection(stack, budget.select)
        self.epoch, self.seconds = 0, 0.0
        program = KernelEpochs if compiled and covers(stack, data) else TorchEpochs
        state = (self.optimiser, self.selection)
        self.epochs: Epochs = program(stack, data, budget.batch_size, *state)

    def _per_scalar(self, per_model: list[float]) -> Tensor:
        values = torch.tensor(per_model, device=self.data.device)
        return per_scalar(values, self.stack.network.learned)

    def run(self, between_epochs: Callable[[StackTraining], None] = lambda training: None) -> None:
        """Trains the remaining epochs.

        Args:
            between_epochs: called after each epoch, e.g. to write a checkpoint.
        """
        while self.epoch < self.budget.epochs:
            start = time.perf_counter()
            self.epoch += 1
            self.epochs.run(self.epoch)
            self.seconds += time.perf_counter() - start
            between_epochs(self)

    @torch.no_grad()
    def outcomes(self) -> list[SeedOutcome]:
        """Returns what each model measured at its selected epoch, in the order of the models."""
        forward = partial(outputs_of, self.stack, self.selection.learned)
        positions = self.data.positions(self.stack)
        measured: list[dict[str, float]] = [{} for _ in self.stack.models]
        for split in SPLITS:
            rows: StackedRows = getattr(self.data, split).of(positions)
            values = metrics.on_rows(self.data.dataset.task, forward, rows)
            for own, found in zip(measured, values, strict=True):
                own.update({f"{split}_{name}": value for name, value in found.items()})
        share = self.seconds / len(self.stack.models)
        return [
            SeedOutcome(
                seed=model.seed,
                metrics=measured[i],
                epoch=int(self.selection.epoch[i]),
                epochs=self.epoch,
                seconds=share,
                diverged_epoch=int(self.selection.diverged_epoch[i]) or None,
            )
            for i, model in enumerate(self.stack.models)
        ]

    def selected_weights(self) -> NDArray[np.float32]:
        """Returns the learned scalars of each model's selected epoch, (M, P)."""
        blocks = [tensor.flatten(1) for tensor in self.selection.learned.values()]
        return torch.cat(blocks, dim=1).cpu().numpy()

    def state(self) -> Arrays:
        """Returns everything that changes while training, between two epochs."""
        counters = {
            "epoch": self.epoch,
            "seconds": self.seconds,
            "step_count": self.optimiser.step_count,
        }
        tensors = {name: tensor.cpu().numpy() for name, tensor in self._tensors().items()}
        return tensors | {name: np.asarray(value) for name, value in counters.items()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Continues from a ``state``.

        The epochs that follow are those of a training that was never interrupted, bit for bit.
        """
        for name, tensor in self._tensors().items():
            tensor.copy_(torch.from_numpy(state[name]))
        self.epoch, self.seconds = int(state["epoch"]), float(state["seconds"])
        self.optimiser.step_count = int(state["step_count"])

    def _tensors(self) -> dict[str, Tensor]:
        moments = {"mean": self.optimiser.mean, "square": self.optimiser.square}
        return {**self.selection.tensors(), "flat": self.stack.flat, **moments}
