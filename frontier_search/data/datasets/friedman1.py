"""Friedman's first regression problem: 10 features of which 5 matter.

    y = 10 sin(pi x0 x1) + 20 (x2 - 0.5)^2 + 10 x3 + 5 x4 + noise

x is uniform on [0, 1]^10 and the noise has standard deviation 1.

Source: J. H. Friedman, "Multivariate adaptive regression splines", The Annals of Statistics 19
(1991), made by ``sklearn.datasets.make_friedman1``. The features stay in [0, 1], as the published
numbers need. The training rows standardise the target, so a model that predicts the mean has a loss
of 1, and the noise is about 0.04. Each seed draws a fresh sample.
"""

from __future__ import annotations

from frontier_search.data.dataset import TARGET_UNIT, Dataset, Split, TrainingBudget
from frontier_search.data.splitting import Sizes, columns, in_order, split_rows
from frontier_search.data.unscaled import Columns

SIZES = Sizes(train=900, val=300, test=300)
N_FEATURES = 10
NOISE = 1.0


def split(seed: int) -> Split:
    """Returns x of shape (n_rows, 10) in [0, 1], y in standard deviations of the target."""
    # here and not above: listing the datasets must not load scikit-learn
    from sklearn.datasets import make_friedman1

    x, y = make_friedman1(
        n_samples=sum(SIZES), n_features=N_FEATURES, noise=NOISE, random_state=seed
    )
    parts = in_order(SIZES)
    return split_rows(Columns.of(x), columns(y, parts.train), parts, "regression")


DATASET = Dataset(
    name="friedman1",
    task="regression",
    n_features=N_FEATURES,
    n_outputs=1,
    unit=TARGET_UNIT,
    source="Friedman (1991), sklearn.datasets.make_friedman1",
    budget=TrainingBudget(epochs=200, batch_size=32),
    split=split,
    population="draws",
)
