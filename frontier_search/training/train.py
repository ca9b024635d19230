"""Trains one stack: minibatch AdamW on all its models at once.

The metrics are those of the selected epoch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from frontier_search.data.dataset import TrainingBudget
from frontier_search.models.network import HandWritten, Solved
from frontier_search.training import loss, metrics
from frontier_search.training.metrics import EVALUATION_ROWS
from frontier_search.training.optimiser import StackedAdamW
from frontier_search.training.rows import Data, StackedRows
from frontier_search.training.stack import Stack, per_scalar, views
from frontier_search.trial import SPLITS, SeedOutcome

Arrays = dict[str, NDArray[Any]]

_TENSORS = ("selected", "selected_epoch", "selected_loss", "diverged_epoch")  # of ``state()``


class StackTraining:
    """A stack in training. Between two epochs its whole state is ``state()``.

    Args:
        stack: the models, changed in place.
        data: the rows of all seeds.
        budget: epochs, batch size and the epoch that is reported.
    """

    def __init__(self, stack: Stack, data: Data, budget: TrainingBudget) -> None:
        self.stack, self.data, self.budget = stack, data, budget
        # Decided once, because a check of a protocol takes as long as a dozen tensor operations.
        self._handwritten = stack.network if isinstance(stack.network, HandWritten) else None
        self._solved = stack.network if isinstance(stack.network, Solved) else None
        device, size = data.device, len(stack.models)
        self.positions = torch.tensor(
            [data.seeds.index(model.seed) for model in stack.models], device=device
        )
        decays = [model.weight_decay for model in stack.models]
        rates = self._per_scalar([model.learning_rate for model in stack.models])
        self.optimiser = StackedAdamW(
            stack.flat, rates, self._per_scalar(decays) if any(decays) else None
        )
        self.gradient = torch.zeros_like(stack.flat)
        self.gradients = views(self.gradient, size, stack.network.learned)
        self.val = data.val.of(self.positions)
        self.epoch, self.seconds = 0, 0.0
        self.selected = stack.flat.clone()
        self.selected_epoch = torch.zeros(size, dtype=torch.int64, device=device)
        self.selected_loss = torch.full((size,), torch.inf, device=device)
        self.diverged_epoch = torch.zeros(size, dtype=torch.int64, device=device)  # 0: not yet

    def _per_scalar(self, per_model: list[float]) -> Tensor:
        return per_scalar(
            torch.tensor(per_model, device=self.data.device), self.stack.network.learned
        )

    def run(self, between_epochs: Callable[[StackTraining], None] = lambda training: None) -> None:
        """Trains the remaining epochs.

        Args:
            between_epochs: called after each epoch, e.g. to write a checkpoint.
        """
        while self.epoch < self.budget.epochs:
            start = time.perf_counter()
            self._train_epoch()
            self._select()
            self.seconds += time.perf_counter() - start
            between_epochs(self)

    def _train_epoch(self) -> None:
        if self.epoch == 0:
            self._solve()
        self.epoch += 1
        for batch in self.data.shuffled(self.epoch).chunks(self.budget.batch_size):
            self._compute_gradient(batch.of(self.positions))
            if self._solved is not None:
                self._solved.hold(self.gradients)
            self.optimiser.step(self.gradient)
        self._solve()

    @torch.no_grad()
    def _solve(self) -> None:
        """Sets the scalars that the network solves for, on all training rows.

        It runs before validation, so the selected epoch is one of solved models.
        """
        if self._solved is not None:
            self._solved.solve(self.stack.learned, self._training_batches, self.data.dataset.task)

    def _training_batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        for rows in self.data.train.chunks(EVALUATION_ROWS):
            own = rows.of(self.positions)
            yield own.x, own.y

    def _compute_gradient(self, rows: StackedRows) -> None:
        """Writes the gradient of each model's mean loss into ``self.gradient``."""
        network, learned, task = self._handwritten, self.stack.learned, self.data.dataset.task
        if network is not None:
            with torch.no_grad():
                outputs, saved = network.forward_saving(learned, rows.x)
                network.backward(
                    learned, saved, loss.gradient(task, outputs, rows.y), self.gradients
                )
            return
        leaves = {name: tensor.detach().requires_grad_() for name, tensor in learned.items()}
        total = (
            loss.row_losses(task, self.stack.network.forward(leaves, rows.x), rows.y)
            .mean(dim=1)
            .sum()
        )
        for name, gradient in zip(
            leaves, torch.autograd.grad(total, list(leaves.values())), strict=True
        ):
            self.gradients[name].copy_(gradient)

    def _select(self) -> None:
        """Updates each model's selected epoch and weights, and notes the models that diverged."""
        val_loss = self._val_loss()
        healthy = torch.isfinite(val_loss)
        for tensor in self.stack.learned.values():
            healthy &= torch.isfinite(tensor).flatten(1).all(dim=1)
        self.diverged_epoch.masked_fill_(~healthy & (self.diverged_epoch == 0), self.epoch)
        better = (
            (val_loss < self.selected_loss)
            if self.budget.select == "best"
            else torch.ones_like(healthy)
        )
        for name, tensor in views(self.selected, len(better), self.stack.network.learned).items():
            torch.where(
                better.view(-1, *[1] * (tensor.dim() - 1)),
                self.stack.learned[name],
                tensor,
                out=tensor,
            )
        self.selected_loss = torch.where(better, val_loss, self.selected_loss)
        self.selected_epoch.masked_fill_(better, self.epoch)

    @torch.no_grad()
    def _val_loss(self) -> Tensor:
        """Returns each model's mean loss over the validation rows, (M,)."""
        forward = partial(self._outputs, self.stack.learned)
        means = metrics.row_means(
            {"loss": loss.row_losses}, self.data.dataset.task, forward, self.val
        )
        return means["loss"]

    def _outputs(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        if self._handwritten is not None:
            return self._handwritten.forward_saving(learned, x)[0]
        return self.stack.network.forward(learned, x)

    @torch.no_grad()
    def outcomes(self) -> list[SeedOutcome]:
        """Returns the outcome of each model of the stack, at its selected epoch."""
        learned = views(self.selected, len(self.stack.models), self.stack.network.learned)
        forward = partial(self._outputs, learned)
        measured: list[dict[str, float]] = [{} for _ in self.stack.models]
        for split in SPLITS:
            rows: StackedRows = getattr(self.data, split).of(self.positions)
            values = metrics.on_rows(self.data.dataset.task, forward, rows)
            for own, found in zip(measured, values, strict=True):
                own.update({f"{split}_{name}": value for name, value in found.items()})
        share = self.seconds / len(self.stack.models)
        return [
            SeedOutcome(
                seed=model.seed,
                metrics=measured[i],
                epoch=int(self.selected_epoch[i]),
                epochs=self.epoch,
                seconds=share,
                diverged_epoch=int(self.diverged_epoch[i]) or None,
            )
            for i, model in enumerate(self.stack.models)
        ]

    def selected_weights(self) -> NDArray[np.float32]:
        """Returns the learned scalars of each model's selected epoch, (M, P)."""
        learned = views(self.selected, len(self.stack.models), self.stack.network.learned)
        return torch.cat([tensor.flatten(1) for tensor in learned.values()], dim=1).cpu().numpy()

    def state(self) -> Arrays:
        """Returns everything that training changes, between two epochs."""
        tensors = {name: getattr(self, name) for name in _TENSORS} | {"flat": self.stack.flat}
        tensors |= {"mean": self.optimiser.mean, "square": self.optimiser.square}
        counters = {
            "epoch": self.epoch,
            "seconds": self.seconds,
            "step_count": self.optimiser.step_count,
        }
        return {name: t.cpu().numpy() for name, t in tensors.items()} | {
            name: np.asarray(v) for name, v in counters.items()
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Sets everything to a ``state``.

        The following epochs are, bit for bit, those of a training that was never interrupted.
        """
        targets = {name: getattr(self, name) for name in _TENSORS} | {"flat": self.stack.flat}
        targets |= {"mean": self.optimiser.mean, "square": self.optimiser.square}
        for name, tensor in targets.items():
            tensor.copy_(torch.from_numpy(state[name]))
        self.epoch, self.seconds = int(state["epoch"]), float(state["seconds"])
        self.optimiser.step_count = int(state["step_count"])
