"""The rows of all seeds as stacked tensors, ready for minibatches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from frontier_search.data.dataset import Dataset
from frontier_search.seeds import ORDER_STREAM

if TYPE_CHECKING:
    from frontier_search.training.stack import Stack

KEPT_ORDERS = 64 << 20  # bytes


@dataclass(frozen=True)
class StackedRows:
    """One split of all seeds: x (S, d, n) float32, feature-major, and y (S, n)."""

    x: Tensor
    y: Tensor

    def of(self, positions: Tensor) -> StackedRows:
        """The rows of the models of a stack, (M, ..., n), given each model's seed position (M,)."""
        return StackedRows(self.x.index_select(0, positions), self.y.index_select(0, positions))

    def chunks(self, size: int) -> Iterator[StackedRows]:
        for start in range(0, self.x.shape[2], size):
            yield StackedRows(self.x[..., start : start + size], self.y[:, start : start + size])


class Data:
    """A dataset's three splits for all seeds of a search, on one device."""

    def __init__(self, dataset: Dataset, seeds: Sequence[int], device: torch.device) -> None:
        self.dataset, self.seeds, self.device = dataset, tuple(seeds), device
        splits = [dataset.split(seed) for seed in seeds]
        self.train, self.val, self.test = (
            StackedRows(
                torch.from_numpy(np.stack([getattr(split, name).x.T for split in splits])).to(
                    device
                ),
                torch.from_numpy(np.stack([getattr(split, name).y for split in splits])).to(device),
            )
            for name in ("train", "val", "test")
        )
        self.train_rows = self.train.x.mT.flatten(0, 1).contiguous()  # (S n, d)
        self._orders: dict[int, NDArray[np.int32]] = {}

    def positions(self, stack: Stack) -> Tensor:
        """Returns the position of each model's seed among the seeds, (M,) int64."""
        return torch.tensor(
            [self.seeds.index(model.seed) for model in stack.models], device=self.device
        )

    def order(self, epoch: int) -> NDArray[np.int32]:
        """Returns the order of the training rows in one epoch, (S, n).

        A seed decides it, the same for every candidate, resumed or not. Orders are kept for the
        next stack, until they take ``KEPT_ORDERS`` bytes: drawing them took 7 % of training.
        """
        if epoch in self._orders:
            return self._orders[epoch]
        n = self.train.y.shape[1]
        drawn = [
            np.random.default_rng([seed, ORDER_STREAM, epoch]).permutation(n) for seed in self.seeds
        ]
        order = np.stack(drawn).astype(np.int32)
        if order.nbytes * (len(self._orders) + 1) <= KEPT_ORDERS:
            self._orders[epoch] = order
        return order

    def shuffled(self, epoch: int) -> StackedRows:
        """Returns the training rows in the order of one epoch."""
        n_seeds, n = self.train.y.shape
        flat = self.order(epoch).astype(np.int64) + np.arange(n_seeds)[:, None] * n
        order = torch.from_numpy(flat).to(self.device).flatten()
        # Four times faster than a gather of columns.
        x = self.train_rows.index_select(0, order).view(n_seeds, n, -1).mT.contiguous()
        return StackedRows(x, self.train.y.flatten().index_select(0, order).view(n_seeds, n))
