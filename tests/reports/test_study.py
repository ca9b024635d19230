"""The report on a study: one page that needs no network, and the same in Markdown."""

from __future__ import annotations

import base64
import csv
import json
import re
from contextlib import nullcontext
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from frontier_search import runner
from frontier_search.cli.main import group
from frontier_search.search.sweep import Sweep
from frontier_search.storage import sweep_catalog

WIDTHS = {"choice": [2, 4, 8, 16, 32]}
DENSE = {"hidden": WIDTHS, "learning_rate": 0.01}
KRONECKER = DENSE | {"steps": 2, "spectral_radius": 0.9, "graph_noise": 0.0}
SPEC: dict[str, Any] = {
    "name": "mini",
    "defaults": {
        "seeds": 2,
        "epochs": 2,
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


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the report on a sweep of two searches, with a table of claims."""
    home = tmp_path_factory.mktemp("study")
    (home / "claims.yaml").write_text(CLAIMS)
    sweep = Sweep.from_spec(SPEC | {"claims": str(home / "claims.yaml")})
    runner.sweep(sweep_catalog.define(sweep, home), "inline", None, lambda _: nullcontext(()))
    ran = CliRunner().invoke(
        group, ["report", "mini", "--home", str(home), "--output", str(home / "out")]
    )
    assert ran.exit_code == 0, ran.output
    assert "a reservoir is better" in ran.output
    return home / "out"


def test_the_report_is_one_page_that_needs_no_network(report: Path) -> None:
    page, twin = ((report / name).read_text() for name in ("report.html", "report.md"))
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []
    for words in ("a reservoir is better", "mini-moons", "chance on the frontier", "SVM"):
        assert words in page
        assert words in twin
    pictures = [
        base64.b64decode(data) for data in re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    ]
    named = re.findall(r"\]\((figures/[^)]+)\)", twin)
    assert [(report / name).read_bytes() for name in named] == pictures
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    assert len(pictures) >= 4


def test_the_owners_of_a_frontier_with_enough_candidates_are_shown(report: Path) -> None:
    twin = (report / "report.md").read_text()
    assert "| moons | whole range | kronecker |" in twin
    assert "figures/winners.png" in twin
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


def test_every_trained_model_has_a_row_from_which_the_numbers_follow(report: Path) -> None:
    with (report / "seeds.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * (5 + 5 + 5)  # two seeds of ten candidates on moons, and five on iris
    own = [row for row in rows if row["search"] == "mini-moons" and row["family"] == "dense"]
    widths = [json.loads(row["hyperparameters"])["hidden"] for row in own]
    assert widths == [width for width in WIDTHS["choice"] for _ in range(2)]
    assert {row["seed"] for row in rows} == {"101", "202"}
    assert all(float(row["test_loss"]) > 0 for row in rows)
    text = (report / "report.md").read_text()
    assert "seeds.csv" in text
    assert f"torch {metadata.version('torch')}" in text
