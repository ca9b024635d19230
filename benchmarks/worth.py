"""Draws where networks are worth it: on ten real tables, beside a line, trees and support vectors.

    python benchmarks/worth.py PICTURE.svg [--trials N] [--epochs N] [TABLE ...]

Each table is searched with all families, balanced, on five seeds. Every kind of model has a
frontier of its own, chosen on validation rows and drawn on test rows, as a share of the constant's
loss. The bar below is black at sizes where the best network is better than the best of all others
of at most that size: the 95 % interval of the paired difference of test losses excludes 0. It is
empty where they are equal, or the others are better. Sizes are learned scalars.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from tables import TABLES

from frontier_search import Search, Trial, TrialState, run
from frontier_search.frontier.constant import constant_losses
from frontier_search.frontier.interval import student
from frontier_search.reports.drawing import MARKERS
from frontier_search.reports.palette import PALETTE
from frontier_search.reports.pictures import page_of_axes, svg
from frontier_search.storage import catalog

NETWORKS = "networks"
KINDS = {
    "linear": ("linear",),
    "trees": ("tree", "boosted_trees"),
    "support vectors": ("svm",),
    NETWORKS: ("dense", "dense_skip", "no_recurrence", "kronecker"),
}
COLUMNS = 5


def frontier(trials: Sequence[Trial], families: Sequence[str]) -> list[Trial]:
    """Returns the best trials of some families by rising size, chosen on validation rows."""
    found: list[Trial] = []
    own = [trial for trial in trials if trial.candidate.family in families]
    for trial in sorted(own, key=lambda trial: (size(trial), trial.objectives["loss"])):
        if not found or trial.objectives["loss"] < found[-1].objectives["loss"]:
            found.append(trial)
    return found


def size(trial: Trial) -> int:
    return trial.size["effective"]


def best(front: Sequence[Trial], limit: int) -> Trial | None:
    return next((trial for trial in reversed(front) if size(trial) <= limit), None)


def ahead(network: Trial | None, other: Trial | None) -> bool:
    """Returns whether a network is better beyond the chance of seeds."""
    if network is None or other is None:
        return False
    pairs = np.subtract(network.per_seed("test_loss"), other.per_seed("test_loss"))
    return student(pairs).high < 0


def draw(axes: Axes, table: str, trials: Sequence[Trial], constant: float) -> str:
    """Draws a table, and returns its line in words."""
    fronts = {kind: frontier(trials, families) for kind, families in KINDS.items()}
    for (kind, front), colour, marker in zip(fronts.items(), PALETTE, MARKERS, strict=False):
        means = [np.mean(trial.per_seed("test_loss")) / constant for trial in front]
        axes.plot(
            [size(trial) for trial in front], means, label=kind, color=colour, marker=marker,
            markersize=3, drawstyle="steps-post", linewidth=1.2,
        )  # fmt: skip
    others = frontier(trials, [name for kind in KINDS if kind != NETWORKS for name in KINDS[kind]])
    sizes = sorted({size(trial) for front in fronts.values() for trial in front})
    pays = [ahead(best(fronts[NETWORKS], limit), best(others, limit)) for limit in sizes]
    bounds = [*sizes, sizes[-1] * 1.3]
    heights, across = 0.04 * np.array(pays), axes.get_xaxis_transform()
    axes.stairs(heights, bounds, fill=True, color="black", transform=across)
    axes.set(xscale="log", yscale="log", title=table)
    axes.tick_params(which="both", labelsize=7)
    reached = [limit for limit, pay in zip(sizes, pays, strict=True) if pay]
    if not reached:
        return f"| {table} | nowhere |"
    if pays[-1]:
        return f"| {table} | from {reached[0]:,} parameters |"
    return f"| {table} | from {reached[0]:,} to {reached[-1]:,} parameters |"


def searched(table: str, trials: int, epochs: int, home: Path) -> tuple[list[Trial], float]:
    """Returns the complete trials of a table, and the constant's test loss."""
    families = [name for names in KINDS.values() for name in names]
    spec = {"name": table, "dataset": table, "families": families, "trials": trials}
    search = Search.from_spec(spec | {"epochs": epochs, "race": "none"})
    run(search, home, "inline")
    found = catalog.read_trials(catalog.find(table, home))
    constant = constant_losses(search.find_dataset(), search.seeds).mean()
    return [each for each in found if each.state is TrialState.COMPLETE], float(constant)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("picture", type=Path)
    parser.add_argument("tables", nargs="*", default=TABLES)
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=100)
    given = parser.parse_args()
    rows = -(-len(given.tables) // COLUMNS)
    figure, panels = page_of_axes(2.4 * COLUMNS, 2.4 * rows + 0.6, rows, COLUMNS)
    flat = [axes for line in panels for axes in line]
    print("| table | networks are worth it |\n|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as home:
        for axes, table in zip(flat, given.tables, strict=False):
            found = searched(table, given.trials, given.epochs, Path(home))
            print(draw(axes, table, *found), flush=True)
    for axes in flat[len(given.tables) :]:
        axes.remove()
    figure.supxlabel("learned parameters")
    figure.supylabel("test loss, share of the constant's")
    figure.legend(*flat[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    given.picture.write_bytes(svg(figure))


if __name__ == "__main__":
    main()
