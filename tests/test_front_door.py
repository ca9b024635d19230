"""The front door: what a plug-in or a notebook needs is imported from `frontier_search` itself."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import frontier_search
from tests.test_docs import DOCUMENTS, ROOT, blocks

PLUG_INS = (  # tests of what users write themselves, and the parts that stand for a user's own
    "tests/data/test_own_dataset.py",
    "tests/models/test_own_family.py",
    "tests/support/faulty.py",
    "tests/support/toys.py",
)
IMPORT_THE_ROOT = """
import json, sys
before = set(sys.modules)
import frontier_search
dir(frontier_search)
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def imports(source: str) -> Iterator[tuple[str, str]]:
    """Yields (module, name) of what a source imports from this package."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            pairs = [(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            pairs = [(alias.name, "") for alias in node.names]
        else:
            continue
        yield from (pair for pair in pairs if pair[0].partition(".")[0] == "frontier_search")


def inner_imports(source: str) -> list[tuple[str, str]]:
    """Imports from anywhere but the front door, or of what it does not have."""
    door = {"", "__version__", *frontier_search.__all__}
    return [
        (module, name)
        for module, name in imports(source)
        if module != "frontier_search" or name not in door
    ]


@pytest.mark.parametrize("name", frontier_search.__all__)
def test_every_name_is_in_the_room_that_the_table_gives(name: str) -> None:
    room = importlib.import_module(f"frontier_search.{frontier_search._HOMES[name]}")
    assert getattr(frontier_search, name) is getattr(room, name)


def test_dir_lists_the_names() -> None:
    assert dir(frontier_search) == sorted([*frontier_search.__all__, "__version__"])


def test_type_checkers_see_the_same_names() -> None:
    source = Path(frontier_search.__file__).read_text()
    (block,) = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.If)][:1]
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    declared = {
        name: module.removeprefix("frontier_search.")
        for module, name in imports(ast.unparse(block))
    }
    assert declared == frontier_search._HOMES


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'frontier_search' has no attribute 'Serach'"):
        frontier_search.Serach  # noqa: B018


def test_importing_the_root_loads_no_room_and_no_library() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_THE_ROOT], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout))
    assert {name for name in loaded if name.startswith("frontier_search")} == {"frontier_search"}
    assert {name.partition(".")[0] for name in loaded} <= {
        "frontier_search",
        *sys.stdlib_module_names,
    }


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_import_from_the_front_door(path: Path) -> None:
    for block in blocks("python", path.read_text()):
        if not block.startswith("# row of "):  # a row imports nothing
            assert inner_imports(block) == []


@pytest.mark.parametrize("name", PLUG_INS)
def test_plug_ins_import_from_the_front_door(name: str) -> None:
    assert inner_imports((ROOT / name).read_text()) == []


def test_the_check_of_imports_can_fail() -> None:
    for source in (
        "import frontier_search.space",
        "from frontier_search.space import Float",
        "from frontier_search import space",
    ):
        assert len(inner_imports(source)) == 1, source
