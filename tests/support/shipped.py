"""Splits of the datasets of the table, and random images in place of those that are not shipped."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from frontier_search.data import openml
from frontier_search.data.dataset import Rows, Split
from frontier_search.data.datasets import DATASETS
from frontier_search.files import write_arrays

SEEDS = (101, 202, 303)
PARTS = ("train", "val", "test")
N_IMAGES = 10_000


@pytest.fixture(scope="module")
def image_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Files of random images for the datasets whose rows are not part of the package."""
    folder = tmp_path_factory.mktemp("images")
    for i, dataset in enumerate(member for member in DATASETS.values() if member.file):
        assert dataset.image is not None
        rng = np.random.default_rng(i)
        images = rng.integers(0, 256, (N_IMAGES, *dataset.image[1:]), dtype=np.uint8)
        classes = np.arange(N_IMAGES, dtype=np.uint8) % dataset.n_outputs
        write_arrays(folder / f"{dataset.name}_10k.npz", {"X": images, "y": classes})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(openml.FOLDER, str(folder))
        yield folder


@cache
def split_of(name: str, seed: int) -> Split:
    return DATASETS[name].split(seed)


def parts_of(split: Split) -> dict[str, Rows]:
    return {part: getattr(split, part) for part in PARTS}


def sizes_of(name: str, seed: int) -> tuple[int, ...]:
    return tuple(len(rows) for rows in parts_of(split_of(name, seed)).values())


def as_bytes(split: Split) -> list[bytes]:
    return [array.tobytes() for rows in parts_of(split).values() for array in (rows.x, rows.y)]
