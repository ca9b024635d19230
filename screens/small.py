"""A small search and a small study: enough for every kind of block that a screen can show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FRONTIER_SEARCH = Path(sys.executable).with_name("frontier-search")
SEARCH = ("--dataset", "iris", "--seeds", "3", "--trials", "24", "--name", "small")
PANELS = ("--dataset", "iris", "--seeds", "3", "--trials", "24", "--name", "panels",
          "--objectives", "loss,params,flops")  # fmt: skip
QUICK = ("--executor", "inline", "--no-mirror")
STUDY = """\
name: study
claims: CLAIMS
defaults:
  seeds: 9
  epochs: 30
  candidates: grid
  families:
    dense: {hidden: &widths {choice: [1, 2, 4, 8]}, learning_rate: 0.01}
    no_recurrence: {hidden: *widths, learning_rate: 0.01}
    kronecker: {hidden: &powers {choice: [2, 4, 8]}, learning_rate: 0.01, steps: 3,
      spectral_radius: 0.9, graph_noise: 0.0}
    random_sparse: {hidden: *powers, learning_rate: 0.01, steps: 3,
      spectral_radius: 0.9, graph_noise: 0.0}
searches: [moons, sine, circles]
"""
CLAIMS = """\
groups: {reservoir: [kronecker, random_sparse], dense: [dense]}
claims:
- claim: a Kronecker reservoir of eight units beats a dense network of eight units, wherever trained
  parts:
  - {dataset: [moons, sine], better: {family: kronecker, hidden: 8},
     than: {family: dense, hidden: 8}}
- claim: reservoirs own the low end
  parts:
  - {dataset: [moons, sine], owner: reservoir, to: 100}
- claim: dense is no worse than without recurrence
  parts:
  - {dataset: sine, no_worse: {family: dense, hidden: 8}, than: {family: no_recurrence, hidden: 8},
     within: 0.1}
"""


def call(home: Path, *arguments: str) -> None:
    """Runs a command in a home.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = [str(FRONTIER_SEARCH), *arguments, "--home", str(home)]
    subprocess.run(command, check=True, capture_output=True, text=True)


def make_study(home: Path) -> Path:
    """Runs the study and returns its report, a page."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "claims.yaml").write_text(CLAIMS)
    (home / "study.yaml").write_text(STUDY.replace("CLAIMS", str(home / "claims.yaml")))
    call(home, "sweep", str(home / "study.yaml"), *QUICK)
    call(home, "report", "study", "--output", str(home / "report"))
    return home / "report" / "report.html"
