"""The rows of all seeds as stacked tensors, ready for minibatches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from frontier_search.data.dataset import Dataset
from frontier_search.seeds import ORDER_STREAM


@dataclass(frozen=True)
class StackedRows:
    """One split of all seeds: x (S, d, n) float32, feature-major, and y (S, n)."""

    x: Tensor
    y: Tensor

    def of(self, positions: Tensor) -> StackedRows:
        """Returns the rows of each model of a stack, x (M, d, n) and y (M, n).

        Args:
            positions: (M,), the position of each model's seed.
        """
        return StackedRows(self.x.index_select(0, positions), self.y.index_select(0, positions))

    def chunks(self, size: int) -> Iterator[StackedRows]:
        """Yields the rows in their order, at most ``size`` of each seed at a time."""
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
        self._train_rows = self.train.x.mT.flatten(0, 1).contiguous()  # (S n, d)

    def shuffled(self, epoch: int) -> StackedRows:
        """Returns the training rows in the order of one epoch.

        The order depends only on the seed and the epoch, so it is the same for every candidate, and
        for a training that was resumed.
        """
        n_seeds, n = self.train.y.shape
        orders = np.stack(
            [
                np.random.default_rng([seed, ORDER_STREAM, epoch]).permutation(n)
                for seed in self.seeds
            ]
        )
        order = torch.from_numpy(orders + np.arange(n_seeds)[:, None] * n).to(self.device).flatten()
        # Selecting rows is four times faster than a gather of columns.
        x = self._train_rows.index_select(0, order).view(n_seeds, n, -1).mT.contiguous()
        return StackedRows(x, self.train.y.flatten().index_select(0, order).view(n_seeds, n))
