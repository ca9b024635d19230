"""Members of a zoo are loaded by name or import path when asked for; mistakes are sentences."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from frontier_search.data.datasets import DATASETS
from frontier_search.errors import SpecError
from frontier_search.executors import EXECUTORS
from frontier_search.models.families import FAMILIES
from frontier_search.sampling.samplers import SAMPLERS
from frontier_search.search.search import Search
from frontier_search.zoo import MOVED, Zoo, load

MODULE = "a_module_of_the_users_own"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with a module in it, which no other test sees."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    (tmp_path / f"{MODULE}.py").write_text("ANSWER = 42\n")
    return tmp_path


def test_a_member_loads_when_it_is_asked_for_and_once(folder: Path) -> None:
    zoo: Zoo[int] = Zoo("number", {"answer": f"{MODULE}:ANSWER", "broken": "no.such.module:X"})
    assert list(zoo) == ["answer", "broken"]
    assert len(zoo) == 2
    assert MODULE not in sys.modules
    assert zoo["answer"] == 42
    del sys.modules[MODULE]
    assert zoo["answer"] == 42
    assert MODULE not in sys.modules


def test_a_name_may_be_an_import_path_from_the_current_folder(folder: Path) -> None:
    zoo: Zoo[int] = Zoo("number", {})
    assert f"{MODULE}:ANSWER" in zoo
    assert zoo[f"{MODULE}:ANSWER"] == 42
    assert len(zoo) == 0


@pytest.mark.parametrize("zoo", [FAMILIES, DATASETS, SAMPLERS, EXECUTORS], ids=lambda zoo: zoo.kind)
def test_an_unknown_name_is_answered_with_all_names_and_the_nearest(zoo: Zoo[object]) -> None:
    name = next(iter(zoo))
    assert name in zoo
    misspelt = name + "x"
    assert misspelt not in zoo
    assert 5 not in zoo
    with pytest.raises(SpecError) as caught:
        zoo[misspelt]
    assert str(caught.value).startswith(f"unknown {zoo.kind} {misspelt!r}. Did you mean ")
    assert f"Allowed: {', '.join(sorted(zoo))}." in str(caught.value)
    with pytest.raises(SpecError) as caught:
        zoo["qqqqqq"]
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    "path", ["nosuchmodule:X", "math:nosuch", "math:", ":X", "math.pi:X", "..math:X", "a b:c"]
)
def test_a_path_that_leads_nowhere_says_what_is_needed(path: str) -> None:
    with pytest.raises(
        SpecError, match="cannot load .* Give package.module:ATTRIBUTE, importable from this folder"
    ):
        load(path)


def test_a_module_that_raises_is_a_mistake_in_a_sentence(folder: Path) -> None:
    for body in (
        "import nosuchmodule",
        "raise ValueError('bad')",
        "1 / 0",
        "def f(:",
        "NAME",
        "raise SystemExit(3)",
    ):
        (folder / f"{MODULE}.py").write_text(body)
        sys.modules.pop(MODULE, None)
        with pytest.raises(SpecError, match=f"cannot load '{MODULE}:ANSWER'"):
            load(f"{MODULE}:ANSWER")


# ---- what earlier versions named -----------------------------------------------------------------


@pytest.mark.parametrize("zoo", [FAMILIES, DATASETS, SAMPLERS], ids=lambda zoo: zoo.kind)
def test_the_import_path_of_an_earlier_version_gives_the_member(zoo: Zoo[object]) -> None:
    prefix = {"family": "families", "dataset": "datasets", "sampler": "samplers"}[zoo.kind]
    assert f"frontier_search.{prefix}." in MOVED
    for name in zoo:
        assert zoo[f"frontier_search.{prefix}.{name}:{zoo.kind.upper()}"] is zoo[name]


def test_a_search_that_an_earlier_version_defined_is_the_same_search() -> None:
    search = Search.from_spec(
        {
            "name": "left-1",
            "edition": 1,
            "dataset": "frontier_search.datasets.iris:DATASET",
            "families": ["frontier_search.families.dense:FAMILY", "kronecker"],
            "sampler": "frontier_search.samplers.nsga2:SAMPLER",
            "trials": 12,
            "seeds": 2,
            "epochs": 3,
            "cohort": 4,
            "in_flight": 1,
        }
    )
    assert search.fingerprint() == "53da8af6039649b5"  # printed by that version
    assert search.find_dataset().n_features == 4


@pytest.mark.parametrize(
    "line",
    [
        "from frontier_search.family import Family",
        "from frontier_search.architectures.reservoir import recurrent",
        "import frontier_search.graph",
        "from frontier_search.dataset import Dataset, Split",
        "from frontier_search.spec import NoSuchName",
    ],
)
def test_a_module_that_imports_from_where_things_were_is_told_where_they_are(
    folder: Path, line: str
) -> None:
    (folder / f"{MODULE}.py").write_text(f"{line}\nANSWER = 42\n")
    with pytest.raises(SpecError) as caught:
        load(f"{MODULE}:ANSWER")
    assert str(caught.value).startswith(f"cannot load '{MODULE}:ANSWER': ")
    assert "frontier_search." in str(caught.value)
    assert (
        "have moved: import it from `frontier_search`, as in `from frontier_search import Family, "
        "Graph, Dataset`. Give package.module:ATTRIBUTE, importable from this folder."
    ) in str(caught.value)
    # of another length: Python takes what it compiled from a file as long, in the same second
    mended = f"from frontier_search import Family, Graph  # no longer {line}\nANSWER = 42\n"
    (folder / f"{MODULE}.py").write_text(mended)
    assert load(f"{MODULE}:ANSWER") == 42
