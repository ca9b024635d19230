"""Imports go down only, no modules import each other, and heavy libraries stay in their rooms."""

from __future__ import annotations

import ast
import graphlib
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import frontier_search
from frontier_search.cli.main import COMMANDS
from frontier_search.session import Session
from frontier_search.storage import catalog
from tests.support import fakes, toys

LAYERS = (  # lowest first; a folder stands for everything in it
    "errors zoo files sources spec seeds machine",
    "space curve race objective trial",
    "data table sampling",
    "models",
    "export",
    "search",
    "training frontier",
    "storage",
    "session predictor",
    "executors",
    "runner exporter targets",
    "reports cluster",
    "mirror",
    "cli __main__ __init__",
)
HOMES = {  # a library that takes long to load, and the modules and folders that may import it
    "torch": "models.network models.networks models.tanh models.kronecker_product models.noise "
    "models.module models.module_stack models.examination training "
    "executors targets mirror.written_model",
    "ray": "executors cluster.file cluster.jobs cluster.aws cluster.onprem",
    "optuna": "sampling storage",
    "sqlalchemy": "storage mirror",
    "sklearn": "frontier.methods data models.families table",
    "mlflow": "mirror",
    "matplotlib": "reports",
    "pandas": "frontier predictor exporter targets data table reports mirror",
    "rich": "reports",
    "onnxruntime": "targets.onnx_graph",
    "unicorn": "export.unicorn_machine",
    "elftools": "export.compiler export.linked",
    "click": "cli",
    "s3fs": "storage.remote",
    "boto3": "cluster.account",
    "upath": "storage.remote files",
}
ROOT = Path(frontier_search.__file__).parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}


@cache  # every test below asks about every module
def imported(module: str) -> tuple[tuple[str, int], ...]:
    """Returns (module, line) of every import, anywhere in a module.

    A module of ours is named without ``frontier_search.``, any other in full.
    """
    return tuple(_imported(module))


def _imported(module: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}, line {node.lineno}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            ours = name.removeprefix("frontier_search.")
            if ours == name:
                yield name, node.lineno
            elif ours != "__version__":  # a constant of the package, which every import loads first
                yield (
                    (ours if ours in MODULES else ours.rpartition(".")[0] or "__init__"),
                    node.lineno,
                )


def within(module: str, rooms: str) -> bool:
    """Returns whether a module is one of some modules and folders, or inside one."""
    return any(module == room or module.startswith(f"{room}.") for room in rooms.split())


def layer(module: str) -> int:
    """Returns the index of a module's row in LAYERS; raises ValueError unless it has one."""
    (found,) = [i for i, rooms in enumerate(LAYERS) if within(module, rooms)]
    return found


def test_every_module_has_one_layer_and_every_name_in_the_table_is_a_module() -> None:
    for module in MODULES:
        layer(module)
    assert [room for rooms in LAYERS for room in rooms.split() if room not in MODULES] == []


@pytest.mark.parametrize("module", list(MODULES))
def test_imports_go_down(module: str) -> None:
    ours = [(name, line) for name, line in imported(module) if name in MODULES]
    assert [
        f"line {line}: {name} is above {module}"
        for name, line in ours
        if layer(name) > layer(module)
    ] == []


def test_no_modules_import_each_other() -> None:
    graph = {
        module: {name for name, _ in imported(module) if name in MODULES and name != module}
        for module in MODULES
    }
    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError with the circle


@pytest.mark.parametrize("heavy", list(HOMES))
def test_heavy_libraries_stay_in_their_rooms(heavy: str) -> None:
    importers = {
        module
        for module in MODULES
        for name, _ in imported(module)
        if name.partition(".")[0] == heavy
    }
    assert importers  # or the table is out of date
    assert [module for module in sorted(importers) if not within(module, HOMES[heavy])] == []


# ---- what a command loads ------------------------------------------------------------------------

LOADED = """
import json, sys
import frontier_search
from frontier_search.cli.main import group
loaded = {}
for arguments in json.loads(sys.argv[1]):
    before = set(sys.modules)
    try:
        group.main(arguments, standalone_mode=False)
    except SystemExit as stop:
        assert not stop.code, arguments
    new = set(sys.modules) - (before if loaded else set())  # the first counts the package too
    loaded[" ".join(arguments)] = sorted({name.partition(".")[0] for name in new})
print("\\n" + json.dumps(loaded))
"""


def loaded_by(*commands: list[str]) -> dict[str, set[str]]:
    """Returns the packages that each command loads, run one after another in a new process."""
    result = subprocess.run(
        [sys.executable, "-c", LOADED, json.dumps(commands)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return {
        command: set(names) for command, names in json.loads(result.stdout.splitlines()[-1]).items()
    }


def test_help_loads_nothing_but_click() -> None:
    heavy = {*HOMES, "numpy", "scipy", "yaml"} - {"click"}
    for command, names in loaded_by(
        ["--help"], *([name, "--help"] for name in COMMANDS), ["--version"]
    ).items():
        assert names & heavy == set(), command


def test_commands_that_read_load_neither_torch_nor_ray(tmp_path: Path) -> None:
    entry = catalog.define(toys.search(dataset="iris"), tmp_path)
    fakes.play(Session(entry.search, entry.open_storage(writable=True)))
    home = ["--home", str(tmp_path)]
    lists = [[name] for name in ("families", "datasets", "objectives", "samplers")]
    readers = [
        ["frontier", "toy-1", *home],
        ["trials", "toy-1", *home],
        ["status", *home],
        ["count", "dense", "--dataset", "iris", "--set", "hidden=4"],
    ]
    for command, names in loaded_by(*lists, *readers).items():
        assert names & {"torch", "ray", "mlflow", "sklearn", "matplotlib"} == set(), command
