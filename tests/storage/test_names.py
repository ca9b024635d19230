"""The names of the searches under a home: free ones are found, and the newest one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from frontier_search.spec import name_problem
from frontier_search.storage import catalog
from frontier_search.storage.names import free_name, newest_name
from tests.support import toys


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ("digits", "digits-1"),
        ("data/my rows.csv", "my-rows-1"),
        ("tests.support.toys:MULTICLASS", "tests.support-1"),
        ("_x_.csv", "x-1"),
        ("données.csv", "donn-es-1"),
        ("数.csv", "search-1"),
        ("", "search-1"),
        ("x" * 100 + ".csv", "x" * 50 + "-1"),
    ],
)
def test_a_free_name_is_legal_whatever_the_dataset_is_called(
    dataset: str, name: str, tmp_path: Path
) -> None:
    assert free_name(tmp_path, dataset) == name
    assert name_problem(name) is None


def test_a_free_name_is_the_first_that_is_not_taken(tmp_path: Path) -> None:
    for name in ("iris-1", "iris-3"):
        catalog.define(toys.search(name=name), tmp_path)
    assert free_name(tmp_path, "iris") == "iris-2"
    assert free_name(tmp_path, "wine") == "wine-1"


def test_the_newest_search_is_the_one_that_was_defined_last(tmp_path: Path) -> None:
    for age, name in enumerate(("b", "c", "a")):
        os.utime(
            catalog.define(toys.search(name=name), tmp_path).folder.search_file,
            (1000 + age, 1000 + age),
        )
    assert newest_name(tmp_path) == "a"
