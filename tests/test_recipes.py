"""Every recipe of CONTRIBUTING.md works as it stands there: its files, its row, its command.

Each test writes the files of one recipe into an empty folder, puts its row into the table, and runs
a tiny search. Where a contract test takes a member by name, it runs on the recipe's member too.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import json
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

import frontier_search
import frontier_search.cli
from frontier_search import (
    BACKENDS,
    FAMILIES,
    FIGURES,
    OBJECTIVES,
    SAMPLERS,
    TARGETS,
    SpecError,
    Trial,
    find,
    read_trials,
)
from frontier_search.cli import main as console
from frontier_search.executors.devices import DEVICES
from frontier_search.storage.storage import open_storage
from frontier_search.table.findings import FINDINGS
from frontier_search.table.formats import FORMATS
from tests.contracts import test_families as families
from tests.contracts import test_storages as storages
from tests.test_docs import ROOT, blocks

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
TINY = {"--trials": "4", "--seeds": "2", "--epochs": "2", "--dataset": "iris", "--name": "tiny"}
PARTS = {
    "NEXT_STEPS": "FAMILIES",
    "NAMES": "DATASETS",
    "CORES": "DEVICES",
}  # lists from which the tables are made
HERE = {"--executor": "inline", "--home": "home"}


@dataclass(frozen=True)
class Recipe:
    """One section of CONTRIBUTING.md.

    Attributes:
        files: name -> content of the blocks that begin with `# NAME`.
        row: the block that begins with `# row of TABLE`, without that line; "" without a row.
        code: the Python that is neither.
        commands: the lines of its shell blocks.
    """

    files: dict[str, str]
    row: str
    code: str
    commands: list[str]

    @staticmethod
    def of(title: str) -> Recipe:
        section = TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        files, row, code = {}, "", ""
        for block in blocks("python", section) + blocks("yaml", section):
            named = re.match(r"# ([a-z_]+\.(?:py|yaml))\b", block)
            if named:
                files[named[1]] = block
            elif block.startswith("# row of "):
                row = block.partition("\n")[2]
            else:
                code = block
        commands = [line for block in blocks("sh", section) for line in block.splitlines()]
        return Recipe(files, row, code, commands)


Cook = Callable[[str], Recipe]


@pytest.fixture
def cook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cook:
    """Writes a recipe's files into an empty folder, which becomes the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def write(title: str) -> Recipe:
        recipe = Recipe.of(title)
        for name, content in recipe.files.items():
            (tmp_path / name).write_text(content)
        return recipe

    return write


def command(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """Runs the console script in this process; it must succeed."""
    monkeypatch.setattr(sys, "argv", ["frontier-search", *words])
    with pytest.raises(SystemExit) as stop:
        console.main()
    assert not stop.value.code


def run(
    monkeypatch: pytest.MonkeyPatch,
    line: str = "frontier-search run",
    dataset: str = TINY["--dataset"],
) -> list[Trial]:
    """Runs a recipe's command on a tiny search of another dataset and returns the trials."""
    _, name, *words = shlex.split(line)
    given = dict(zip(words[::2], words[1::2], strict=True))
    options = given | TINY | HERE | {"--dataset": dataset}
    command(monkeypatch, name, *itertools.chain(*options.items()), "--no-mirror")
    trials = read_trials(find("tiny", Path("home")))
    assert len(trials) == 4
    assert [trial.reason for trial in trials] == [None] * 4
    return trials


def hold_contract(module: ModuleType, **given: Callable[[], Any]) -> list[str]:
    """Runs the tests of a contract that need nothing but what is given, and returns their names.

    Each argument is made anew for each test. Tests that start processes are left out, because the
    row that a recipe adds is not in those.
    """
    held = []
    for name, test in vars(module).items():
        needed = inspect.signature(test).parameters if name.startswith("test_") else {}
        if needed and set(needed) <= set(given) and "process" not in name:
            with contextlib.suppress(pytest.skip.Exception):
                test(**{key: given[key]() for key in needed})
            held.append(name)
    return held


def front_door() -> dict[str, Any]:
    """Returns every name that `frontier_search` exports, with what it stands for."""
    return {name: getattr(frontier_search, name) for name in frontier_search.__all__}


def test_the_table_names_every_recipe_and_only_what_exists() -> None:
    rows = [line.split(" | ") for line in TEXT.splitlines() if line.startswith("| [")]
    titles = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
    assert [row[0].partition("[")[2].partition("]")[0] for row in rows] == [
        title[0].lower() + title[1:] for title in titles
    ]
    for row in rows:
        for path in re.findall(r"`([a-z_/]+(?:/|\.py))`", " ".join(row)):
            assert (ROOT / path).exists(), path
        table = re.match(r"`(\w+)`(?: or `\w+`)? in `(\S+)`", row[2])
        if table is not None:
            assert f"\n{table[1]}" in (ROOT / table[2]).read_text()
            members = PARTS.get(table[1], table[1])
            for path in re.findall(r"`(\S+)`", row[3]):
                assert re.search(rf"\b{members}\b", (ROOT / path).read_text()), path


@pytest.mark.parametrize(
    ("title", "name"), [("A family", "ring:FAMILY"), ("A network", "bumps:FAMILY")]
)
def test_families(title: str, name: str, cook: Cook, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = cook(title).commands
    trials = run(monkeypatch, line)
    assert {trial.candidate.family for trial in trials} == {"dense", name}
    held = hold_contract(
        families,
        name=lambda: name,
        task=lambda: "multiclass",
        device=lambda: "meta",
        n_inputs=lambda: 64,
        n_outputs=lambda: 10,
    )
    assert len(held) >= 8
    assert name in FAMILIES


def test_own_model(cook: Cook, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = cook("A model of your own").commands
    trials = run(monkeypatch, line)
    assert {trial.candidate.family for trial in trials} == {"dense", "mine:Net"}
    assert [name for name, _ in find("tiny", Path("home")).search.code] == ["mine.py"]


def test_dataset(cook: Cook, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = cook("A dataset").commands
    run(monkeypatch, line, dataset=line.rpartition(" ")[2])
    assert find("tiny", Path("home")).search.find_dataset().n_features == 1


def test_objective(cook: Cook, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = cook("An objective")
    row = eval(recipe.row, front_door())
    monkeypatch.setitem(OBJECTIVES, row.name, row)
    trials = run(monkeypatch, *recipe.commands, dataset="sine")
    for trial in trials:
        assert trial.objectives["largest"] == row.of(trial)
        assert 0 < trial.objectives["largest"] ** 2 <= sum(trial.per_seed("val_loss")) / 2
    command(monkeypatch, "frontier", "tiny", "--home", "home", "--plot", "frontier.png")


def test_sampler(cook: Cook, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, *cook("A sampler").commands)
    assert find("tiny", Path("home")).search.sampler == "independent:SAMPLER"
    assert SAMPLERS["independent:SAMPLER"].conditional


def test_executor(cook: Cook) -> None:
    recipe = cook("An executor")
    tiny = recipe.code.replace('"trials": 4', '"trials": 6, "cohort": 2, "seeds": 1, "epochs": 1')
    assert tiny != recipe.code
    exec(compile(tiny, "CONTRIBUTING.md", "exec"), {})
    trials = read_trials(find("threaded", Path("frontier-runs")))
    assert [trial.reason for trial in trials] == [None] * 6


def test_storage(cook: Cook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    recipe = cook("A storage")
    for scheme, path in eval(f"{{{recipe.row}}}").items():
        monkeypatch.setitem(BACKENDS._paths, scheme, path)
    run(monkeypatch, *recipe.commands)
    assert Path("search.log").exists()
    assert not list(Path("home").rglob("journal.log"))
    new = (
        storages.Location(f"shared:{tmp_path}/{number}.log", tmp_path)
        for number in itertools.count()
    )
    assert len(hold_contract(storages, location=lambda: next(new))) >= 5
    one, other = (open_storage("shared:search.log", tmp_path, writable=True) for _ in range(2))
    with one.held("tiny"), pytest.raises(SpecError, match="is already running"), other.held("tiny"):
        pass


def test_device(cook: Cook, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = cook("A device")
    (name,) = row = eval(f"{{{recipe.row}}}", {"torch": torch})
    monkeypatch.setitem(DEVICES, name, row[name])
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)  # as on a Mac
    assert row[name]() is None
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert row[name]() == "has no Metal"
    with pytest.raises(SpecError, match="in this process has no Metal; leave --gpus-per-cohort"):
        exec(recipe.code, {})
    monkeypatch.setitem(DEVICES, "cpu:0", lambda: None)  # one that every machine has
    tiny = recipe.code.replace('"mps"', '"cpu:0"').replace("on-metal", "tiny")
    exec(tiny.replace('"trials": 4', '"trials": 4, "epochs": 1'), {})
    assert [trial.reason for trial in read_trials(find("tiny"))] == [None] * 4


def test_emitter(cook: Cook, monkeypatch: pytest.MonkeyPatch) -> None:
    cook("A network")
    recipe = cook("An emitter")
    trained, exported = recipe.commands
    run(monkeypatch, trained)
    export(monkeypatch, exported)
    certificates = [json.loads(file.read_text()) for file in Path("c").rglob("certificate.json")]
    assert certificates
    for each in certificates:
        assert each["host"]["bit_equal"] == each["rows"] == each["trained_model"]["equal_decisions"]
        assert each["trained_model"]["largest_difference"] < 1e-4


def test_core(cook: Cook, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = cook("A core")
    run(monkeypatch)
    (line,) = recipe.commands
    export(monkeypatch, line.replace("params<=100", "params<=100000"))
    found = json.loads(Path("c", "certificate.json").read_text())
    assert found["devices"]["new_core:DEVICE"]["bit_equal"] == found["rows"] > 0


def export(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """Runs a recipe's command on the tiny search, and writes to the folder c."""
    words = shlex.split(line.replace("iris-1", "tiny"))[1:]
    command(monkeypatch, *words, "--home", HERE["--home"], "--output", "c")


def test_target(cook: Cook, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = cook("A target")
    for name, path in eval(f"{{{recipe.row}}}").items():
        monkeypatch.setitem(TARGETS._paths, name, path)
    run(monkeypatch, "frontier-search run --families linear")
    exported, verified = recipe.commands
    export(monkeypatch, exported)
    for folder in Path("c").iterdir():
        said = json.loads((folder / "certificate.json").read_text())
        assert said["host"]["near"] == said["rows"] > 0
        command(monkeypatch, *shlex.split(verified.replace("c/trial-0", str(folder)))[1:])


def test_command(
    cook: Cook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = cook("A command")
    monkeypatch.setattr(
        frontier_search.cli, "__path__", [*frontier_search.cli.__path__, str(Path.cwd())]
    )
    row: dict[str, str] = eval(f"{{{recipe.row}}}")
    for name, words in row.items():
        monkeypatch.setitem(console.COMMANDS, name, words)
    run(monkeypatch)
    capsys.readouterr()
    command(monkeypatch, "smallest", "tiny", "--loss", "99", "--home", "home")
    assert capsys.readouterr().out.startswith("trial ")
    command(monkeypatch, "--help")
    assert "smallest" in capsys.readouterr().out


def test_figure(cook: Cook, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = cook("A figure")
    for suffix, path in eval(f"{{{recipe.row}}}").items():
        monkeypatch.setitem(FIGURES._paths, suffix, path)
    run(monkeypatch)
    (line,) = recipe.commands
    words = shlex.split(line.replace("digits-1", "tiny"))[1:]
    command(monkeypatch, *words, "--home", "home")
    title, axes, *points = Path("frontier.txt").read_text().splitlines()
    assert title.startswith("tiny: the frontier of iris")
    assert axes == "learned parameters, validation loss (nats)"
    assert points
    for number, suffix in enumerate(FIGURES):  # of each that the table has
        command(monkeypatch, "frontier", "tiny", "--home", "home", "--plot", f"{number}{suffix}")
        assert Path(f"{number}{suffix}").stat().st_size > 0


def test_format(
    cook: Cook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = cook("A format")
    for end, path in eval(f"{{{recipe.row}}}").items():
        monkeypatch.setitem(FORMATS._paths, end, path)
    rows = [f"a: {i % 7 + i / 50}\ntarget: {('x', 'y')[i % 2]}" for i in range(40)]
    Path("rows.records").write_text("\n\n".join(rows))
    (line,) = recipe.commands
    command(monkeypatch, *shlex.split(line)[1:])
    assert "read: records; 40 rows" in capsys.readouterr().out


def test_warning(
    cook: Cook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = cook("A warning")
    for kind, path in eval(f"{{{recipe.row}}}").items():
        monkeypatch.setitem(FINDINGS._paths, kind, path)
    Path("people.csv").write_text(
        "age,target\n" + "".join(f"{i * i % 31 - (i == 4) * 40 + 0.5},{i % 3}\n" for i in range(40))
    )
    (line,) = recipe.commands
    command(monkeypatch, *shlex.split(line)[1:])
    assert "warning, negative_age: column 'age' is negative" in capsys.readouterr().out
