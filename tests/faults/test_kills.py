"""A search that is killed at any moment, any number of times, ends with its twin's trials."""

from __future__ import annotations

import os
import platform
import statistics
from collections import defaultdict
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import pytest

from tests.faults import comparing
from tests.faults.harness import (
    DRIVER,
    GROUP,
    VICTIMS,
    WITH_MIRROR,
    Chain,
    Kill,
    random_chain,
)
from tests.faults.moments import Moment
from tests.faults.searched import HEAD_START, SPEC, Searched, twin
from tests.support.processes import ROOT

# executor -> the least number of kills, and the most kills of one search
PLAN = {"inline": (70, 7), "ray_tune": (32, 5), HEAD_START: (32, 5)}
REPORT = ROOT / "docs" / "reliability-kills.md"
COUNTS = ("lost", "repeated", "stuck", "disagreements")
HEADER = ("executor", "phase", "kills", "of a resume", "kept", *COUNTS)


def show(kills: Sequence[Kill]) -> None:
    for kill in kills:
        print(kill, flush=True)  # noqa: T201
    assert all(kill.good for kill in kills), "\n".join(map(str, kills))


def test_a_search_killed_in_every_phase_ends_as_its_twin(tmp_path: Path) -> None:
    chain = Chain(Searched(tmp_path, "inline", database=comparing.empty_database()), 0, twin())
    assert chain.kill(Moment(None, seconds=0.7), GROUP)
    assert chain.kill(Moment("ask", 2), WITH_MIRROR)
    assert chain.kill(Moment("training", 2, seconds=0.01), GROUP)
    assert chain.kill(Moment("outcome", 1), WITH_MIRROR)
    show(chain.finish())
    assert chain.kills[0].phase == "start-up"


def test_a_search_on_ray_killed_in_training_ends_as_its_twin(tmp_path: Path) -> None:
    chain = Chain(Searched(tmp_path, "ray_tune", mirror=False), 0, twin())
    assert chain.kill(Moment("training", 2), DRIVER)
    show(chain.finish())


def test_a_search_killed_while_its_driver_trains_ends_as_its_twin(tmp_path: Path) -> None:
    """The second session leaves the cohort that the first one began to a worker of Ray."""
    chain = Chain(Searched(tmp_path, HEAD_START, mirror=False), 0, twin())
    assert chain.kill(Moment("training", 2), GROUP)
    show(chain.finish())


@pytest.mark.slow
def test_a_hundred_kills() -> None:
    kills: list[Kill] = []
    for executor, (min_kills, max_kills) in PLAN.items():
        seed = 0
        while sum(kill.executor == executor for kill in kills) < min_kills:
            seed += 1
            with comparing.folder() as home:
                new = random_chain(home, executor, seed, max_kills)
            for kill in new:
                print(kill, flush=True)  # noqa: T201
            kills += new
    REPORT.write_text(report(kills))
    assert len(kills) >= 100
    assert all(kill.good for kill in kills), "\n".join(str(kill) for kill in kills if not kill.good)


def report(kills: Sequence[Kill]) -> str:
    """Returns the table of results, as Markdown."""
    families = ", ".join(SPEC["families"])
    lines = [
        "# The long run of the kill harness",
        "",
        f"Written by `make faults`. The search: {SPEC['dataset']}, {families},",
        f"{SPEC['trials']} trials in cohorts of {SPEC['cohort']}, {SPEC['in_flight']} in flight.",
        "It is killed and resumed several times, and its end is compared with that of a search",
        "that was never interrupted. *Phase* is what the search was doing, by the files on disk.",
        "*Kept* counts the trials that were finished before the kill. `tests/faults/harness.py`",
        "defines *lost*, *repeated*, *stuck* and *disagreements*.",
        "",
        f"| {' | '.join(HEADER)} |",
        "|---" * len(HEADER) + "|",
    ]
    groups: dict[tuple[str, str], list[Kill]] = defaultdict(list)
    for kill in kills:
        groups[kill.executor, kill.phase].append(kill)
    for (executor, phase), rows in sorted(groups.items()):
        lines.append(_row(executor, phase, rows))
    lines += [_row("**all**", "", kills), ""]
    lines += [
        "Killed: "
        + ", ".join(
            f"{victims} {sum(kill.victims == victims for kill in kills)}" for victims in VICTIMS
        )
        + ".",
        "",
    ]
    for executor in PLAN:
        rows = [kill for kill in kills if kill.executor == executor]
        times = [kill.resumed_s for kill in rows if kill.resumed_s is not None]
        seeds = sorted({kill.seed for kill in rows})
        lines.append(
            f"- {executor}: {len(rows)} kills of {len(seeds)} searches, seeds {seeds[0]} to "
            f"{seeds[-1]}. From the command `resume` to the first cohort in training: median "
            f"{statistics.median(times):.1f} s, longest {max(times):.1f} s. To repeat one search: "
            f"`python -m tests.faults.harness {executor} SEED {PLAN[executor][1]}`."
        )
    packages = ("optuna", "ray", "torch", "mlflow")
    versions = ", ".join(
        [f"Python {platform.python_version()}"]
        + [f"{name} {metadata.version(name)}" for name in packages]
    )
    lines += [
        "",
        f"{os.cpu_count()} CPUs, {platform.system()}, {versions}.",
        "",
    ]
    return "\n".join(lines)


def _row(executor: str, phase: str, kills: Sequence[Kill]) -> str:
    sums = [sum(getattr(kill, name) for kill in kills) for name in ("finished", *COUNTS)]
    resumed = sum(kill.session > 0 for kill in kills)
    return f"| {' | '.join(map(str, (executor, phase, len(kills), resumed, *sums)))} |"
