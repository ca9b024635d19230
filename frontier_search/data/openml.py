"""Images that are not part of this package: from a file of the user's, or from OpenML (J. Vanschoren et al., 2014), fetched once.

A file ``NAME.npz``, or ``NAME_10k.npz`` of 10,000 images, in the folder that the environment variable FRONTIER_SEARCH_DATA names comes first:
arrays ``X``, uint8, shape (n, 784) or (n, 28, 28), and ``y``, the classes 0 .. 9, shape (n,). Without one the images are fetched by
``sklearn.datasets.fetch_openml`` into its cache, and kept there as one such file, which a worker reads in half a second.

Which images a search sees is part of its question, so the search keeps the digest of the user's file.
"""

from __future__ import annotations

import functools
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Dataset, Split, TrainingBudget
from frontier_search.data.splitting import (
    Sizes,
    at_random,
    in_order,
    sixty_twenty_twenty,
    split_rows,
)
from frontier_search.data.user_file import read_npz
from frontier_search.errors import SpecError
from frontier_search.files import write_arrays

FOLDER = "FRONTIER_SEARCH_DATA"
SIDE = 28  # pixels
N_CLASSES = 10
WHITE = 255  # the largest pixel
SIZES = Sizes(
    train=6000, val=2000, test=2000
)  # rows of a seed: the stacks of five seeds take half a gigabyte
TIMEOUT_S = 5.0  # for each answer of OpenML's


@dataclass(frozen=True)
class Images:
    """The rows of a data set, by seed. A value, so that a dataset is equal to itself after pickling.

    Attributes:
        name: of the dataset, and so of its file.
        data_id: OpenML's number of it.
    """

    name: str
    data_id: int

    def __call__(self, seed: int) -> Split:
        """x of shape (n_rows, 784), in [0, 1], y a class number 0 .. 9; raises as ``split``."""
        return split(self.name, self.data_id, seed)


@dataclass(frozen=True)
class UsersFile:
    """The user's file of a data set, or None; a value, as ``Images``."""

    name: str

    def __call__(self) -> Path | None:
        return users_file(self.name)


def dataset(name: str, data_id: int, source: str) -> Dataset:
    """A data set of 28 x 28 images in 10 classes."""
    return Dataset(
        name=name,
        task="multiclass",
        n_features=SIDE * SIDE,
        n_outputs=N_CLASSES,
        unit="nats",
        source=f"{source}, OpenML {data_id}",
        budget=TrainingBudget(epochs=20, batch_size=64),
        split=Images(name, data_id),
        image=(1, SIDE, SIDE),
        file=UsersFile(name),
    )


def users_file(name: str) -> Path | None:
    """``NAME.npz`` or ``NAME_10k.npz`` in the user's folder, or None.

    Raises:
        SpecError: the folder is named by a relative path, which workers, whose current folder is their own, would not find.
    """
    folder = Path(os.environ[FOLDER]).expanduser() if os.environ.get(FOLDER) else None
    if folder is None:
        return None
    if not folder.is_absolute():
        raise SpecError(
            f"{FOLDER} = {str(folder)!r} is a relative path, and workers run in folders of their own; give the whole path."
        )
    files = (folder / f"{name}.npz", folder / f"{name}_10k.npz")
    return next((file for file in files if file.is_file()), None)


def split(name: str, data_id: int, seed: int) -> Split:
    """Rows of one seed, drawn at random: 6,000 for training, 2,000 and 2,000, or 60/20/20 of fewer than 10,000.

    Args:
        name: of the dataset, and so of its file.
        data_id: OpenML's number of it.

    Raises:
        SpecError: there is no file, and no network; or the file holds no such images.
    """
    file = users_file(name) or _fetched(name, data_id)
    x, y = _read(file, file.stat().st_mtime_ns)
    sizes = SIZES if len(x) >= sum(SIZES) else sixty_twenty_twenty(len(x))
    drawn = np.concatenate(at_random(len(x), sizes, seed))  # of 70,000 images the others stay bytes
    return split_rows(x[drawn].astype(np.float32) / WHITE, y[drawn], in_order(sizes), "multiclass")


@functools.lru_cache(maxsize=1)
def _read(file: Path, changed_ns: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All images (n, 784) and classes (n,) of a file, held in memory for the next seed."""
    table = read_npz(file)
    x, y = table.x, table.y
    problems = []
    if x.dtype != np.uint8 or x.shape[1] != SIDE * SIDE:
        problems.append(
            f"X of {str(file)!r} is {x.dtype}, {x.shape}; images of uint8, (n, {SIDE * SIDE}), are needed."
        )
    if y.dtype.kind not in "iu" or not ((y >= 0) & (y < N_CLASSES)).all():
        problems.append(
            f"y of {str(file)!r} is {y.dtype}; whole numbers from 0 to {N_CLASSES - 1} are needed."
        )
    if problems:
        raise SpecError(problems)
    return x, y.astype(np.int64)


def _fetched(name: str, data_id: int) -> Path:
    """The file that OpenML's images are kept in, made when it is not there."""
    from sklearn.datasets import (
        fetch_openml,
        get_data_home,
    )  # here and not above: listing the datasets must not load scikit-learn

    try:
        file = Path(get_data_home()) / "frontier_search" / f"{name}.npz"
        if not file.is_file():
            with _impatient():
                x, y = fetch_openml(
                    data_id=data_id, as_frame=False, return_X_y=True, n_retries=1, delay=0.1
                )
            write_arrays(file, {"X": x.astype(np.uint8), "y": y.astype(np.uint8)})
    except (
        OSError,
        ValueError,
    ) as error:  # no network, no room; OpenML's own refusal is a ValueError
        folder = os.environ.get(FOLDER)
        looked = (
            f"no {name}.npz or {name}_10k.npz in {FOLDER} = {folder}"
            if folder
            else f"no folder named by the variable {FOLDER}"
        )
        reason = " ".join(str(error).split())
        raise SpecError(
            f"no images for {name!r}: there is {looked}, and OpenML did not give them ({reason}). Set {FOLDER} to a folder with {name}.npz "
            f"(arrays X, uint8, (n, {SIDE * SIDE}), and y, 0 to {N_CLASSES - 1}), or run it once where OpenML can be reached."
        ) from error
    return file


@contextmanager
def _impatient() -> Iterator[None]:
    """Inside, a silent network is an error after seconds, and scikit-learn's warnings that it tries again are not shown."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT_S)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        socket.setdefaulttimeout(before)
