"""The datasets, one a file: generated ones are drawn afresh for each seed or from one fixed problem, real ones are split by the seed.

Every member works offline, but for mnist and fashion_mnist, which need their file or the network once (``openml``). Loading a member gives
its metadata only: scikit-learn, which makes or holds the rows, is imported when a seed is first split, so that commands that only read stay
quick. A user's own data is a ``.csv`` or ``.npz`` file, or ``module:ATTRIBUTE``.
"""

from __future__ import annotations

from pathlib import Path

from frontier_search.data.dataset import Dataset
from frontier_search.data.user_file import SUFFIXES, from_file
from frontier_search.errors import SpecError, unknown
from frontier_search.zoo import Zoo

DATASETS: Zoo[Dataset] = Zoo(
    "dataset",
    {
        "friedman1": "frontier_search.data.datasets.friedman1:DATASET",
        "sine": "frontier_search.data.datasets.sine:DATASET",
        "multiscale_fourier_regression": "frontier_search.data.datasets.multiscale_fourier_regression:DATASET",
        "swiss_roll": "frontier_search.data.datasets.swiss_roll:DATASET",
        "circles": "frontier_search.data.datasets.circles:DATASET",
        "moons": "frontier_search.data.datasets.moons:DATASET",
        "s_curve_binary": "frontier_search.data.datasets.s_curve_binary:DATASET",
        "gaussian_quantiles": "frontier_search.data.datasets.gaussian_quantiles:DATASET",
        "classification_20d": "frontier_search.data.datasets.classification_20d:DATASET",
        "iris": "frontier_search.data.datasets.iris:DATASET",
        "wine": "frontier_search.data.datasets.wine:DATASET",
        "digits": "frontier_search.data.datasets.digits:DATASET",
        "mnist": "frontier_search.data.datasets.mnist:DATASET",
        "fashion_mnist": "frontier_search.data.datasets.fashion_mnist:DATASET",
        "synthetic_3class": "frontier_search.data.datasets.synthetic_3class:DATASET",
        "synthetic_5class": "frontier_search.data.datasets.synthetic_5class:DATASET",
    },
)


def find(name_or_file: str) -> Dataset:
    """The dataset that the user means.

    Args:
        name_or_file: a name of the table, the path of a .csv or .npz file, or ``module:ATTRIBUTE``.

    Raises:
        SpecError: it is none of them, or the file cannot be used.
    """
    if (
        Path(name_or_file).suffix.lower() in SUFFIXES
    ):  # before module:ATTRIBUTE, for a path may hold a colon
        return from_file(name_or_file)
    if name_or_file not in DATASETS:
        raise SpecError(
            f"{unknown('dataset', name_or_file, DATASETS)} A .csv or .npz file is allowed too, by its path."
        )
    found: object = DATASETS[name_or_file]
    if not isinstance(found, Dataset):
        raise SpecError(
            f"{name_or_file!r} is a {type(found).__name__}, not a Dataset; give the name of a frontier_search.data.dataset.Dataset."
        )
    return found
