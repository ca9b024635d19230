"""The report on a study: one page that needs no network, and the same in Markdown."""

from __future__ import annotations

import base64
import bz2
import csv
import json
import re
from contextlib import nullcontext
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from frontier_search import machine, runner
from frontier_search.cli.main import group
from frontier_search.errors import SpecError
from frontier_search.reports.blocks import Table
from frontier_search.reports.study.claims import Studied
from frontier_search.reports.study.rivals import rivals
from frontier_search.search.search import Search
from frontier_search.search.sweep import Sweep
from frontier_search.storage import sweep_catalog
from frontier_search.storage.folder import SearchFolder
from tests.support import evidence

WIDTHS = {"choice": [2, 4, 8, 16, 32]}
DENSE = {"hidden": WIDTHS, "learning_rate": 0.01}
KRONECKER = DENSE | {"steps": 2, "spectral_radius": 0.9, "graph_noise": 0.0}
SPEC: dict[str, Any] = {
    "name": "mini",
    "defaults": {
        "seeds": 2,
        "epochs": 40,  # moons's own, as the published tables are about
        "families": {"dense": DENSE, "kronecker": KRONECKER},
        "candidates": "grid",
    },
    "searches": {
        "moons": {},
        "small-iris": {"dataset": "iris", "families": {"dense": DENSE}},
    },
}
CLAIMS = """
groups: {reservoir: [kronecker], dense: [dense]}
claims:
- claim: a reservoir is better
  parts:
  - dataset: moons
    better: {family: kronecker, hidden: 8}
    than: {family: dense, hidden: 8}
  - {dataset: moons, owner: reservoir}
"""
REMARKS = """# Not in the report

## Claim 1

Why it is open.

Two seeds.

## Number: frontier, moons, kronecker 8

A likely cause.

## How it differs

From nothing.
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the report on a sweep of two searches, with a table of claims."""
    home = tmp_path_factory.mktemp("study")
    (home / "claims.yaml").write_text(CLAIMS)
    sweep = Sweep.from_spec(SPEC | {"claims": str(home / "claims.yaml")})
    runner.sweep(sweep_catalog.define(sweep, home), "inline", None, lambda _: nullcontext(()))
    (home / "remarks.md").write_text(REMARKS)
    told = ["--remarks", str(home / "remarks.md"), "--output", str(home / "out")]
    ran = CliRunner().invoke(group, ["report", "mini", "--home", str(home), *told])
    assert ran.exit_code == 0, ran.output
    assert "a reservoir is better" in ran.output
    return home / "out"


def test_the_report_is_one_page_that_needs_no_network(report: Path) -> None:
    page, twin = ((report / name).read_text() for name in ("report.html", "report.md"))
    assert re.findall(r'(?:src|href)="(?!data:|#)', page) == []
    for words in ("a reservoir is better", "mini-moons", "chance on the frontier", "SVM"):
        assert words in page
        assert words in twin
    pictures = [
        base64.b64decode(data)
        for data in re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    ]
    named = re.findall(r"\]\((figures/[^)]+)\)", twin)
    assert len(named) == len(pictures)
    for name, picture in zip(named, pictures, strict=True):
        assert b"<svg" in picture
        assert name.endswith(".png") or (report / name).read_bytes() == picture
    assert [name for name in named if name.endswith(".png")]
    assert len(pictures) >= 4


def test_the_owners_of_a_frontier_with_enough_candidates_are_shown(report: Path) -> None:
    twin = (report / "report.md").read_text()
    assert "| moons | whole range | kronecker |" in twin
    assert "figures/winners.svg" in twin
    assert "| iris |" not in twin.partition("## Who owns")[2].partition("\n## ")[0]


def test_two_seeds_give_no_verdict_and_the_report_says_from_which_number_there_is_one(
    report: Path,
) -> None:
    twin = (report / "report.md").read_text()
    claim = next(line for line in twin.splitlines() if line.startswith("| 1 | a reservoir is"))
    assert claim.count("cannot be told with these seeds") == 2
    assert "fewer than 7 seeds while all are open. One part by itself has none" in twin
    assert "fewer than 6." in twin


def test_a_report_says_what_an_interval_speaks_of_and_the_share_by_lots(report: Path) -> None:
    twin = (report / "report.md").read_text()
    assert re.search(r"\| moons \| fresh rows of the generator", twin)
    assert re.search(r"\| iris \| other splits of these rows", twin)
    assert re.search(r"\| moons \| whole range \| kronecker \| .* \| 0.50 \| ", twin)


def test_a_published_model_is_beside_what_was_measured(report: Path) -> None:
    twin = (report / "report.md").read_text()
    assert re.search(
        r"\| frontier \| moons \| kronecker 8 \| 35 \| val_accuracy \| 0.972 \| 0\.\d+ ± ", twin
    )


def rows_of(report: Path) -> list[dict[str, str]]:
    with bz2.open(report / "seeds.csv.bz2", "rt") as file:
        return list(csv.DictReader(file))


def test_every_trained_model_has_a_row(report: Path) -> None:
    rows = [row for row in rows_of(report) if row["trial"]]
    assert len(rows) == 2 * (5 + 5 + 5)  # two seeds of ten candidates on moons, and five on iris
    own = [row for row in rows if row["search"] == "mini-moons" and row["family"] == "dense"]
    widths = [json.loads(row["hyperparameters"])["hidden"] for row in own]
    assert widths == [width for width in WIDTHS["choice"] for _ in range(2)]
    assert {row["seed"] for row in rows} == {"101", "202"}
    assert {row["budget"] for row in rows} == {"40"}
    assert all(0 < int(row["epoch"]) <= 40 for row in rows)


def table(report: Path, heading: str, column: str) -> list[dict[str, str]]:
    """The first table behind a heading that has a column."""
    lines = (report / "report.md").read_text().partition(f"\n{heading}\n")[2].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|") and column in line)
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[start:]]
    end = next(i for i, row in enumerate(cells) if len(row) < 2)
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:end]]


def test_the_numbers_of_a_frontier_follow_from_the_rows(report: Path) -> None:
    rows = rows_of(report)
    shown = table(report, "### mini-moons", "| optimism |")
    assert shown
    for member in shown:
        own = [r for r in rows if (r["search"], r["trial"]) == ("mini-moons", member["trial"])]
        for column, metric in (("validation loss", "val_loss"), ("test loss", "test_loss")):
            mean = sum(float(row[metric]) for row in own) / len(own)
            assert float(member[column].split()[0]) == pytest.approx(mean, rel=1e-3)
        assert {row["params"] for row in own} == {member["params"].replace(",", "")}


def test_the_numbers_of_another_method_follow_from_the_rows(report: Path) -> None:
    rows = [row for row in rows_of(report) if not row["trial"] and row["dataset"] == "moons"]
    for method in table(report, "### mini-moons", "| settings |"):
        losses = [float(row["test_loss"]) for row in rows if row["family"] == method["method"]]
        assert float(method["test loss"]) == pytest.approx(sum(losses) / len(losses), rel=1e-3)


def test_the_report_names_its_commands_versions_and_machine(report: Path) -> None:
    text = (report / "report.md").read_text()
    assert f"torch {metadata.version('torch')}" in text
    assert f"{machine.processor_name()}, {machine.processors()} processors" in text
    assert "frontier-search sweep mini.yaml\nfrontier-search report mini --remarks " in text
    assert "seeds.csv.bz2" in text


def test_remarks_stand_where_their_headings_say(report: Path) -> None:
    text = (report / "report.md").read_text()
    assert "### About the verdicts\n\nClaim 1. Why it is open.\n\nTwo seeds.\n" in text
    assert "## How it differs\n\nFrom nothing.\n" in text
    assert "Not in the report" not in text


def test_a_number_that_does_not_repeat_has_its_cause_beside_it(report: Path) -> None:
    (row,) = table(report, "## The published tables, trained again", "| repeats |")
    low, high = (float(end) for end in row["a mean of 5 fresh seeds"].strip("[]").split(","))
    assert (row["repeats"] == "yes") == (low <= float(row["published"]) <= high)
    told = (
        "frontier, moons, kronecker 8: published 0.972, here" in (report / "report.md").read_text()
    )
    assert told == (row["repeats"] == "no")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("## Claim 7\n\nWhy.\n", "what is not in this report: Claim 7."),
        ("## Number: frontier, moons, dense 3\n\nWhy.\n", "Number: frontier, moons, dense 3."),
        ("Why.\n", "has no section"),
    ],
)
def test_remarks_that_fit_nowhere_are_refused(
    report: Path, tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "remarks.md").write_text(text)
    home, out = str(report.parent), str(tmp_path / "out")
    told = ["--remarks", str(tmp_path / "remarks.md"), "--output", out]
    with pytest.raises(SpecError, match=re.escape(words)):
        CliRunner().invoke(group, ["report", "mini", "--home", home, *told], catch_exceptions=False)


def test_a_published_result_is_beside_the_best_model_that_is_no_larger() -> None:
    asked = Search.from_spec({"name": "toy", "dataset": "ellipkinc", "seeds": 2})
    sizes_and_losses = ((100, 4e-6), (300, 1e-6), (396, 9e-6), (397, 1e-12))
    trials = [
        evidence.trial(number, "dense", 4, params, (loss, loss), asked)
        for number, (params, loss) in enumerate(sizes_and_losses)
    ]
    found = rivals([Studied(asked, trials, SearchFolder(Path("home"), "toy"), "")])
    (shown,) = [block for block in found if isinstance(block, Table)]
    by_model = {row[1]: dict(zip(shown.columns[4:], row[4:], strict=True)) for row in shown.rows}
    assert by_model["KAN"]["trial"] == "1"
    assert by_model["KAN"]["beats it"] == "no"  # a root of 1e-3 against 7.8e-5
    assert by_model["MLP"]["trial"] == "3"
    assert by_model["MLP"]["beats it"] == "yes"
