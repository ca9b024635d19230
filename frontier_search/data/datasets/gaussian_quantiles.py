"""Inside against outside of a sphere in an isotropic Gaussian.

Source: ``sklearn.datasets.make_gaussian_quantiles``; 4 independent standard normal features, label 1 for the half of the rows that is
farther from the origin. The boundary has no noise. The features are standardised by the training rows. The seed decides the rows: a fresh
sample each.
"""

from __future__ import annotations

from frontier_search.data.dataset import Dataset, Split, TrainingBudget
from frontier_search.data.splitting import Sizes, in_order, split_rows, standardised

SIZES = Sizes(train=600, val=200, test=200)
N_FEATURES = 4  # fits the published text; 10 does not
N_CLASSES = 2  # the published text names no number; two quantiles make it binary


def split(seed: int) -> Split:
    """Rows of one seed: x of shape (n_rows, 4), standardised, y 0 or 1."""
    from sklearn.datasets import (
        make_gaussian_quantiles,
    )  # here and not above: listing the datasets must not load scikit-learn

    x, y = make_gaussian_quantiles(
        n_samples=sum(SIZES), n_features=N_FEATURES, n_classes=N_CLASSES, random_state=seed
    )
    parts = in_order(SIZES)
    return split_rows(standardised(x, parts.train), y, parts, "binary")


DATASET = Dataset(
    name="gaussian_quantiles",
    task="binary",
    n_features=N_FEATURES,
    n_outputs=1,
    unit="nats",
    source="sklearn.datasets.make_gaussian_quantiles",
    budget=TrainingBudget(epochs=40, batch_size=32),
    split=split,
)
