"""A sum of sines of three frequencies: the coarse one is easy, the fine ones need capacity.

    y = sin(pi x0) + 0.5 sin(5 pi x1) + 0.25 sin(9 pi x0) + noise

x is uniform on [-1, 1]^2 and the noise has standard deviation 0.1.

Source: named by Nicolini, "Fractal Connectivity Scaffold Networks" (2026), which does not give the
target. This one comes nearest to the published losses, which lie between 0.162 and 0.208: a model
without the fine sines has a loss of 0.166. Features and target stay raw. Each seed draws a fresh
sample.
"""

from __future__ import annotations

import numpy as np

from frontier_search.data.dataset import Dataset, Split, TrainingBudget
from frontier_search.data.splitting import Sizes, in_order, split_rows
from frontier_search.data.unscaled import Columns

SIZES = Sizes(train=900, val=300, test=300)
N_FEATURES = 2
NOISE = 0.1


def split(seed: int) -> Split:
    """Returns x of shape (n_rows, 2) in [-1, 1], y in target units."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.0, 1.0, size=(sum(SIZES), N_FEATURES))
    coarse, middle, fine = (
        np.sin(np.pi * x[:, 0]),
        np.sin(5 * np.pi * x[:, 1]),
        np.sin(9 * np.pi * x[:, 0]),
    )
    y = coarse + 0.5 * middle + 0.25 * fine + NOISE * rng.standard_normal(len(x))
    return split_rows(Columns.of(x), y, in_order(SIZES), "regression")


DATASET = Dataset(
    name="multiscale_fourier_regression",
    task="regression",
    n_features=N_FEATURES,
    n_outputs=1,
    unit="squared target units",
    source="after Nicolini (2026), target reconstructed",
    budget=TrainingBudget(epochs=30, batch_size=32),
    split=split,
    population="draws",
)
