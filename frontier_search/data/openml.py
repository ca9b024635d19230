"""Images that are not part of this package: from a user's file, or downloaded once from OpenML.

The folder that the environment variable FRONTIER_SEARCH_DATA names is read first. It holds a file
``NAME.npz``, or ``NAME_10k.npz`` of 10,000 images: arrays ``X``, uint8, shape (n, 784) or (n, 28,
28), and ``y``, the classes 0 .. 9, shape (n,). Without such a file
``sklearn.datasets.fetch_openml`` downloads the images, and they are kept in its cache as one such
file, which a worker reads in half a second. Source of OpenML: J. Vanschoren et al. (2014).

The images are part of what a search asks, so the search records the digest of the user's file.
"""

from __future__ import annotations

import functools
import os
import socket
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
from frontier_search.data.table import read_npz
from frontier_search.errors import SpecError, ignoring
from frontier_search.files import write_arrays

FOLDER = "FRONTIER_SEARCH_DATA"
SIDE = 28  # pixels
N_CLASSES = 10
WHITE = 255  # the largest pixel
SIZES = Sizes(train=6000, val=2000, test=2000)  # with five seeds a stack takes half a gigabyte
TIMEOUT_S = 5.0  # for each response of OpenML


@dataclass(frozen=True)
class Images:
    """The ``split`` of a dataset of images. A value, so that a dataset equals its pickled copy.

    Attributes:
        name: the dataset's, and so the file's.
        data_id: OpenML's number of it.
    """

    name: str
    data_id: int

    def __call__(self, seed: int) -> Split:
        """Returns x of shape (n_rows, 784), in [0, 1], y a class number 0 .. 9.

        Raises:
            SpecError: as ``split``.
        """
        return split(self.name, self.data_id, seed)


@dataclass(frozen=True)
class UsersFile:
    """The ``file`` of a dataset of images: the user's, or None. A value, as ``Images`` is."""

    name: str

    def __call__(self) -> Path | None:
        return users_file(self.name)


def dataset(name: str, data_id: int, source: str, licence: str) -> Dataset:
    """Returns a dataset of 28 x 28 images in 10 classes."""
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
        licence=licence,
    )


def users_file(name: str) -> Path | None:
    """Returns ``NAME.npz`` or ``NAME_10k.npz`` in the user's folder, or None.

    Raises:
        SpecError: the folder is a relative path. Workers run in folders of their own and would not
            find it.
    """
    folder = Path(os.environ[FOLDER]).expanduser() if os.environ.get(FOLDER) else None
    if folder is None:
        return None
    if not folder.is_absolute():
        raise SpecError(
            f"{FOLDER} = {str(folder)!r} is a relative path, and workers run in folders of their "
            "own; give the whole path."
        )
    files = (folder / f"{name}.npz", folder / f"{name}_10k.npz")
    return next((file for file in files if file.is_file()), None)


def split(name: str, data_id: int, seed: int) -> Split:
    """Draws the rows of one seed: 6,000 train, 2,000 validation and 2,000 test.

    Fewer than 10,000 images are split 60/20/20.

    Args:
        name: the dataset's, and so the file's.
        data_id: OpenML's number of it.

    Raises:
        SpecError: there is no file and no network, or the file holds other data.
    """
    file = users_file(name) or _downloaded(name, data_id)
    x, y = _read(file, file.stat().st_mtime_ns)
    sizes = SIZES if len(x) >= sum(SIZES) else sixty_twenty_twenty(len(x))
    # Only the drawn images become floats; there may be 70,000.
    drawn = np.concatenate(at_random(len(x), sizes, seed))
    return split_rows(x[drawn].astype(np.float32) / WHITE, y[drawn], in_order(sizes), "multiclass")


@functools.lru_cache(maxsize=1)
def _read(file: Path, changed_ns: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Reads all images (n, 784) and classes (n,), and keeps them in memory for the next seed."""
    table = read_npz(file)
    x, y = table.x, table.y
    problems = []
    if x.dtype != np.uint8 or x.shape[1] != SIDE * SIDE:
        problems.append(
            f"X of {str(file)!r} is {x.dtype}, {x.shape}; images of uint8, (n, {SIDE * SIDE}), are "
            "needed."
        )
    if y.dtype.kind not in "iu" or not ((y >= 0) & (y < N_CLASSES)).all():
        problems.append(
            f"y of {str(file)!r} is {y.dtype}; whole numbers from 0 to {N_CLASSES - 1} are needed."
        )
    if problems:
        raise SpecError(problems)
    return x, y.astype(np.int64)


def _downloaded(name: str, data_id: int) -> Path:
    """Returns the file of OpenML's images, and downloads them first if it is missing."""
    # here and not above: listing the datasets must not load scikit-learn
    from sklearn.datasets import fetch_openml, get_data_home

    try:
        file = Path(get_data_home()) / "frontier_search" / f"{name}.npz"
        if not file.is_file():
            with _short_timeout():
                x, y = fetch_openml(
                    data_id=data_id, as_frame=False, return_X_y=True, n_retries=1, delay=0.1
                )
            write_arrays(file, {"X": x.astype(np.uint8), "y": y.astype(np.uint8)})
    except (OSError, ValueError) as error:  # no network, a full disk; OpenML's refusal: ValueError
        folder = os.environ.get(FOLDER)
        absent = (
            f"no {name}.npz or {name}_10k.npz in {FOLDER} = {folder}"
            if folder
            else f"no folder named by the variable {FOLDER}"
        )
        reason = " ".join(str(error).split())
        raise SpecError(
            f"no images for {name!r}: there is {absent}, and OpenML did not give them ({reason}). "
            f"Set {FOLDER} to a folder with {name}.npz (arrays X, uint8, (n, {SIDE * SIDE}), and "
            f"y, 0 to {N_CLASSES - 1}), or run it once where OpenML can be reached."
        ) from error
    return file


@contextmanager
def _short_timeout() -> Iterator[None]:
    """Turns a network that does not respond into an error after ``TIMEOUT_S`` seconds.

    scikit-learn's warnings that it tries again are not shown.
    """
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT_S)
    try:
        with ignoring():
            yield
    finally:
        socket.setdefaulttimeout(before)
