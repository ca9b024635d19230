"""The rows of all seeds as the models of a stack see them, block by block.

The rows are kept once (``SeedRows``). A block of them is copied and laid out for the batched
products when it is needed. Small parts are kept in this layout.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from frontier_search.data.dataset import Dataset
from frontier_search.data.pool import Scaling
from frontier_search.data.seed_rows import SeedRows
from frontier_search.training.orders import Orders

if TYPE_CHECKING:
    from frontier_search.training.stack import Stack

# Bytes of all seeds' rows that are laid out at a time: they stay in the processor's cache until
# they are used, and glibc keeps memory for a few blocks in each thread.
BLOCK = 4 << 20
KEPT = 32 << 20  # bytes of a part of all seeds that is kept in this layout


@dataclass(frozen=True)
class StackedRows:
    """Rows of all seeds.

    Attributes:
        x: (S, d, n) float32, feature-major.
        y: (S, n), or (S, n, o) for several targets.
        weights: (S, n) float32; None where all rows weigh the same.
    """

    x: Tensor
    y: Tensor
    weights: Tensor | None = None

    def of(self, positions: Tensor) -> StackedRows:
        """The rows of the models of a stack, (M, ..., n), given each model's seed position (M,)."""
        weights = None if self.weights is None else self.weights.index_select(0, positions)
        x, y = self.x.index_select(0, positions), self.y.index_select(0, positions)
        return StackedRows(x, y, weights)

    def chunks(self, size: int) -> Iterator[StackedRows]:
        for start in range(0, self.x.shape[2], size):
            end = start + size
            weights = None if self.weights is None else self.weights[:, start:end]
            yield StackedRows(self.x[..., start:end], self.y[:, start:end], weights)


class Data:
    """A dataset's rows for all seeds of a search, on one device.

    Args:
        rows: of the seeds, where they are already split.

    Attributes:
        rows: of the seeds, in the memory of this process or a file.
        sizes: part -> the number of its rows, the same for every seed.
        weights: of the pool's rows for each seed, (S, n_rows) float32; None where all weigh the
            same.
    """

    def __init__(
        self,
        dataset: Dataset,
        seeds: Sequence[int],
        device: torch.device,
        rows: SeedRows | None = None,
    ) -> None:
        self.dataset, self.seeds, self.device = dataset, tuple(seeds), device
        self.rows = SeedRows.of(dataset.split, seeds) if rows is None else rows
        self.sizes = {part: numbers.shape[1] for part, numbers in self.rows.numbers.items()}
        self._orders = Orders(seeds, self.sizes["train"])
        pool = self.rows.pool
        self._x, self._y = (torch.from_numpy(array).to(device) for array in (pool.x, pool.y))
        self._x_scaling = _Scaling.of(self.rows.x_scaling, device)
        self._y_scaling = _Scaling.of(self.rows.y_scaling, device)
        self._row_bytes = 4 * dataset.n_features
        self.weights = None if pool.weights is None else torch.from_numpy(self._scaled_weights())
        self._kept: dict[str, StackedRows] = {}

    @property
    def is_plain(self) -> bool:
        """Whether a row has one target, and all rows weigh the same."""
        return self.rows.pool.y.ndim == 1 and self.rows.pool.weights is None

    def units(self) -> Tensor:
        """Returns what a scaled target is multiplied by, in the target's own unit, (S, o)."""
        preprocessing = self.dataset.preprocessing
        if preprocessing is not None and self.dataset.task == "regression":
            scales = [preprocessing(seed).target.scale for seed in self.seeds]
            return torch.tensor(scales, dtype=torch.float32, device=self.device)
        if self.rows.y_scaling is None:
            return torch.ones(len(self.seeds), self.dataset.n_outputs, device=self.device)
        factors = torch.from_numpy(self.rows.y_scaling.factor).to(self.device)
        return 1 / factors.reshape(len(self.seeds), -1)

    def _scaled_weights(self) -> NDArray[np.float32]:
        """Returns the weights of the pool's rows for each seed, (S, n_rows).

        The mean of its training rows is 1, so that a learning rate means the same as without.
        """
        weights = self.rows.pool.weights
        assert weights is not None
        means = weights[self.rows.numbers["train"]].mean(axis=1)
        return np.asarray(weights / means[:, None], dtype=np.float32)

    def positions(self, stack: Stack) -> Tensor:
        """Returns the position of each model's seed among the seeds, (M,) int64."""
        return torch.tensor(
            [self.seeds.index(model.seed) for model in stack.models], device=self.device
        )

    def order(self, epoch: int) -> NDArray[np.int32]:
        """Returns the order of the training rows in one epoch, (S, n).

        A seed decides it, the same for every candidate, resumed or not.
        """
        return self._orders.of(epoch)

    def minibatches(self, epoch: int, size: int) -> Iterator[StackedRows]:
        """Yields the training rows in the order of one epoch, ``size`` rows at a time."""
        order, numbers = self.order(epoch), self.rows.numbers["train"]
        for start, stop in self._blocks(len(order[0]), size):
            drawn = np.take_along_axis(numbers, order[:, start:stop], axis=1)
            yield from self._laid_out(drawn).chunks(size)

    def chunks(self, part: str, size: int) -> Iterator[StackedRows]:
        """Yields the rows of a part in their own order, ``size`` rows at a time."""
        numbers = self.rows.numbers[part]
        if numbers.size * self._row_bytes > KEPT:
            for start, stop in self._blocks(self.sizes[part], size):
                yield from self._laid_out(numbers[:, start:stop]).chunks(size)
            return
        if part not in self._kept:
            self._kept[part] = self._laid_out(numbers)
        yield from self._kept[part].chunks(size)

    def _blocks(self, n_rows: int, size: int) -> Iterator[tuple[int, int]]:
        """Yields where each block of ``n_rows`` begins and ends: whole chunks of ``size`` rows."""
        length = max(1, BLOCK // (len(self.seeds) * self._row_bytes * size)) * size
        for start in range(0, n_rows, length):
            yield start, min(start + length, n_rows)

    def _laid_out(self, numbers: NDArray[np.int32]) -> StackedRows:
        """Copies rows of the pool, numbers (S, n), and scales them for each seed."""
        n_seeds, n_rows = numbers.shape
        chosen = torch.from_numpy(np.ascontiguousarray(numbers)).to(self.device).flatten()
        # Four times faster than a gather of columns.
        x = self._x.index_select(0, chosen).view(n_seeds, n_rows, -1)
        y = self._y.index_select(0, chosen).view(n_seeds, n_rows, *self._y.shape[1:])
        if self._x_scaling is not None:
            x = self._x_scaling.scaled(x)
        if self._y_scaling is not None:
            y = self._y_scaling.scaled(y)
        if self.weights is None:
            return StackedRows(x.mT.contiguous(), y)
        weights = self.weights.to(self.device).gather(1, chosen.view(n_seeds, n_rows).long())
        return StackedRows(x.mT.contiguous(), y, weights)


@dataclass(frozen=True)
class _Scaling:
    """``Scaling`` of all seeds on a device: shift, factor and fill are (S, 1, d) or (S, 1)."""

    shift: Tensor
    factor: Tensor
    fill: Tensor | None

    @staticmethod
    def of(scaling: Scaling | None, device: torch.device) -> _Scaling | None:
        if scaling is None:
            return None
        given = (scaling.shift, scaling.factor, scaling.fill)
        shift, factor, fill = (
            None if array is None else torch.from_numpy(array[:, None]).to(device)
            for array in given
        )
        assert shift is not None
        assert factor is not None
        return _Scaling(shift, factor, fill)

    def scaled(self, values: Tensor) -> Tensor:
        """Scales values (S, n, d) or (S, n) in place."""
        if self.fill is not None:
            values = torch.where(values.isnan(), self.fill, values)
        return values.sub_(self.shift).mul_(self.factor)
