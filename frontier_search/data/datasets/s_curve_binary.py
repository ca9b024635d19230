"""Upper against lower half of a noisy S, seen from the side.

Source: scikit-learn's companion of the Swiss roll for manifold learning, made by ``sklearn.datasets.make_s_curve``; two features, x = sin
t and z = sign(t) (cos t - 1) with noise of standard deviation 0.2. The third coordinate, the width, says nothing about the label and is
left out. The label is 1 where the position t along the manifold is above its median, so the classes are even. The features are
standardised by the training rows. The seed decides the rows: a fresh sample each.
"""

from __future__ import annotations

import numpy as np

from frontier_search.data.dataset import Dataset, Split, TrainingBudget
from frontier_search.data.splitting import Sizes, in_order, split_rows, standardised

SIZES = Sizes(train=600, val=200, test=200)
PLANE = (0, 2)  # the columns of the generator's three that the manifold curves in
NOISE = 0.2


def split(seed: int) -> Split:
    """Rows of one seed: x of shape (n_rows, 2), standardised, y 0 or 1."""
    from sklearn.datasets import (
        make_s_curve,
    )  # here and not above: listing the datasets must not load scikit-learn

    points, t = make_s_curve(n_samples=sum(SIZES), noise=NOISE, random_state=seed)
    parts = in_order(SIZES)
    return split_rows(
        standardised(points[:, PLANE], parts.train), t > np.median(t), parts, "binary"
    )


DATASET = Dataset(
    name="s_curve_binary",
    task="binary",
    n_features=len(PLANE),
    n_outputs=1,
    unit="nats",
    source="sklearn.datasets.make_s_curve",
    budget=TrainingBudget(epochs=40, batch_size=32),
    split=split,
)
