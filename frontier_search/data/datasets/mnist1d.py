"""MNIST-1D: templates of 10 digits as signals of 40 numbers, shifted, sheared, scaled and noisy.

Source: S. Greydanus and D. Kobak, "Scaling down deep learning with MNIST-1D", arXiv:2011.14439
(2020), made by the package ``mnist1d``. Training and test have 4,000 and 1,000 rows, as in the
published dataset, and 1,000 more are for validation. The published rows are one draw of this
generator. Here each seed draws fresh rows, and the training rows standardise the features.
"""

from __future__ import annotations

import functools
import random

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Dataset, Split, TrainingBudget
from frontier_search.data.optional import module
from frontier_search.data.splitting import Sizes, columns, in_order, split_rows

PACKAGE = "mnist1d"
SIZES = Sizes(train=4000, val=1000, test=1000)
N_FEATURES = 40
N_CLASSES = 10
KEPT = 8  # draws in memory: one takes two seconds and 2 MB


def split(seed: int) -> Split:
    """Returns x of shape (n_rows, 40), standardised, y a class number 0 .. 9.

    Raises:
        SpecError: the package is not installed.
    """
    x, y = _draw(seed)
    parts = in_order(SIZES)
    return split_rows(columns(x, parts.train), y, parts, "multiclass")


@functools.lru_cache(maxsize=KEPT)
def _draw(seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Draws all rows of a seed, in random order. The global random states stay as they were."""
    made = module(PACKAGE, "mnist1d.data")
    settings = made.get_dataset_args()
    settings.num_samples, settings.seed = sum(SIZES), seed
    states = np.random.get_state(), random.getstate()  # noqa: NPY002  the package draws from them
    try:
        rows = made.make_dataset(settings)
    finally:
        np.random.set_state(states[0])  # noqa: NPY002
        random.setstate(states[1])
    return np.concatenate([rows["x"], rows["x_test"]]), np.concatenate([rows["y"], rows["y_test"]])


DATASET = Dataset(
    name="mnist1d",
    task="multiclass",
    n_features=N_FEATURES,
    n_outputs=N_CLASSES,
    unit="nats",
    source="Greydanus and Kobak (2020), mnist1d.data.make_dataset",
    budget=TrainingBudget(epochs=60, batch_size=64),
    split=split,
    population="draws",
    licence="Apache-2.0",
    package=PACKAGE,
    sequence=(N_FEATURES, 1),
)
