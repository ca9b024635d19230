"""The documents agree with the code: commands exist, links lead somewhere, the house is true."""

from __future__ import annotations

import importlib
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import pandas as pd
import pytest
import yaml

from frontier_search import __version__, run
from frontier_search.cli.main import COMMANDS
from frontier_search.reports.study.published import NO_CAUSE
from frontier_search.search.search import Search
from frontier_search.search.sweep import Sweep
from screens import readme
from tests.support import passengers

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks" / "README.md",
    ROOT / "cluster" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
SCREEN = (50, 100)  # lines and columns of one screen
README_LINES = 85  # one reading
ONE_FILE_A_MEMBER = (  # the folders whose modules the picture of the house does not name
    "architectures",
    "cli",
    "datasets",
    "devices",
    "emitters",
    "families",
    "figures",
    "findings",
    "formats",
    "networks",
    "operations",
    "samplers",
    "targets",
)
REPORTS = sorted(path.parent for path in (ROOT / "docs").glob("*/report.md"))
REPORTS_MB = 10  # of all reports with their pictures and data
SPACES = sorted((ROOT / "search_spaces").glob("*.yaml"))


def blocks(language: str, text: str) -> list[str]:
    """The fenced blocks of a language; `language=""` means the blocks that name none."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [content for named, content in fenced if named == language]


def commands_in(text: str) -> list[str]:
    """Every `frontier-search ...` in code, without the comment behind it."""
    code = blocks("sh", text) + re.findall(r"`(frontier-search [^`]+)`", text)
    lines = [
        line.split("   #")[0].split("  #")[0].strip()
        for block in code
        for line in block.replace("\\\n", "").splitlines()
    ]
    return [line for line in lines if line.startswith("frontier-search ")]


def parse(line: str) -> None:
    """Parses a command as click does, without running it.

    Raises:
        click.UsageError: the command, an option or an argument does not exist.
    """
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


def test_every_command_is_documented() -> None:
    everything = "\n".join(path.read_text() for path in DOCUMENTS)
    assert [
        name
        for name in COMMANDS
        if f"frontier-search {name}" not in everything and f"`{name}`" not in everything
    ] == []


def test_the_readme_is_one_reading_and_names_the_commands_and_the_prerequisites() -> None:
    assert len(README.splitlines()) <= README_LINES
    makefile = (ROOT / "Makefile").read_text()
    commands = re.findall(r"^make (\w+)", "".join(blocks("sh", README)), re.MULTILINE)
    assert commands == ["frontier"]
    named = [*commands, *re.findall(r"`make (\w+)`", README)]
    assert [name for name in named if f"\n{name}: " not in makefile] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = project["requires-python"].removeprefix(">=")
    assert f"Python {version} or newer with `venv`, and `make`" in " ".join(README.split())


def test_the_index_lists_every_page() -> None:
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    index = (ROOT / "docs" / "README.md").read_text()
    assert [name for name in sorted(pages) if f"[{name}]({name})" not in index] == []


def test_the_yaml_of_a_search_is_one() -> None:
    (block,) = blocks("yaml", (ROOT / "docs" / "searching.md").read_text())
    search = Search.from_spec(yaml.safe_load(block) | {"name": "documented"})
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


def cells(line: str) -> list[str]:
    """The cells of a line of a Markdown table."""
    return [cell.strip() for cell in line.strip().strip("|").split(" | ")]


def test_the_reports_with_their_data_stay_small() -> None:
    """A page that somebody wrote there again is not counted: it is not kept."""
    files = [path for report in REPORTS for path in report.rglob("*") if path.is_file()]
    files = [path for path in files if path.name != "report.html"]
    assert len(files) > 20
    assert sum(path.stat().st_size for path in files) < REPORTS_MB * 1e6


def test_the_table_of_verdicts_is_that_of_the_report() -> None:
    report = (ROOT / "docs" / "published" / "report.md").read_text()
    found = report.partition("| corrected verdict |")[2].partition("\n\n")[0].splitlines()[2:]
    verdicts = {cells(line)[0]: cells(line)[3] for line in found}
    page = (ROOT / "docs" / "sweeps.md").read_text().partition("### The twelve claims")[2]
    said = [cells(line) for line in page.partition("\n### ")[0].splitlines() if line[:3] != "| |"]
    said = [each for each in said if each and each[0].isdigit()]
    assert {each[0]: each[2] for each in said} == {
        number: verdict.removesuffix(" with these seeds") for number, verdict in verdicts.items()
    }
    assert len(said) == 12


def test_the_verdicts_of_the_readme_are_those_of_the_report() -> None:
    report = (ROOT / "docs" / "published" / "report.md").read_text()
    table = report.partition("| corrected verdict |")[2].partition("\n\n")[0].splitlines()[2:]
    named: dict[str, list[str]] = {}
    for line in table:
        named.setdefault(cells(line)[3], []).append(cells(line)[0])
    said = (
        f"Of {len(table)} claims: claims {' and '.join(named['holds'])} hold; "
        f"claims {' and '.join(named['does not hold'])} do not hold; "
        f"{len(named['cannot be told with these seeds'])} cannot be told."
    )
    assert said in " ".join(README.split())


def test_the_owners_of_the_readme_are_those_of_the_rows_behind_the_report() -> None:
    whole, low_end = readme.sentences()
    words = " ".join(README.split())
    assert whole.rstrip(".") in words
    assert f"Up to 100 parameters: {low_end[0].lower()}{low_end[1:]}" in words


def test_the_recording_of_the_readme_is_of_its_first_command() -> None:
    root = ElementTree.parse(ROOT / "docs" / "images" / "terminal.svg").getroot()
    title, words = ("".join(each.itertext()) for each in root[:2])
    assert title == readme.COMMAND == blocks("sh", README)[0].split("  ")[0]
    recipe = (ROOT / "Makefile").read_text().partition("\nfrontier: ")[2].splitlines()[1]
    assert recipe.strip() == f"$(BIN)/frontier-search {' '.join(readme.ARGUMENTS)}"
    for said in ("val loss", "chance", "frontier-search ui digits-1"):
        assert said in words


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = blocks("python", README)
    monkeypatch.chdir(tmp_path)
    passengers.write(tmp_path / "measurements.csv", 200)
    frame = pd.read_csv("measurements.csv").drop(columns="survived")
    asked = {"name": "measurements-1", "dataset": "measurements.csv", "target": "survived"}
    families = {"dense": {"hidden": 2}}
    run(
        Search.from_spec(asked | {"trials": 2, "seeds": 2, "epochs": 2, "families": families}),
        executor="inline",
    )
    space: dict[str, Any] = {"frame": frame}
    exec(code, space)
    assert len(space["model"].predict(frame)) == len(frame)


@pytest.mark.parametrize("folder", REPORTS, ids=lambda path: path.name)
def test_a_report_has_all_of_its_remarks_and_a_cause_for_each_number_that_differs(
    folder: Path,
) -> None:
    report = (folder / "report.md").read_text()
    assert NO_CAUSE not in report
    remarks = folder / "remarks.md"
    for text in re.split(r"\n\s*\n", remarks.read_text()) if remarks.exists() else ():
        first, *rest = text.strip().splitlines()
        title = first.lstrip("#").strip()
        if not first.startswith("#"):
            assert " ".join(text.split()) in report
        elif first.startswith("## ") and not title.startswith(("Claim ", "Number: ")):
            assert f"## {title}\n" in report
        assert not (first.startswith("#") and rest)


def test_the_picture_of_the_house_names_every_module_and_fits_one_screen() -> None:
    """The members of a zoo and the commands are left out: their folder stands for them."""
    (picture,) = blocks("", (ROOT / "docs" / "house.md").read_text())
    words = set(re.findall(r"[a-z_]+", picture))
    package = ROOT / "frontier_search"
    modules = [path for path in package.rglob("*.py") if not path.stem.startswith("__")]
    named = {path.stem for path in modules if path.parent.name not in ONE_FILE_A_MEMBER}
    folders = {path.name for path in package.rglob("*") if path.is_dir()} - {"__pycache__"}
    assert sorted((named | folders) - words) == []
    lines, columns = SCREEN
    assert len(picture.splitlines()) <= lines
    assert max(map(len, picture.splitlines())) <= columns


def test_the_tests_that_hold_what_is_promised_exist() -> None:
    promised = set(
        re.findall(r"`(tests/[a-z_/]+\.py)`", (ROOT / "docs" / "reliability.md").read_text())
    )
    assert len(promised) > 5
    assert [name for name in sorted(promised) if not (ROOT / name).exists()] == []


def anchors(text: str) -> set[str]:
    """What GitHub calls the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(path: Path) -> None:
    for link in re.findall(r"\]\(([^):]+)\)", path.read_text()):
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), f"{path.name} points to {link}"
        assert not anchor or anchor in anchors(target.read_text()), f"{path.name}: {link}"


def test_the_citation_names_the_version_and_the_licence() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == __version__
    assert citation["license"] == project["license"]
    assert "Apache License" in (ROOT / "LICENSE").read_text()
