"""Training one stack from its first epoch, or a checkpoint, to its outcomes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from frontier_search.curve import Curve
from frontier_search.data.dataset import TrainingBudget
from frontier_search.models.network import WhollySolved
from frontier_search.objective import Objective
from frontier_search.training import metrics
from frontier_search.training.epochs import (
    Epochs,
    SolvedEpochs,
    TorchEpochs,
    outputs_of,
    own_rows,
)
from frontier_search.training.kernels.epochs import KernelEpochs, covers
from frontier_search.training.optimiser import StackedAdamW
from frontier_search.training.rows import Data
from frontier_search.training.selection import Selection
from frontier_search.training.stack import Stack, per_scalar
from frontier_search.training.threads import ONE_THREAD, Threads
from frontier_search.trial import SPLITS, AtBudget, SeedOutcome

Arrays = dict[str, NDArray[Any]]
Metrics = list[dict[str, float]]  # of each model of a stack
CURVES = ("val_losses", "train_losses")  # of a selection


class StackTraining:
    """A stack being trained; between two epochs its whole state is ``state()``.

    Args:
        stack: the models, changed in place.
        data: the rows of all seeds.
        budget: epochs, batch size and the epoch that is reported.
        compiled: whether the compiled kernel trains the networks that it knows.
        threads: among which the kernel spreads the models. The result does not depend on them.
        objectives: of the search.
        torch_compile: whether ``torch.compile`` makes programs of what torch trains.
    """

    def __init__(
        self,
        stack: Stack,
        data: Data,
        budget: TrainingBudget,
        compiled: bool = True,
        threads: Threads = ONE_THREAD,
        objectives: Sequence[Objective] = (),
        torch_compile: bool = False,
    ) -> None:
        self.objectives = objectives
        self.stack, self.data, self.budget = stack, data, budget
        decays = [model.weight_decay for model in stack.models]
        rates = self._per_scalar([model.learning_rate for model in stack.models])
        decaying = self._per_scalar(decays) if any(decays) else None
        self.optimiser = StackedAdamW(stack.flat, rates, decaying)
        self.selection = Selection(stack, budget.select, budget.epochs)
        self.epoch, self.seconds = 0, 0.0
        self._at: dict[int, list[AtBudget]] = {}  # budget -> what each model measured by then
        self._stopped: dict[int, int] = {}  # model -> the epoch after which it was stopped
        self._at_stop: dict[int, AtBudget] = {}  # of models that train on although they stopped
        parts = (stack, data, budget.batch_size, self.optimiser, self.selection)
        self.epochs: Epochs
        if compiled and covers(stack, data):
            self.epochs = KernelEpochs(*parts, threads)
        elif isinstance(stack.network, WhollySolved):
            self.epochs = SolvedEpochs(*parts)
        else:
            self.epochs = TorchEpochs(*parts, torch_compile)

    def _per_scalar(self, per_model: list[float]) -> Tensor:
        values = torch.tensor(per_model, device=self.data.device)
        return per_scalar(values, self.stack.network.learned, self.stack.carried)

    def run(
        self,
        between_epochs: Callable[[StackTraining], None] = lambda training: None,
        last: int | None = None,
    ) -> None:
        """Trains the remaining epochs, while a model of the stack still runs.

        Args:
            between_epochs: called after each epoch, e.g. to write a checkpoint.
            last: the epoch after which training pauses; None: that of the budget.
        """
        last = self.budget.epochs if last is None else last
        while self.epoch < last and len(self._stopped) < len(self.stack.models):
            start = time.perf_counter()
            self.epoch += 1
            self.epochs.run(self.epoch)
            self.seconds += time.perf_counter() - start
            if self.epoch in self.budget.budgets:
                epochs = self.selection.epoch.tolist()
                self._at[self.epoch] = list(map(AtBudget, epochs, self._measured()))
            between_epochs(self)

    def val_losses(self) -> NDArray[np.float64]:
        """Returns the validation loss of every epoch so far, (M, epochs)."""
        return np.asarray(self.selection.val_losses[: self.epoch].cpu().numpy().T)

    def train_losses(self) -> NDArray[np.float64]:
        """Returns the training loss of every epoch so far, (M, epochs), see ``Selection``."""
        return np.asarray(self.selection.train_losses[: self.epoch].cpu().numpy().T)

    def stop(self, models: Sequence[int]) -> None:
        """Stops some models. Their outcome is that of the last epoch.

        The kernel leaves them out of the next epochs. Torch trains whole stacks, and so as long as
        one model of the stack still runs.
        """
        if not models:
            return
        self._stopped |= dict.fromkeys(models, self.epoch)
        if not self.epochs.drop(models) and len(self._stopped) < len(self.stack.models):
            measured, epochs = self._measured(), self.selection.epoch.tolist()
            self._at_stop |= {i: AtBudget(epochs[i], measured[i]) for i in models}

    def outcomes(self) -> list[SeedOutcome]:
        """Returns what each model measured at its selected epoch, in the order of the models."""
        measured, curves = self._measured(), self.val_losses()
        ends = [self._stopped.get(i, self.epoch) for i in range(len(self.stack.models))]
        outcomes = []
        for i, (model, end) in enumerate(zip(self.stack.models, ends, strict=True)):
            diverged = int(self.selection.diverged_epoch[i])
            at = self._at_stop.get(i) or AtBudget(int(self.selection.epoch[i]), measured[i])
            outcomes.append(
                SeedOutcome(
                    seed=model.seed,
                    metrics=at.metrics,
                    epoch=at.epoch,
                    epochs=end,
                    seconds=self.seconds * end / sum(ends) if any(ends) else self.seconds,
                    diverged_epoch=diverged if 0 < diverged <= end else None,
                    val_losses=Curve.of(curves[i, :end]),
                    budgets={epochs: at[i] for epochs, at in self._at.items()},
                )
            )
        return outcomes

    @torch.no_grad()
    def _measured(self) -> Metrics:
        """Returns the metrics of each model at the epoch that is selected so far."""
        forward = partial(outputs_of, self.stack, self.selection.learned)
        positions = self.data.positions(self.stack)
        units = self.data.units().index_select(0, positions)
        measured: Metrics = [{} for _ in self.stack.models]
        for split in SPLITS:
            rows = own_rows(self.data, split, positions)
            values = metrics.on_rows(self.data.dataset.task, forward, rows, self.objectives, units)
            for own, found in zip(measured, values, strict=True):
                own.update({f"{split}_{name}": value for name, value in found.items()})
        return measured

    def selected_weights(self) -> NDArray[np.float32]:
        """Returns the learned scalars of each model's selected epoch, (M, P)."""
        blocks = [tensor.reshape(len(tensor), -1) for tensor in self.selection.learned.values()]
        return torch.cat(blocks, dim=1).cpu().numpy()

    def state(self) -> Arrays:
        """Returns everything that changes while training, between two epochs."""
        counters = {
            "epoch": self.epoch,
            "seconds": self.seconds,
            "step_count": self.optimiser.step_count,
        }
        tensors = {name: tensor.cpu().numpy() for name, tensor in self._tensors().items()}
        arrays = {name: np.asarray(value) for name, value in counters.items()}
        for name in CURVES:
            arrays[name] = getattr(self.selection, name)[: self.epoch].cpu().numpy()
        for epochs, found in self._at.items():
            arrays[f"epoch_{epochs}"] = np.array([at.epoch for at in found])
            for name in found[0].metrics:
                arrays[f"{name}_{epochs}"] = np.array([at.metrics[name] for at in found])
        return tensors | arrays

    def restore(self, state: Mapping[str, NDArray[Any]]) -> bool:
        """Continues from a ``state``, unless an earlier version wrote it without learning curves.

        The epochs that follow are those of a training that was never interrupted, bit for bit.

        Returns:
            whether it does; if not, training begins with the first epoch.
        """
        if not set(CURVES) <= state.keys():
            return False
        for name, tensor in self._tensors().items():
            tensor.copy_(torch.from_numpy(state[name]))
        self.epoch, self.seconds = int(state["epoch"]), float(state["seconds"])
        for name in CURVES:
            getattr(self.selection, name)[: self.epoch] = torch.from_numpy(state[name])
        self._at = {
            epochs: _at_budget(state, epochs)
            for epochs in self.budget.budgets
            if epochs <= self.epoch
        }
        self.optimiser.step_count = int(state["step_count"])
        return True

    def _tensors(self) -> dict[str, Tensor]:
        moments = {"mean": self.optimiser.mean, "square": self.optimiser.square}
        return {**self.selection.tensors(), "flat": self.stack.flat, **moments}


def _at_budget(state: Mapping[str, NDArray[Any]], epochs: int) -> list[AtBudget]:
    """Returns what each model measured at a budget, from a ``state`` that was written after it."""
    ending, selected = f"_{epochs}", state[f"epoch_{epochs}"].tolist()
    named = {
        key.removesuffix(ending): values.tolist()
        for key, values in state.items()
        if key.endswith(ending) and key.startswith(SPLITS)
    }
    return [
        AtBudget(epoch, {name: values[i] for name, values in named.items()})
        for i, epoch in enumerate(selected)
    ]
