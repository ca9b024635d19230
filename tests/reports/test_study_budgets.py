"""A tiny sweep with several learning rates and budgets, from its YAML form to the report."""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from frontier_search import runner
from frontier_search.cli.main import group
from frontier_search.frontier.evidence import Evidence
from frontier_search.search.search import Search
from frontier_search.search.sweep import Sweep
from frontier_search.storage import catalog, sweep_catalog

SPEC = """
name: budgets
defaults:
  seeds: 3
  budgets: [1, 3]
  learning_rates: [0.003, 0.03]
  candidates: grid
  families:
    dense: {hidden: {choice: [2, 4]}}
    kronecker: {hidden: {choice: [2, 4]}, steps: 2, spectral_radius: 0.9, graph_noise: 0.0}
searches: [iris]
"""
CLAIMS = """
groups: {}
claims:
- claim: dense is better
  parts:
  - {dataset: iris, better: {family: dense, hidden: 4}, than: {family: kronecker, hidden: 4}}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the finished sweep, with its report in ``out``."""
    home = tmp_path_factory.mktemp("budgets")
    (home / "claims.yaml").write_text(CLAIMS)
    sweep = Sweep.from_spec(yaml.safe_load(SPEC) | {"claims": str(home / "claims.yaml")})
    runner.sweep(sweep_catalog.define(sweep, home), "inline", None, lambda _: nullcontext(()))
    out = ["--output", str(home / "out")]
    ran = CliRunner().invoke(group, ["report", "budgets", "--home", str(home), *out])
    assert ran.exit_code == 0, ran.output
    assert ran.output.count("dense is better") == 1
    return home


def test_every_trial_is_recorded_at_every_budget(home: Path) -> None:
    entry = catalog.find("budgets-iris", home)
    trials = catalog.read_trials(entry)
    assert len(trials) == 8
    for trial in trials:
        for seed in trial.seeds:
            assert list(seed.budgets) == [1]
            assert len(seed.val_losses.values()) == 3


def test_the_smaller_budget_is_what_a_search_of_so_many_epochs_finds(home: Path) -> None:
    entry = catalog.find("budgets-iris", home)
    spec = {key: value for key, value in entry.search.to_spec().items() if key != "budgets"}
    short = Search.from_spec(spec | {"name": "short", "epochs": 1})
    runner.run(short, home, "inline")
    found = catalog.find("short", home)
    expected = Evidence.of([(found.search, catalog.read_trials(found))])
    evidence = Evidence.of([(entry.search, catalog.read_trials(entry))], 1)
    assert evidence.candidates == expected.candidates
    for metric in ("val_loss", "test_loss", "test_accuracy"):
        assert (evidence.values(metric) == expected.values(metric)).all()


def test_the_report_has_the_claim_at_each_budget(home: Path) -> None:
    twin = (home / "out" / "report.md").read_text()
    part = twin.partition("## The claims at each budget")[2].partition("\n## ")[0]
    assert "Every family was trained at 2 learning rates on every dataset." in part
    assert "| 1 epochs | 3 epochs | it holds |" in part
    assert re.search(r"\| 1 \| dense is better \| [^|]+ \| [^|]+ \| [^|]+ \|", part)
    assert "| 1, 3 |" in twin  # the epochs of the protocol


def test_the_report_has_the_best_loss_of_each_family_at_each_budget(home: Path) -> None:
    entry = catalog.find("budgets-iris", home)
    trials = [t for t in catalog.read_trials(entry) if t.candidate.family == "dense"]
    evidence = Evidence.of([(entry.search, trials)], 1)
    loss = evidence.values("test_loss")[evidence.best()].mean()
    rate = evidence.candidates[evidence.best()].hyperparameters["learning_rate"]
    twin = (home / "out" / "report.md").read_text()
    assert f"| iris | dense | {loss:.4g} (at {rate:g}) |" in twin


def test_the_report_has_a_frontier_at_equal_flops(home: Path) -> None:
    twin = (home / "out" / "report.md").read_text()
    assert "figures/budgets-iris-flops.png" in twin
    rows = twin.partition("| also at equal params |")[2].partition("\n\n")[0].splitlines()[2:]
    flops = [int(row.split("|")[4].replace(",", "")) for row in rows]
    losses = [float(row.split("|")[6].split()[0]) for row in rows]
    assert flops == sorted(flops)
    assert losses == sorted(losses, reverse=True)


def test_the_curves_are_shown_only_if_asked_for(home: Path) -> None:
    command = ["trials", "budgets-iris", "--home", str(home), "--format", "json"]
    plain, curved = (
        CliRunner().invoke(group, [*command, *more]).output for more in ([], ["--curves"])
    )
    assert "val_losses" not in plain
    assert curved.count("val_losses") == 24
    assert curved.count("train_losses") == curved.count('"trial"')
    assert plain.count('"budgets"') == 24
