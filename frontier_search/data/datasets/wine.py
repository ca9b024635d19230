"""Italian wines: 178 wines of 3 cultivars, 13 chemical measurements.

Source: M. Forina et al., PARVUS (1988), UCI Machine Learning Repository, the copy in ``sklearn.datasets.load_wine``. The features are
standardised by the training rows. The seed decides a stratified split, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data.dataset import Dataset, Split, TrainingBudget
from frontier_search.data.splitting import split_rows, standardised, stratified

N_FEATURES = 13
N_CLASSES = 3


def split(seed: int) -> Split:
    """Rows of one seed: x of shape (n_rows, 13), standardised, y a class number 0 .. 2."""
    from sklearn.datasets import (
        load_wine,
    )  # here and not above: listing the datasets must not load scikit-learn

    x, y = load_wine(return_X_y=True)
    parts = stratified(y, seed)
    return split_rows(standardised(x, parts.train), y, parts, "multiclass")


DATASET = Dataset(
    name="wine",
    task="multiclass",
    n_features=N_FEATURES,
    n_outputs=N_CLASSES,
    unit="nats",
    source="Forina et al. (1988), sklearn.datasets.load_wine",
    budget=TrainingBudget(epochs=100, batch_size=32),
    split=split,
)
