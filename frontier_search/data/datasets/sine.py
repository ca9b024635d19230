"""Two periods of a noisy sine: the smallest regression.

    y = sin(x) + noise,    x uniform on [0, 4 pi],    noise of standard deviation 0.1

Source: Nicolini, "Fractal Connectivity Scaffold Networks" (2026). The training rows standardise the
input. The target stays raw, so a model that predicts the mean has a loss of about 0.51, and the
noise is 0.01. Each seed draws a fresh sample.
"""

from __future__ import annotations

import numpy as np

from frontier_search.data.dataset import Dataset, Split, TrainingBudget
from frontier_search.data.splitting import Sizes, columns, in_order, split_rows

SIZES = Sizes(train=300, val=100, test=100)
END = 4 * np.pi
NOISE = 0.1


def split(seed: int) -> Split:
    """Returns x of shape (n_rows, 1), standardised, y in target units."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.0, END, size=(sum(SIZES), 1))
    y = np.sin(x[:, 0]) + NOISE * rng.standard_normal(len(x))
    parts = in_order(SIZES)
    return split_rows(columns(x, parts.train), y, parts, "regression")


DATASET = Dataset(
    name="sine",
    task="regression",
    n_features=1,
    n_outputs=1,
    unit="squared target units",
    source="Nicolini (2026), y = sin(x) on [0, 4 pi]",
    budget=TrainingBudget(epochs=300, batch_size=64),
    split=split,
    population="draws",
)
