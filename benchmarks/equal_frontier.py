"""How long this project and stock Ray Tune take to the same hypervolume on digits.

    python benchmarks/equal_frontier.py

First this project's whole command, with its default sampler. Then Ray Tune with OptunaSearch on the
same space, rows, seeds and epochs (``peer_ray_tune.py``), until its trials cover as much, or until
``--limit`` seconds are over; then the ratio is a lower bound. The hypervolume is of log10 loss and
log10 parameters, below the loss of guessing and 100,000 parameters. Each time runs from the start
of the command to the moment at which the trial that reaches the goal is recorded, so that both
include their start-up. It takes under eight minutes.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import workload
from contenders import HERE, NAME, QUIET, console_script

from frontier_search.frontier.pareto import hypervolume

REFERENCE = (math.log10(math.log(10)), 5.0)  # log10 of the loss of guessing, and of parameters
REACHED = "reached.json"  # what the peer writes: for each trial, when it ended and its objectives

Ended = tuple[float, float, float]  # seconds since the epoch, loss, parameters


def volumes(ended: Iterable[Ended]) -> list[tuple[float, float]]:
    """Returns, for each trial in the order of their ends, when it ended and the volume so far."""
    points: list[tuple[float, float]] = []
    found = []
    for at, loss, params in sorted(ended):
        points.append((math.log10(loss), math.log10(params)))
        found.append((at, hypervolume(np.array(points), np.array(REFERENCE))))
    return found


def run(command: Sequence[str], log: Path, limit_s: float) -> float:
    """Runs a command and returns when it began; an exit code other than 0 is an error."""
    began = time.time()
    with log.open("w") as file:
        ended = subprocess.run(
            command,
            env={**os.environ, **QUIET},
            stdout=file,
            stderr=subprocess.STDOUT,
            timeout=limit_s,
        )
    if ended.returncode:
        sys.exit(f"{command[1]} failed:\n{log.read_text()[-3000:]}")
    return began


def ours(folder: Path, trials: int) -> tuple[float, list[Ended]]:
    """Returns when our command began, and its trials."""
    home = folder / "ours"
    settings = ["--sampler", "known_size", "--families-budget", "free"]
    settings += ["--cohort", "8", "--in-flight", "2"]
    settings += ["--trials", str(trials), "--workers", str(workload.WORKERS)]
    where = ["--home", str(home), "--name", NAME]
    search = [console_script(), "run", str(workload.SEARCH_FILE), *settings, *where]
    began = run(search, folder / "ours.log", 600)
    listed = [console_script(), "trials", NAME, "--home", str(home), "--format", "json"]
    printed = subprocess.run(listed, check=True, capture_output=True, text=True).stdout
    complete: list[dict[str, Any]] = [
        trial for trial in json.loads(printed) if trial["state"] == "complete"
    ]
    values = [(trial["finished_at"], trial["objectives"]) for trial in complete]
    return began, [(at, each["loss"], each["params"]) for at, each in values]


def peer(folder: Path, goal: float, limit_s: float) -> tuple[float, list[Ended]]:
    """Returns when the peer's command began, and its trials until it reached the goal."""
    home = folder / "peer"
    home.mkdir()
    command = [sys.executable, str(HERE / "peer_ray_tune.py"), "--trials", "100000"]
    command += ["--home", str(home), "--goal", repr(goal), "--limit", str(limit_s)]
    began = run(command, folder / "peer.log", limit_s + 120)
    return began, [tuple(each) for each in json.loads((home / REACHED).read_text())]


def seconds_to(goal: float, began: float, ended: Iterable[Ended]) -> tuple[float, int] | None:
    """Returns the seconds to a volume, and its trials, or None if it was not reached."""
    curve = volumes(ended)
    first = next((i for i, (_, volume) in enumerate(curve) if volume >= goal), None)
    return None if first is None else (curve[first][0] - began, first + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=96, help="of this project (default: 96)")
    parser.add_argument(
        "--share", type=float, default=0.99, help="of its hypervolume that counts (default: 0.99)"
    )
    parser.add_argument(
        "--limit", type=float, default=360, help="seconds of the peer's search (default: 360)"
    )
    given = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="equal-") as name:
        folder = Path(name)
        began, ended = ours(folder, given.trials)
        goal = given.share * volumes(ended)[-1][1]
        here = seconds_to(goal, began, ended)
        assert here is not None
        print(f"frontier-search: {here[0]:.1f} s, {here[1]} complete trials", flush=True)
        began, theirs = peer(folder, goal, given.limit)
    there = seconds_to(goal, began, theirs)
    if there is not None:
        print(f"Ray Tune + OptunaSearch: {there[0]:.1f} s, {there[1]} trials")
        print(f"times as fast: {there[0] / here[0]:.3g}")
    else:
        curve = volumes(theirs)
        share = given.share * (curve[-1][1] if curve else 0.0) / goal
        print(
            f"Ray Tune + OptunaSearch: not within {given.limit:.0f} s; {len(theirs)} trials cover "
            f"{share:.3f} of our hypervolume, where {given.share} is needed"
        )
        print(f"times as fast: at least {given.limit / here[0]:.3g}")
    print(f"Load before: {load:.1f} on {os.cpu_count()} CPUs.")


if __name__ == "__main__":
    main()
