"""Inner against outer half of a noisy Swiss roll, seen from the side.

Source: S. Marsland, "Machine Learning: An Algorithmic Perspective", 2nd edition (2014), chapter 6, made by
``sklearn.datasets.make_swiss_roll``; two features, x = t cos t and z = t sin t with noise of standard deviation 1. The third coordinate,
the width, says nothing about the label and is left out. The label is 1 where the position t along the manifold is above its median, so the
classes are even. The features are standardised by the training rows. The seed decides the rows: a fresh sample each.
"""

from __future__ import annotations

import numpy as np

from frontier_search.data.dataset import Dataset, Split, TrainingBudget
from frontier_search.data.splitting import Sizes, in_order, split_rows, standardised

SIZES = Sizes(train=600, val=200, test=200)
PLANE = (0, 2)  # the columns of the generator's three that the manifold curves in
NOISE = 1.0


def split(seed: int) -> Split:
    """Rows of one seed: x of shape (n_rows, 2), standardised, y 0 or 1."""
    from sklearn.datasets import (
        make_swiss_roll,
    )  # here and not above: listing the datasets must not load scikit-learn

    points, t = make_swiss_roll(n_samples=sum(SIZES), noise=NOISE, random_state=seed)
    parts = in_order(SIZES)
    return split_rows(
        standardised(points[:, PLANE], parts.train), t > np.median(t), parts, "binary"
    )


DATASET = Dataset(
    name="swiss_roll",
    task="binary",
    n_features=len(PLANE),
    n_outputs=1,
    unit="nats",
    source="Marsland (2014), sklearn.datasets.make_swiss_roll",
    budget=TrainingBudget(epochs=40, batch_size=32),
    split=split,
)
