"""Rows of one long series: each is a window of its last steps, with what follows as the target.

A window is also the washout of whatever has a memory: it begins without one at the window's first
step. Parts go forward in time, and between two of them lie as many steps as a window has, so that
no step is seen in two parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import TARGET_UNIT, Dataset, Split, TrainingBudget
from frontier_search.data.splitting import Parts, Sizes, columns, split_rows
from frontier_search.data.unscaled import Columns

SIZES = Sizes(train=1200, val=400, test=400)
LENGTH = 40  # steps of a window
Series = tuple[NDArray[np.float64], NDArray[np.float64]]


def windows(values: NDArray[Any], length: int) -> NDArray[Any]:
    """Returns every window of a series, flattened step by step.

    Args:
        values: shape (n_steps, n_channels).
        length: steps of a window.

    Returns:
        (n_steps - length + 1, length n_channels); the last step of row i is i + length - 1.
    """
    cut = np.lib.stride_tricks.sliding_window_view(values, length, axis=0)  # (rows, C, L)
    return np.ascontiguousarray(cut.swapaxes(1, 2)).reshape(len(cut), -1)


def n_steps(sizes: Sizes = SIZES, length: int = LENGTH) -> int:
    """Returns the steps that the three parts need: their rows, and a window before each part."""
    return sum(sizes) + 3 * length - 1


def forward(sizes: Sizes, length: int) -> Parts:
    """Returns the rows of each part, in the order of time, with a gap of ``length`` rows."""
    starts = (0, sizes.train + length, sizes.train + sizes.val + 2 * length)
    return Parts(*(np.arange(at, at + size) for at, size in zip(starts, sizes, strict=True)))


def series(name: str, source: str, channels: int, made: Callable[[int], Series]) -> Dataset:
    """A dataset of a generated series, of which each seed draws its own.

    Args:
        channels: numbers of a step.
        made: seed -> values (``n_steps()``, channels), within one, and targets (``n_steps()``,):
            what a window predicts that ends with this step.
    """
    return Dataset(
        name=name,
        task="regression",
        n_features=LENGTH * channels,
        n_outputs=1,
        unit=TARGET_UNIT,
        source=source,
        budget=TrainingBudget(epochs=60, batch_size=64),
        split=SeriesSplit(made),
        population="draws",
        sequence=(LENGTH, channels),
    )


@dataclass(frozen=True)
class SeriesSplit:
    """The ``split`` of a generated series; the training rows standardise the target.

    Attributes:
        made: as of ``series``.
    """

    made: Callable[[int], Series]

    def __call__(self, seed: int) -> Split:
        """Returns x of shape (n_rows, LENGTH n_channels), y in standard deviations."""
        values, targets = self.made(seed)
        parts = forward(SIZES, LENGTH)
        y = columns(targets[LENGTH - 1 :], parts.train)
        return split_rows(Columns.of(windows(values, LENGTH)), y, parts, "regression")
