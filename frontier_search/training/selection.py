"""The epoch that is reported of each model: that of the smallest validation loss, or the last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from frontier_search.data.dataset import Select
from frontier_search.training.stack import Stack, views


class Selection:
    """The selected epoch of M models, changed in place after each epoch.

    Attributes:
        flat: (M P,) learned scalars of the selected epoch, laid out as the stack's.
        loss: (M,) float64, validation loss of the selected epoch.
        epoch: (M,) int64, counted from 1; 0 is the untrained model.
        val_losses: (epochs, M) float64, the validation loss of every epoch; nan until it is over.
        train_losses: (epochs, M) float64, the mean loss of the training rows of every epoch, each
            before the update of its minibatch; nan where no gradient is followed.
        diverged_epoch: (M,) int64, the first epoch with a validation loss or a learned scalar that
            is not finite; 0 where there is none.
    """

    def __init__(self, stack: Stack, select: Select, epochs: int) -> None:
        device, size = stack.flat.device, len(stack.models)
        self.stack, self.select = stack, select
        self.flat = stack.flat.clone()
        self.loss = torch.full((size,), torch.inf, dtype=torch.float64, device=device)
        self.epoch = torch.zeros(size, dtype=torch.int64, device=device)
        self.val_losses = torch.full((epochs, size), torch.nan, dtype=torch.float64, device=device)
        self.train_losses = self.val_losses.clone()
        self.diverged_epoch = torch.zeros(size, dtype=torch.int64, device=device)

    @property
    def learned(self) -> dict[str, Tensor]:
        """The learned tensors of the selected epoch, (M, ...), as views into ``flat``."""
        return views(self.flat, len(self.stack.models), self.stack.network.learned)

    def consider(self, epoch: int, val_loss: Tensor) -> None:
        """Selects between the epoch that has just ended and the one selected so far.

        Args:
            val_loss: (M,) float64. A loss that is not a number is never the smallest.
        """
        self.val_losses[epoch - 1] = val_loss
        healthy = torch.isfinite(val_loss)
        for name, tensor in self.stack.learned.items():
            if name in self.stack.carried:  # a mask holds infinities
                continue
            healthy &= torch.isfinite(tensor).view(len(tensor), -1).all(dim=1)
        self.diverged_epoch.masked_fill_(~healthy & (self.diverged_epoch == 0), epoch)
        best = self.select == "best"
        better = val_loss < self.loss if best else torch.ones_like(healthy)
        for name, tensor in self.learned.items():
            mask = better.view(-1, *[1] * (tensor.dim() - 1))
            torch.where(mask, self.stack.learned[name], tensor, out=tensor)
        torch.where(better, val_loss, self.loss, out=self.loss)
        self.epoch.masked_fill_(better, epoch)

    def tensors(self) -> Mapping[str, Tensor]:
        """What a checkpoint keeps, by the key that it has there."""
        return dict(self._named())

    def _named(self) -> Iterator[tuple[str, Tensor]]:
        yield "selected", self.flat
        yield "selected_epoch", self.epoch
        yield "selected_loss", self.loss
        yield "diverged_epoch", self.diverged_epoch
