"""The contenders of ``compare.py``: how each is run, and how to find out what it did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import workload
from report import Report, sizes

HERE = Path(__file__).resolve().parent
NAME = "bench"
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
    "PYTHONWARNINGS": "ignore",
}


@dataclass(frozen=True)
class Contender:
    """A command, and how to find out afterwards what it did.

    Attributes:
        title: as the table shows it.
        command: (trials, home folder) -> the command to measure.
        report: home folder -> what it did.
        only_drives: whether the command's own process only drives the search, so that its processor
            time is the driver's.
    """

    title: str
    command: Callable[[int, Path], list[str]]
    report: Callable[[Path], Report]
    only_drives: bool


def peer(title: str, script: str, only_drives: bool) -> Contender:
    def command(trials: int, home: Path) -> list[str]:
        return [sys.executable, str(HERE / script), "--trials", str(trials), "--home", str(home)]

    return Contender(title, command, Report.read, only_drives)


def console_script() -> str:
    return str(Path(sys.executable).with_name("frontier-search"))


def our_command(trials: int, home: Path) -> list[str]:
    # without --workers: one worker takes both CPUs, as by default
    options = {"--home": str(home), "--name": NAME, "--trials": str(trials)}
    return [
        console_script(),
        "run",
        str(workload.SEARCH_FILE),
        *(part for option in options.items() for part in option),
    ]


def our_report(home: Path) -> Report:
    """Reads the finished search, as its user would."""
    command = [console_script(), "trials", NAME, "--home", str(home), "--format", "json"]
    printed = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **QUIET}
    ).stdout
    trials: list[dict[str, Any]] = [
        trial for trial in json.loads(printed) if trial["state"] == "complete"
    ]
    mean_hidden, mean_steps = sizes([trial["hyperparameters"] for trial in trials])
    return Report(
        trials=len(trials),
        begun_at=min(trial["started_at"] for trial in trials),
        finished_at=max(trial["finished_at"] for trial in trials),
        driver_s={},
        training_s=sum(trial["seconds"] for trial in trials),
        best_loss=min(trial["objectives"]["loss"] for trial in trials),
        mean_hidden=mean_hidden,
        mean_steps=mean_steps,
    )


CONTENDERS = {
    "ours": Contender("frontier-search", our_command, our_report, only_drives=False),
    "ray": peer("Ray Tune + OptunaSearch", "peer_ray_tune.py", only_drives=True),
    "optuna": peer("Optuna, 2 processes", "peer_optuna.py", only_drives=False),
}
