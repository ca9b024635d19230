"""The data behind a report: one row for each trained model at each budget, as compressed CSV."""

from __future__ import annotations

import bz2
import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence

from frontier_search.frontier.baselines import Baseline
from frontier_search.reports.study.claims import Studied
from frontier_search.trial import Trial, TrialState

NAME = "seeds.csv.bz2"
FIXED = ("search", "dataset", "trial", "family", "hyperparameters", "params", "flops", "bytes")
MEASURED = ("val_loss", "test_loss", "val_accuracy", "test_accuracy", "val_latency_ms")
COLUMNS = (*FIXED, "seed", "budget", "epoch", *MEASURED)


def to_csv(studied: Sequence[Studied], methods: Mapping[str, Sequence[Baseline]]) -> str:
    """Returns every trained model of some searches at every budget, a row each.

    The columns are the search, the trial, its family, hyperparameters (as JSON) and size, the seed,
    the budget in epochs, the selected epoch, and the metrics that a report shows, with six digits.
    Times and what the training rows measured are left out: so the same trials give the same file,
    and it stays small. ``trials --format json`` has everything.

    Args:
        methods: other methods by the name of the search. Their rows have no trial, no size, no
            budget and no epoch.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for each in studied:
        named = {"search": each.search.name, "dataset": each.search.dataset}
        for trial in (trial for trial in each.trials if trial.state is TrialState.COMPLETE):
            writer.writerows({**named, **row} for row in _models(trial))
        for method in methods.get(each.search.name, ()):
            writer.writerows({**named, **row} for row in _fits(method))
    return text.getvalue()


def compressed(text: str) -> bytes:
    """Returns the text as a bzip2 file, a quarter smaller than gzip's."""
    return bz2.compress(text.encode())


def _models(trial: Trial) -> Iterator[dict[str, object]]:
    fixed = {
        "trial": trial.number,
        "family": trial.candidate.family,
        "hyperparameters": json.dumps(dict(trial.candidate.hyperparameters)),
        "params": trial.size["effective"],
        "flops": trial.size["flops"],
        "bytes": trial.size["bytes"],
    }
    for seed in trial.seeds:
        for budget in (*sorted(seed.budgets), seed.epochs):
            then = seed.at(budget)
            own = {"seed": seed.seed, "budget": budget, "epoch": then.epoch}
            yield {**fixed, **own, **_digits(then.metrics)}


def _fits(method: Baseline) -> Iterator[dict[str, object]]:
    settings = json.dumps(dict(method.hyperparameters))
    for seed in method.seeds:
        fixed = {"family": method.name, "hyperparameters": settings, "seed": seed.seed}
        yield {**fixed, **_digits(seed.metrics)}


def _digits(metrics: Mapping[str, float]) -> dict[str, object]:
    return {name: f"{value:.6g}" for name, value in metrics.items()}
