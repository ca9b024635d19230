"""A dataset's kind: decided once, by the form of the user's word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from frontier_search.data.datasets import DATASETS
from frontier_search.data.reference import FILE, IMPORT_PATH, KINDS, SHIPPED, DatasetReference, Kind
from frontier_search.errors import SpecError
from tests.support import toys

IRIS = "frontier_search.data.datasets.iris:DATASET"
read = DatasetReference.read


@pytest.mark.parametrize(
    ("given", "kind", "label"),
    [
        ("iris", SHIPPED, "iris"),
        ("no_such_name", SHIPPED, "no_such_name"),
        (IRIS, IMPORT_PATH, IRIS),
        ("rows.csv", FILE, "rows.csv"),
        ("ROWS.NPZ", FILE, "ROWS.NPZ"),
        ("a:b/rows.csv", FILE, "rows.csv"),
    ],
)
def test_the_form_decides_the_kind(given: str, kind: Kind, label: str) -> None:
    reference = read(given)
    assert (reference.kind, reference.label) == (kind, label)


def test_a_file_is_recorded_by_its_absolute_path_and_a_name_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read("rows.csv").recorded == str(tmp_path / "rows.csv")
    assert [read(name).recorded for name in ("iris", IRIS)] == ["iris", IRIS]


def test_a_name_and_an_import_path_load_the_same_member() -> None:
    assert read("iris").load() is DATASETS["iris"]
    assert read(IRIS).load() is DATASETS["iris"]


def test_a_file_has_the_digest_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "rows.npz"
    reference = read(str(path))
    assert not reference.has_digest("0" * 64)  # there is no file yet
    np.savez(path, X=np.arange(40.0)[:, None], y=np.arange(40) % 2)
    digest = reference.digest()
    assert digest is not None and len(digest) == 64
    assert reference.has_digest(digest) and not reference.has_digest("0" * 64)
    assert reference.load().name == str(path)


@pytest.mark.parametrize("given", ["iris", IRIS])
def test_a_dataset_whose_rows_are_in_no_file_has_no_digest(given: str) -> None:
    assert read(given).digest() is None
    assert not read(given).has_digest("0" * 64)


def test_an_unknown_name_is_answered_with_the_allowed_ones() -> None:
    with pytest.raises(
        SpecError,
        match=r"unknown dataset 'digit'\. Did you mean 'digits'\?.*"
        r"A file such as rows\.csv is allowed too",
    ):
        read("digit").load()
    with pytest.raises(SpecError, match="is a Sizes, not a Dataset"):
        read("frontier_search.data.openml:SIZES").load()


def test_a_new_kind_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A word such as ``toy:40`` becomes a dataset that is searched, found again and not a file."""
    made = Kind(
        matches=lambda given: given.startswith("toy:"),
        load=lambda given: replace(
            toys.dataset(n_rows=int(given.removeprefix("toy:"))), name=given
        ),
        rows_file=lambda given: None,
    )
    monkeypatch.setattr("frontier_search.data.reference.KINDS", (made, *KINDS))
    search = toys.search(dataset="toy:40")
    assert (search.dataset, search.dataset_sha256) == ("toy:40", None)
    assert search.dataset_reference.kind is made
    assert len(search.obtain_dataset().split(1).train) == 40
    assert type(search).from_spec(search.to_spec()) == search
