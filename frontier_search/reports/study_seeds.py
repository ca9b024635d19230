"""The data behind a report: one row for each trained model, as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence

from frontier_search.reports.study_claims import Studied
from frontier_search.trial import TrialState

NAME = "seeds.csv"
FIXED = ("search", "dataset", "trial", "family", "hyperparameters", "params", "flops", "bytes")


def to_csv(studied: Sequence[Studied]) -> str:
    """Returns every trained model of some searches, a row each.

    The columns are the search, the trial, its family, hyperparameters (as JSON) and size, the seed,
    the selected epoch and every metric, by the names that ``trials --format json`` uses. Times are
    left out, so that the same trials give the same file.
    """
    rows = list(_rows(studied))
    metrics = sorted({name for row in rows for name in row} - {*FIXED, "seed", "epoch"})
    text = io.StringIO()
    writer = csv.DictWriter(text, (*FIXED, "seed", "epoch", *metrics), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _rows(studied: Sequence[Studied]) -> Iterator[dict[str, object]]:
    for each in studied:
        for trial in (trial for trial in each.trials if trial.state is TrialState.COMPLETE):
            values = (
                *(each.search.name, each.search.dataset, trial.number, trial.candidate.family),
                json.dumps(dict(trial.candidate.hyperparameters)),
                *(trial.size[name] for name in ("effective", "flops", "bytes")),
            )
            fixed = dict(zip(FIXED, values, strict=True))
            for seed in trial.seeds:
                metrics = {name: f"{value:.6g}" for name, value in seed.metrics.items()}
                yield {**fixed, "seed": seed.seed, "epoch": seed.epoch, **metrics}
