"""How a report was made: commands, versions, the machine, and the rows behind each number."""

from __future__ import annotations

import platform
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata

from frontier_search import machine
from frontier_search.reports.blocks import Block, Code, Heading, Paragraph, Table
from frontier_search.reports.study import seeds as study_seeds
from frontier_search.reports.study.claims import Studied

PACKAGES = ("frontier-search", "torch", "optuna", "ray", "numpy", "scipy", "scikit-learn")
ROWS = (
    (
        "a claim, part by part",
        "those of its searches and candidates, of several the best on validation; paired by seed",
    ),
    ("the owners of a dataset", "all rows of the dataset, seed by seed"),
    ("a published table", "those of its search and trial"),
    ("a frontier", "those of the search in the heading and of the trial"),
    ("another method", "those of the search with the method as the family, and no trial"),
)


def making(studied: Sequence[Studied], command: str) -> list[Block]:
    """Returns the section.

    Args:
        command: the one that wrote the report.
    """
    made = [*dict.fromkeys(each.command for each in studied), command]
    return [
        Heading("The commands that made this"),
        Code("\n".join(made)),
        Paragraph(f"{_versions()} {_machine(studied)}"),
        Heading("Where each number comes from"),
        Paragraph(
            f"{study_seeds.NAME}, beside this page, has a row for each trained model, seed and "
            "budget (as pandas.read_csv reads it, or bzcat). The commands above train the same "
            "rows again on the same seeds. A mean, an interval or a share follows from these rows:"
        ),
        Table(("number", "rows"), ROWS, f"The rows of {study_seeds.NAME} behind each number."),
    ]


def _versions() -> str:
    """Returns the day, and the versions that decide the last digits."""
    listed = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    day = datetime.now(UTC).date().isoformat()
    return f"The report was made on {day} with {listed} and Python {platform.python_version()}."


def _machine(studied: Sequence[Studied]) -> str:
    """Returns the machine of the report, whether it trained too, and the seconds of training."""
    system = f"{platform.system()} {platform.machine()}"
    here = f"{machine.processor_name()}, {machine.processors()} processors, {system}"
    outcomes = [trial.outcome for each in studied for trial in each.trials if trial.outcome]
    hosts = {outcome.worker.rpartition(":")[0] for outcome in outcomes}
    trained = "The models were trained on it too"
    if hosts != {socket.gethostname()}:
        trained = f"The models were trained on {len(hosts)} machines"
    seconds = sum(outcome.seconds for outcome in outcomes)
    return (
        f"Its machine: {here}. {trained}, in {seconds:,.0f} seconds of training, each model's "
        "share of the wall-clock time of its stack beside whatever else ran."
    )
