"""Three classes in 10 dimensions.

Source: ``sklearn.datasets.make_classification``, after I. Guyon, "Design of experiments for the NIPS 2003 variable selection benchmark"
(2003): two Gaussian clusters a class on the corners of a hypercube, 1 % of the labels drawn at random.

The published study gives no sizes: 10 features, of which 6 are informative and 2 redundant, and 600 training rows are a choice of ours.

The seed does not draw another problem: it chooses which rows of one large fixed sample are train, validation and test, so seeds differ by
their rows and not by how hard their centroids happen to be. The features are standardised by the training rows.
"""

from __future__ import annotations

from frontier_search.data.dataset import Dataset, Split, TrainingBudget
from frontier_search.data.splitting import Sizes, at_random, split_rows, standardised

SIZES = Sizes(train=600, val=200, test=200)
N_FEATURES = 10
N_INFORMATIVE = 6
N_REDUNDANT = 2  # random linear combinations of the informative ones; the rest is noise
N_CLASSES = 3
PROBLEM = 0  # random_state of the one problem
PROBLEM_ROWS = 20_000  # large against sum(SIZES), so that two seeds share few rows


def split(seed: int) -> Split:
    """Rows of one seed: x of shape (n_rows, 10), standardised, y a class number 0 .. 2."""
    from sklearn.datasets import (
        make_classification,
    )  # here and not above: listing the datasets must not load scikit-learn

    x, y = make_classification(
        n_samples=PROBLEM_ROWS,
        n_features=N_FEATURES,
        n_informative=N_INFORMATIVE,
        n_redundant=N_REDUNDANT,
        n_classes=N_CLASSES,
        random_state=PROBLEM,
    )
    parts = at_random(PROBLEM_ROWS, SIZES, seed)
    return split_rows(standardised(x, parts.train), y, parts, "multiclass")


DATASET = Dataset(
    name="synthetic_3class",
    task="multiclass",
    n_features=N_FEATURES,
    n_outputs=N_CLASSES,
    unit="nats",
    source="Guyon (2003), sklearn.datasets.make_classification",
    budget=TrainingBudget(epochs=60, batch_size=32),
    split=split,
)
