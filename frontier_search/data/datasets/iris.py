"""Fisher's irises: 150 flowers of 3 species, 4 lengths and widths in cm.

Source: R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7 (1936), the copy in
``sklearn.datasets.load_iris``. The features are standardised by the training rows. The seed decides a stratified split, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data.dataset import Dataset, Split, TrainingBudget
from frontier_search.data.splitting import split_rows, standardised, stratified

N_FEATURES = 4
N_CLASSES = 3


def split(seed: int) -> Split:
    """Rows of one seed: x of shape (n_rows, 4), standardised, y a class number 0 .. 2."""
    from sklearn.datasets import (
        load_iris,
    )  # here and not above: listing the datasets must not load scikit-learn

    x, y = load_iris(return_X_y=True)
    parts = stratified(y, seed)
    return split_rows(standardised(x, parts.train), y, parts, "multiclass")


DATASET = Dataset(
    name="iris",
    task="multiclass",
    n_features=N_FEATURES,
    n_outputs=N_CLASSES,
    unit="nats",
    source="Fisher (1936), sklearn.datasets.load_iris",
    budget=TrainingBudget(epochs=100, batch_size=32),
    split=split,
)
