"""The documents against the code: commands and options exist, the examples run, the picture of the house is true."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from frontier_search.cli.main import COMMANDS
from frontier_search.models.families import FAMILIES
from frontier_search.runner import run
from frontier_search.search.search import Search
from frontier_search.search.sweep import Sweep

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
FOLDERS = ("", "benchmarks", "cluster")  # with a README of their own
DOCUMENTS = [
    path
    for path in (
        *(ROOT / name / "README.md" for name in FOLDERS),
        *sorted((ROOT / "docs").glob("*.md")),
    )
    if path.exists()
]
SPACES = sorted((ROOT / "search_spaces").glob("*.yaml"))


def blocks(language: str, text: str = README) -> list[str]:
    """The fenced blocks of a language; an empty one means blocks that name none."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [content for named, content in fenced if named == language]


def commands_in(text: str) -> list[str]:
    """Every `frontier-search ...` in code, without its comment."""
    code = blocks("sh", text) + re.findall(r"`(frontier-search [^`]+)`", text)
    lines = [
        line.split("   #")[0].split("  #")[0].strip()
        for block in code
        for line in block.splitlines()
    ]
    return [line for line in lines if line.startswith("frontier-search ")]


def parse(line: str) -> None:
    """Parses a command as click does, without running it; raises click.UsageError for what does not exist."""
    _, name, *arguments = shlex.split(line)
    command: click.Command = importlib.import_module(f"frontier_search.cli.{name}").command
    context = command.make_context(name, arguments)
    if isinstance(command, click.Group):
        command.commands[arguments[0]].make_context(arguments[0], arguments[1:], parent=context)


@pytest.mark.parametrize(
    "line", sorted({line for path in DOCUMENTS for line in commands_in(path.read_text())})
)
def test_a_documented_command_exists_with_its_options(line: str) -> None:
    parse(line)


def test_the_check_of_commands_can_fail() -> None:
    for line in ("frontier-search run --datset digits", "frontier-search count dense"):
        with pytest.raises(click.UsageError):
            parse(line)


def test_every_command_is_in_the_readme() -> None:
    assert [
        name
        for name in COMMANDS
        if f"frontier-search {name}" not in README and f"`{name}`" not in README
    ] == []


def test_the_yaml_of_a_search_is_one() -> None:
    spec = yaml.safe_load(next(block for block in blocks("yaml") if "objectives" in block))
    search = Search.from_spec(spec | {"name": "documented"})
    assert set(search.spaces) == {"dense", "kronecker"}


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.name)
def test_a_shipped_search_says_how_to_run_it_and_is_legal(path: Path) -> None:
    text = path.read_text()
    spec = yaml.safe_load(text)
    command = "sweep" if "searches" in spec else "run"
    assert text.startswith(f"# frontier-search {command} search_spaces/{path.name} ")
    assert "TIME" not in text.splitlines()[0]
    if command == "sweep":
        Sweep.from_yaml(path)
    else:
        Search.from_spec(spec | {"name": "shipped"})


def test_the_family_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "ring.py").write_text(next(block for block in blocks("python") if "RING" in block))
    (tmp_path / "ring.yaml").write_text(
        next(block for block in blocks("yaml") if "# ring.yaml" in block)
    )
    spec: dict[str, Any] = {
        "name": "ring",
        "dataset": "iris",
        "families": ["ring:FAMILY"],
        "trials": 2,
        "seeds": 1,
        "epochs": 1,
    }
    frontier = run(Search.from_spec(spec), home=tmp_path / "home", executor="inline")
    assert {member.candidate.family for member in frontier.members} == {"ring:FAMILY"}
    assert "ring:FAMILY" in FAMILIES


def test_the_picture_of_the_house_names_every_room() -> None:
    picture = next(block for block in blocks("") if block.startswith("frontier_search/"))
    words = set(re.findall(r"[a-z_]+", picture))
    package = ROOT / "frontier_search"
    rooms = {p.stem for p in package.glob("*.py") if not p.stem.startswith("__")}
    rooms |= {p.name for p in package.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert sorted(rooms - words) == []


def test_the_tests_that_hold_what_is_promised_exist() -> None:
    promised = set(
        re.findall(r"`(tests/[a-z_/]+\.py)`", (ROOT / "docs" / "reliability.md").read_text())
    )
    assert len(promised) > 5
    assert [name for name in sorted(promised) if not (ROOT / name).exists()] == []


def test_pictures_of_the_documents_exist() -> None:
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name} points to {target}"
