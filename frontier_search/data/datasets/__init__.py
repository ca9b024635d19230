"""The table of datasets, one a file.

Generated datasets are drawn anew for each seed, or from one fixed problem. Real ones are split by
the seed. All work offline except mnist and fashion_mnist, which need their file or, once, the
network (see ``data.openml``). The rows of some are in packages that the extra ``panel`` installs
(see ``data.optional``). Loading a member loads only its metadata: scikit-learn, which makes
or holds the rows, is imported when a seed is first split, so that commands that only read stay
quick.
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
    "classification_20d_problems",
    "synthetic_3class_problems",
    "synthetic_5class_problems",
    "breast_cancer",
    "diabetes",
    "airfoil",
    "yacht",
    "weather_ankara",
    "fish_toxicity",
    "pima",
    "ionosphere",
    "vowel",
    "segment",
    "thyroid",
    "dermatology",
    "mnist_5k",
    "mnist1d",
    "ellipj",
    "ellipkinc",
    "ellipeinc",
    "jv",
    "yv",
    "kv",
    "iv",
    "lpmv0",
    "lpmv1",
    "lpmv2",
    "sphharm01",
    "sphharm11",
    "sphharm02",
    "sphharm12",
    "sphharm22",
    "narma10",
    "mackey_glass",
    "lorenz",
    "japanese_vowels",
)

DATASETS: Zoo[Dataset] = Zoo(
    "dataset", {name: f"frontier_search.data.datasets.{name}:DATASET" for name in NAMES}
)
