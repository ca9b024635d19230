"""The datasets, one a file: generated ones are drawn afresh for each seed or from one fixed problem, real ones are split by the seed.

Every member works offline, but for mnist and fashion_mnist, which need their file or the network once (``openml``). Loading a member gives
its metadata only: scikit-learn, which makes or holds the rows, is imported when a seed is first split, so that commands that only read stay
quick. A user's own data is a ``.csv`` or ``.npz`` file, or ``module:ATTRIBUTE``.
"""

from __future__ import annotations

from frontier_search.data.dataset import Dataset
from frontier_search.zoo import Zoo

NAMES = (
    "friedman1",
    "sine",
    "multiscale_fourier_regression",
    "swiss_roll",
    "circles",
    "moons",
    "s_curve_binary",
    "gaussian_quantiles",
    "classification_20d",
    "iris",
    "wine",
    "digits",
    "mnist",
    "fashion_mnist",
    "synthetic_3class",
    "synthetic_5class",
)

DATASETS: Zoo[Dataset] = Zoo(
    "dataset", {name: f"frontier_search.data.datasets.{name}:DATASET" for name in NAMES}
)
