"""Fashion-MNIST: 70,000 photographs of clothes, images of 28 by 28 pixels, 10 classes.

Source: H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms",
arXiv:1708.07747 (2017), data set 40996 of OpenML, or a file of the user's (see ``openml``). Pixels, 0 to 255, are divided by 255. The seed
draws 6,000 images for training, 2,000 for validation and 2,000 for the test, so that a search on a small machine stays quick.
"""

from __future__ import annotations

from pathlib import Path

from frontier_search.dataset import Dataset, Split, TrainingBudget
from frontier_search.datasets import openml

NAME, DATA_ID = "fashion_mnist", 40996


def split(seed: int) -> Split:
    """Rows of one seed: x of shape (n_rows, 784), in [0, 1], y a class number 0 .. 9."""
    return openml.split(NAME, DATA_ID, seed)


def file() -> Path | None:
    return openml.users_file(NAME)


DATASET = Dataset(
    name=NAME,
    task="multiclass",
    n_features=openml.SIDE * openml.SIDE,
    n_outputs=openml.N_CLASSES,
    unit="nats",
    source="Xiao et al. (2017), OpenML 40996",
    budget=TrainingBudget(epochs=20, batch_size=64, learning_rate=(1e-3, 3e-2)),
    split=split,
    image=(1, openml.SIDE, openml.SIDE),
    file=file,
)
