"""Images from a user's file or from OpenML: which file is read, and what is wrong with it."""

from __future__ import annotations

import re
import time
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest

from frontier_search.data import openml
from frontier_search.data.datasets import DATASETS
from frontier_search.errors import SpecError
from frontier_search.files import write_arrays
from tests.support.shipped import as_bytes, parts_of


def test_the_whole_file_is_preferred_to_the_smaller_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    y = np.arange(50) % 10
    monkeypatch.setenv(openml.FOLDER, str(tmp_path))
    for name, n_rows in (("mnist_10k", 40), ("mnist", 50)):
        write_arrays(
            tmp_path / f"{name}.npz",
            {"X": np.full((n_rows, 784), n_rows, np.uint8), "y": y[:n_rows]},
        )
        file = DATASETS["mnist"].file
        assert file is not None and file() == tmp_path / f"{name}.npz"
        split = DATASETS["mnist"].split(1)
        assert sum(map(len, parts_of(split).values())) == n_rows
        assert (split.train.x * 255).round().max() == n_rows


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (
            np.zeros((30, 784)),
            np.arange(30) % 10,
            "float64, (30, 784); images of uint8, (n, 784), are needed",
        ),
        (np.zeros((30, 64), np.uint8), np.arange(30) % 10, "uint8, (30, 64); images of uint8"),
        (np.zeros((30, 784), np.uint8), np.arange(30), "whole numbers from 0 to 9 are needed"),
        (np.zeros((30, 784), np.uint8), np.zeros(29, int), "they must be equal"),
    ],
)
def test_a_file_of_other_images_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, x: object, y: object, said: str
) -> None:
    monkeypatch.setenv(openml.FOLDER, str(tmp_path))
    np.savez(tmp_path / "mnist.npz", X=x, y=y)  # type: ignore[arg-type]
    with pytest.raises(SpecError, match=re.escape(said)):
        DATASETS["mnist"].split(1)


def test_without_a_file_images_are_downloaded_once_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fetch(data_id: int, **settings: object) -> tuple[object, object]:
        asked.append(data_id)
        return np.full((40, 784), 7.0), np.array([str(i % 10) for i in range(40)], dtype=object)

    monkeypatch.delenv(openml.FOLDER, raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)
    first = as_bytes(DATASETS["fashion_mnist"].split(1))
    assert as_bytes(DATASETS["fashion_mnist"].split(1)) == first
    assert asked == [40996]


def test_without_a_file_and_a_network_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise URLError("no network")

    monkeypatch.setenv(openml.FOLDER, str(tmp_path))
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    monkeypatch.setattr("sklearn.datasets._openml.urlopen", refuse)
    start = time.monotonic()
    with pytest.raises(
        SpecError,
        match=r"there is no mnist\.npz or mnist_10k\.npz in .*no network.*Set FRONTIER_SEARCH_DATA",
    ) as caught:
        DATASETS["mnist"].split(1)
    assert time.monotonic() - start < 5
    assert "\n" not in str(caught.value)
