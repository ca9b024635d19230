"""A search keeps the files of its own families: it is read anywhere, whatever became of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from frontier_search import sources
from frontier_search.errors import SpecError
from frontier_search.models.families import FAMILIES
from frontier_search.predictor import MemberModel
from frontier_search.runner import run
from frontier_search.search.search import Search
from frontier_search.storage import catalog
from tests.support import toys

NET = """
from torch import nn
from researchers import blocks
SPACE = {"hidden": [2, 4]}
def net(n_inputs, n_outputs, *, hidden):
    return nn.Sequential(nn.Linear(n_inputs, hidden), blocks.Middle(), nn.Linear(hidden, n_outputs))
"""
BLOCKS = "from torch import nn\nclass Middle(nn.Tanh):\n    pass\n"
PATH = "researchers.mine:net"
FILES = ["researchers/__init__.py", "researchers/blocks.py", "researchers/mine.py"]


def forget() -> None:
    for name in [name for name in sys.modules if name.startswith("researchers")]:
        del sys.modules[name]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A researcher's folder, and this process in it."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sources, "_held", {})
    monkeypatch.setattr(sources, "_on_path", [])
    package = tmp_path / "desk" / "researchers"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "mine.py").write_text(NET)
    (package / "blocks.py").write_text(BLOCKS)
    (package / "unused.py").write_text("raise RuntimeError('never imported')")
    (package.parent / "types.py").write_text("raise RuntimeError('not the standard library')")
    monkeypatch.chdir(package.parent)
    forget()
    yield package.parent
    forget()


def defined(**changed: Any) -> Search:
    return Search.from_spec(toys.SPEC | {"families": [PATH], "trials": 2, **changed})


def test_the_files_are_those_that_are_imported_and_lie_beside(desk: Path) -> None:
    assert [file for file, _ in defined().code] == FILES
    assert not Search.from_spec(toys.SPEC).code
    assert Search.from_spec(toys.SPEC | {"families": ["dense"]}).to_spec().get("code") is None


def test_a_search_is_read_and_exported_where_its_module_is_not(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    run(defined(), home, "inline")
    expected = defined().size(catalog.read_trials(catalog.find("toy-1", home))[0].candidate)
    forget()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path != str(desk)])
    entry = catalog.find("toy-1", home)
    trials = catalog.read_trials(entry)
    assert "researchers" not in sys.modules  # reading does not load it
    member = next(t for t in trials if entry.files.models.read(t.number) is not None)
    model = MemberModel.of(entry, member)
    assert model.outputs(np.zeros((5, 3), np.float32)).shape == (5, 3)
    assert entry.search.size(trials[0].candidate) == expected
    assert entry.changed_code() is None


def test_a_search_keeps_to_its_own_copy_and_says_that_the_code_has_changed(
    desk: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    old = catalog.define(defined(), home)
    candidate = catalog.find("toy-1", home).search.families[0][1].smallest()
    network = "frontier_search.models.networks.own_module:stack"
    assert FAMILIES[PATH].build(candidate).network == network
    (desk / "researchers" / "blocks.py").write_text(BLOCKS.replace("Tanh", "Sigmoid"))
    forget()
    new = defined(name="toy-2")
    assert new.fingerprint() != old.search.fingerprint()
    said = old.changed_code()
    assert said is not None and said.startswith("researchers/blocks.py changed after search")
    for search, base in ((old.search, torch.nn.Tanh), (new, torch.nn.Sigmoid)) * 2:
        sources.use(search.code)
        assert PATH in FAMILIES and FAMILIES[PATH].name == PATH  # which loads it
        middle = sys.modules["researchers.blocks"].Middle
        assert issubclass(middle, base)


def test_a_copy_that_has_gone_is_missed_in_a_sentence(desk: Path, tmp_path: Path) -> None:
    entry = catalog.define(defined(), tmp_path / "home")
    for file in FILES:
        (entry.files.code / file).unlink()
        (desk / file).write_text("")
    forget()
    with pytest.raises(SpecError, match="was defined with another researchers/"):
        entry.search.find_dataset()
