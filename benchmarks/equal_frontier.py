"""How long this project and stock Ray Tune take to the same hypervolume on digits.

    python benchmarks/equal_frontier.py [--repetitions 3]

First this project's whole command, with its default sampler, cohorts and races. Then Ray Tune with
OptunaSearch on the same space, rows, seeds and epochs (``peer_ray_tune.py``), until its trials
cover as much, or until ``--limit`` seconds are over; then the ratio is a lower bound. The
hypervolume is of log10 loss and log10 parameters, below the loss of guessing and 100,000
parameters. The goals are shares of what all our trials cover: a low one measures little but the
start of both commands, and a high one what each sampler knows. Each time runs from the start of the
command to the moment at which the trial that reaches the goal is recorded, so that both include
their start-up. Both have two CPUs. Each repetition has other seeds of both samplers. It takes up to
``--limit`` seconds and half a minute.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import workload
from compare import two_cpus
from contenders import HERE, NAME, QUIET, console_script

from frontier_search.frontier.pareto import hypervolume
from frontier_search.search.proposing import MARGIN
from frontier_search.search.reading import COHORT, IN_FLIGHT

REFERENCE = (math.log10(math.log(10)), 5.0)  # log10 of the loss of guessing, and of parameters
SHARES = (0.9, 0.95, 0.98, 0.99)  # of what all our trials cover: the goals
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


def ours(folder: Path, trials: int, seed: int) -> tuple[float, list[Ended]]:
    """Returns when our command began, and its trials."""
    home = folder / "ours"
    settings = ["--sampler", "known_size", "--families-budget", "free"]
    settings += ["--cohort", str(COHORT), "--in-flight", str(IN_FLIGHT), "--race", str(MARGIN)]
    settings += ["--trials", str(trials), "--seed", str(seed)]
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


def peer(folder: Path, goal: float, limit_s: float, seed: int) -> tuple[float, list[Ended]]:
    """Returns when the peer's command began, and its trials until it reached the goal."""
    home = folder / "peer"
    home.mkdir()
    command = [
        sys.executable,
        str(HERE / "peer_ray_tune.py"),
        "--trials",
        "100000",
        "--seed",
        str(seed),
    ]
    command += ["--home", str(home), "--goal", repr(goal), "--limit", str(limit_s)]
    began = run(command, folder / "peer.log", limit_s + 120)
    return began, [tuple(each) for each in json.loads((home / REACHED).read_text())]


def reached(goal: float, began: float, ended: Iterable[Ended]) -> tuple[float, int] | None:
    """Returns the seconds to a volume, and the trials, or None if it was not reached."""
    curve = volumes(ended)
    first = next((i for i, (_, volume) in enumerate(curve) if volume >= goal), None)
    return None if first is None else (curve[first][0] - began, first + 1)


def compared(trials: int, limit_s: float, seed: int) -> dict[float, tuple[float, bool]]:
    """Runs both commands once and prints what each goal took.

    Returns:
        for each share, how many times as fast ours is, and whether the peer reached the goal; if
        not, the ratio is a lower bound.
    """
    with tempfile.TemporaryDirectory(prefix="equal-") as name:
        folder = Path(name)
        began, ended = ours(folder, trials, seed)
        whole = volumes(ended)[-1][1]
        peer_began, theirs = peer(folder, SHARES[-1] * whole, limit_s, seed)
    covered = volumes(theirs)[-1][1] / whole if theirs else 0.0
    print(f"seed {seed}: Ray Tune covers {covered:.3f} of what {trials} trials of ours cover")
    ratios = {}
    for share in SHARES:
        here = reached(share * whole, began, ended)
        there = reached(share * whole, peer_began, theirs)
        assert here is not None
        ratios[share] = (there[0] if there else limit_s) / here[0], there is not None
        peers = f"{there[0]:.1f} s and {there[1]} trials" if there else f"over {limit_s:.0f} s"
        print(
            f"  {share}: ours {here[0]:.1f} s and {here[1]} trials, Ray Tune {peers}: "
            f"{_times(*ratios[share])}",
            flush=True,
        )
    return ratios


def _times(ratio: float, is_reached: bool) -> str:
    return f"{'' if is_reached else 'at least '}{ratio:.3g} times as fast"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=200, help="of this project (default: 200)")
    parser.add_argument("--repetitions", type=int, default=1, help="with other seeds (default: 1)")
    parser.add_argument(
        "--limit", type=float, default=600, help="seconds of the peer's search (default: 600)"
    )
    given = parser.parse_args()
    two_cpus()
    load = os.getloadavg()[0]
    found = [compared(given.trials, given.limit, seed) for seed in range(given.repetitions)]
    for share in SHARES:
        ratio = statistics.median(each[share][0] for each in found)
        print(f"{share}: {_times(ratio, all(each[share][1] for each in found))}, median")
    print(f"Load before: {load:.1f} on {os.cpu_count()} CPUs.")


if __name__ == "__main__":
    main()
