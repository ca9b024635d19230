"""Compares small networks with scikit-learn's models on ten real tables.

    python benchmarks/tables.py [--trials N] [--epochs N] [TABLE ...]

Each table is searched on five seeds, and the smallest member of the frontier within one standard
error of the best is taken: by validation rows, as the settings of the other models are. Then all of
them are measured on the same test rows. A loss is a mean over seeds ± its standard error.

    linear             logistic or ridge regression, with the penalty that validation chose
    boosting           gradient boosting of trees, with the settings that validation chose
    against linear     the mean difference of test losses over seeds, and its 95 % interval: the
                       network beats it below 0, and equals it where the interval holds 0

Sizes are learned scalars: of boosting at most two for each split and one for each leaf. The rows
of some tables are in packages: pip install "frontier-search[panel]".
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from frontier_search import Dataset, Frontier, Search, Spread, Trial, run
from frontier_search.frontier.baselines import Baseline, measure_baselines
from frontier_search.frontier.interval import student

TABLES = (
    "breast_cancer", "diabetes", "airfoil", "yacht", "weather_ankara", "fish_toxicity", "pima",
    "ionosphere", "vowel", "dermatology",
)  # fmt: skip
METHODS = ("ridge", "boosting")
FAMILIES = ("linear", "dense", "dense_skip", "no_recurrence", "kronecker")


def chosen(frontier: Frontier) -> Trial:
    """Returns the smallest member within one standard error of the best validation loss."""
    spreads = {member.number: Spread.of(member.per_seed("val_loss")) for member in frontier.members}
    best = min(spreads.values(), key=lambda spread: spread.mean)
    limit = best.mean + best.std / math.sqrt(best.n)
    return next(member for member in frontier.members if spreads[member.number].mean <= limit)


def shown(values: Sequence[float]) -> str:
    spread = Spread.of(values)
    return f"{spread.mean:.3f} ± {spread.std / math.sqrt(spread.n):.3f}"


def row(table: str, trials: int, epochs: int, home: Path) -> str:
    """Returns the line of a table."""
    spec = {"name": table, "dataset": table, "families": list(FAMILIES), "trials": trials}
    search = Search.from_spec(spec | {"epochs": epochs})
    member = chosen(run(search, home, "inline"))
    dataset = search.find_dataset()
    found = {each.name: each for each in measure_baselines(dataset, search.seeds, METHODS)}
    own, linear = member.per_seed("test_loss"), losses(found["ridge"])
    difference = student(np.subtract(own, linear))
    verdict = "beats" if difference.high < 0 else "loses" if difference.low > 0 else "equals"
    interval = f"{difference.low:+.3f} to {difference.high:+.3f}"
    n_linear = (dataset.n_features + 1) * dataset.n_outputs
    cells = [
        table,
        member.candidate.family,
        f"{member.size['effective']:,}",
        shown(own),
        f"{n_linear:,}",
        shown(linear),
        f"{boosted_size(dataset, found['boosting']):,}",
        shown(losses(found["boosting"])),
        f"{verdict} ({np.subtract(own, linear).mean():+.3f}, {interval})",
    ]
    return f"| {' | '.join(cells)} |"


def boosted_size(dataset: Dataset, boosting: Baseline) -> int:
    trees = int(boosting.hyperparameters["rounds"])
    trees *= dataset.n_outputs if dataset.task == "multiclass" else 1
    return trees * (3 * int(boosting.hyperparameters["leaves"]) - 2)


def losses(baseline: Baseline) -> list[float]:
    return [seed.metrics["test_loss"] for seed in baseline.seeds]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tables", nargs="*", default=TABLES)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=100)
    given = parser.parse_args()
    head = ("table", "network", "size", "test loss", "linear: size", "test loss")
    head += ("boosting: size", "test loss", "against linear")
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}", flush=True)
    with tempfile.TemporaryDirectory() as home:
        for table in given.tables:
            print(row(table, given.trials, given.epochs, Path(home)), flush=True)


if __name__ == "__main__":
    main()
