"""One epoch of a stack in torch: minibatch AdamW over all its models at once, then validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from frontier_search.errors import TrialError
from frontier_search.models.network import HandWritten, Moded, Solved
from frontier_search.training import loss, metrics
from frontier_search.training.metrics import EVALUATION_ROWS
from frontier_search.training.optimiser import StackedAdamW
from frontier_search.training.rows import Data, StackedRows
from frontier_search.training.selection import Selection
from frontier_search.training.stack import Stack, views
from frontier_search.training.torch_compile import compiled


class Epochs(Protocol):
    """What trains a stack, one epoch after another, in place."""

    def run(self, epoch: int) -> None:
        """Trains one epoch, the first of which is 1, and lets the selection consider it."""
        ...

    def drop(self, models: Sequence[int]) -> bool:
        """Leaves models out of the next epochs if it can, and returns whether it does."""
        ...


class TorchEpochs:
    """The definition of training: the network as a stacked torch program.

    Args:
        stack: the models, changed in place.
        data: the rows of all seeds.
        batch_size: rows of a minibatch.
        optimiser: of the stack's scalars, changed in place.
        selection: of the stack's models, changed in place.
        torch_compile: whether ``torch.compile`` makes one program of a minibatch, unless the
            network behaves otherwise in training, as dropout and batch norm do.
    """

    def __init__(
        self,
        stack: Stack,
        data: Data,
        batch_size: int,
        optimiser: StackedAdamW,
        selection: Selection,
        torch_compile: bool = False,
    ) -> None:
        self.stack, self.data, self.batch_size = stack, data, batch_size
        self.optimiser, self.selection = optimiser, selection
        # Whether an object keeps a protocol takes as long to find out as a dozen tensor operations.
        self._handwritten = stack.network if isinstance(stack.network, HandWritten) else None
        self._moded = stack.network if isinstance(stack.network, Moded) else None
        self._solved = stack.network if isinstance(stack.network, Solved) else None
        if self._solved is not None and data.rows.pool.weights is not None:
            raise TrialError("its network solves for a part of it, and knows no weights of rows")
        self._losses = self._losses_of_rows
        if torch_compile and self._moded is None:
            self._handwritten = None  # it writes in place, which a CUDA graph does not allow
            self._losses = compiled(self._losses_of_rows, data.device.type)
        self.positions = data.positions(stack)
        self.gradient = torch.zeros_like(stack.flat)
        self.gradients = views(self.gradient, len(stack.models), stack.network.learned)

    def run(self, epoch: int) -> None:
        if epoch == 1:
            self._solve()
        lost = torch.zeros_like(self.selection.loss)
        for batch in self.data.minibatches(epoch, self.batch_size):
            lost += self._compute_gradient(batch.of(self.positions)).sum(dim=1)
            if self._solved is not None:
                self._solved.hold(self.gradients)
            self.optimiser.step(self.gradient)
        self.selection.train_losses[epoch - 1] = lost / self.data.sizes["train"]
        self._solve()
        self.selection.consider(epoch, self._val_loss())

    def drop(self, models: Sequence[int]) -> bool:
        """Trains them on: all models of a stack are one tensor program."""
        return False

    @torch.no_grad()
    def _solve(self) -> None:
        """Sets the scalars that the network solves for, on all training rows.

        Validation then selects among solved models.
        """
        if self._solved is not None:
            self._solved.solve(self.stack.learned, self._training_batches, self.data.dataset.task)

    def _training_batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        for own in own_rows(self.data, "train", self.positions):
            yield own.x, own.y

    def _compute_gradient(self, rows: StackedRows) -> Tensor:
        """Writes the gradient of each model's mean loss into ``self.gradient``.

        Returns:
            (M, n), the loss of every row, times its weight where there are any.
        """
        network, learned, task = self._handwritten, self.stack.learned, self.data.dataset.task
        if network is not None:
            with torch.no_grad():
                outputs, saved = network.forward_saving(learned, rows.x)
                losses = _weighted(loss.row_losses(task, outputs, rows.y), rows.weights)
                d_outputs = loss.gradient(task, outputs, rows.y, rows.weights)
                network.backward(learned, saved, d_outputs, self.gradients)
            return losses
        carried = self.stack.carried  # has no gradient
        leaves = {
            name: t.detach().requires_grad_(name not in carried) for name, t in learned.items()
        }
        losses = self._losses(leaves, rows.x, rows.y, rows.weights)
        total = losses.mean(dim=1).sum()
        trained = [name for name in leaves if name not in carried]
        found = torch.autograd.grad(
            total, [leaves[name] for name in trained], materialize_grads=True
        )
        for name, gradient in zip(trained, found, strict=True):
            self.gradients[name].copy_(gradient)
        return losses.detach()

    def _losses_of_rows(
        self, leaves: Mapping[str, Tensor], x: Tensor, y: Tensor, weights: Tensor | None
    ) -> Tensor:
        """Returns the loss of every row in training, (M, n), which autograd can differentiate."""
        if self._moded is not None:
            outputs = self._moded.forward_training(leaves, x, self.optimiser.step_count)
        else:
            outputs = self.stack.network.forward(leaves, x)
        return _weighted(loss.row_losses(self.data.dataset.task, outputs, y), weights)

    @torch.no_grad()
    def _val_loss(self) -> Tensor:
        """Returns each model's mean loss over the validation rows, (M,)."""
        forward = partial(outputs_of, self.stack, self.stack.learned)
        per_row = {"loss": loss.row_losses}
        rows = own_rows(self.data, "val", self.positions)
        return metrics.row_means(per_row, self.data.dataset.task, forward, rows)["loss"]


class SolvedEpochs(TorchEpochs):
    """Epochs of networks of which nothing is left to gradients: a solution, then validation.

    The solution of a regression is final, so its later epochs repeat what the first one found.
    """

    _loss: Tensor | None = None

    def run(self, epoch: int) -> None:
        if self._loss is None or self.data.dataset.task != "regression":
            self._solve()
            self._loss = self._val_loss()
        self.selection.consider(epoch, self._loss)


def _weighted(losses: Tensor, weights: Tensor | None) -> Tensor:
    return losses if weights is None else losses * weights


def own_rows(data: Data, part: str, positions: Tensor) -> Iterator[StackedRows]:
    """Yields the rows of a part for the models of a stack, in chunks that fit the cache.

    Args:
        positions: of each model's seed among the seeds, (M,).
    """
    for rows in data.chunks(part, EVALUATION_ROWS):
        yield rows.of(positions)


def outputs_of(stack: Stack, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """Returns the outputs (M, o, n) of a stack's network with these learned tensors."""
    network = stack.network
    if isinstance(network, HandWritten):
        return network.forward_saving(learned, x)[0]
    return network.forward(learned, x)
