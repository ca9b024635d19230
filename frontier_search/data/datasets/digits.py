"""Handwritten digits: 1,797 images of 8 by 8 pixels, 10 classes.

Source: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning
Repository (1998), its test part, the copy in ``sklearn.datasets.load_digits``. All rows are used.
Pixels, 0 to 16, are divided by 16. The seed decides a stratified split, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data.dataset import Dataset, Split, TrainingBudget
from frontier_search.data.scikit_learn import stored
from frontier_search.data.splitting import split_rows, stratified
from frontier_search.data.unscaled import Columns

SIDE = 8  # pixels
N_CLASSES = 10
WHITE = 16.0  # the largest pixel


def split(seed: int) -> Split:
    """Returns x of shape (n_rows, 64), in [0, 1], y a class number 0 .. 9."""
    x, y = stored("load_digits")
    parts = stratified(y, seed)
    return split_rows(Columns.of(x, scale=WHITE), y, parts, "multiclass")


DATASET = Dataset(
    name="digits",
    task="multiclass",
    n_features=SIDE * SIDE,
    n_outputs=N_CLASSES,
    unit="nats",
    source="Alpaydin and Kaynak (1998), sklearn.datasets.load_digits",
    budget=TrainingBudget(epochs=100, batch_size=64),
    split=split,
    image=(1, SIDE, SIDE),
    licence="CC BY 4.0",
)
