"""Two interleaving noisy half circles.

Source: ``sklearn.datasets.make_moons``; half circles of radius 1 with noise of standard deviation 0.2. The features are standardised by
the training rows. The seed decides the rows: a fresh sample each.
"""

from __future__ import annotations

from frontier_search.data.dataset import Dataset, Split, TrainingBudget
from frontier_search.data.splitting import Sizes, in_order, split_rows, standardised

SIZES = Sizes(train=600, val=200, test=200)
NOISE = 0.2


def split(seed: int) -> Split:
    """Rows of one seed: x of shape (n_rows, 2), standardised, y 0 or 1."""
    from sklearn.datasets import (
        make_moons,
    )  # here and not above: listing the datasets must not load scikit-learn

    x, y = make_moons(n_samples=sum(SIZES), noise=NOISE, random_state=seed)
    parts = in_order(SIZES)
    return split_rows(standardised(x, parts.train), y, parts, "binary")


DATASET = Dataset(
    name="moons",
    task="binary",
    n_features=2,
    n_outputs=1,
    unit="nats",
    source="sklearn.datasets.make_moons",
    budget=TrainingBudget(epochs=40, batch_size=32),
    split=split,
)
