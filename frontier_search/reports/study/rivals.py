"""Results that other work published on a dataset, beside the best member that is no larger."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence

from frontier_search.frontier.frontier import Spread
from frontier_search.reports import words
from frontier_search.reports.blocks import Block, Heading, Paragraph, Table
from frontier_search.reports.study.claims import Studied
from frontier_search.reports.tables import hyperparameters
from frontier_search.search.claim import TABLES
from frontier_search.trial import Trial, TrialState

COLUMNS = (
    "dataset",
    "published model",
    "params",
    "measure",
    "published",
    "our family",
    "hyperparameters",
    "params",
    "on test",
    "beats it",
    "search",
    "trial",
    "source",
)


def rivals(studied: Sequence[Studied]) -> list[Block]:
    """Returns the section; nothing if nobody published a result on one of the datasets."""
    rows = [
        _row(row, each, best)
        for row in csv.DictReader((TABLES / "rivals.csv").read_text().splitlines())
        for each in studied
        if each.search.dataset == row["dataset"]
        for best in (_best(each.trials, int(row["params"])),)
        if best is not None
    ]
    if not rows:
        return []
    return [
        Heading("Results of other work"),
        Paragraph(
            "Beside each published result stands the member of the frontier with the lowest "
            "validation loss among those with no more parameters, and its mean over seeds on test "
            "rows. For a mean absolute error it is the root mean squared error, which is never "
            "smaller. The published results are of one seed, at the epoch that was best on test "
            "rows where a source says so."
        ),
        Table(
            COLUMNS,
            tuple(rows),
            "Published results, and the best model here with no more parameters: mean ± sample "
            "standard deviation over seeds.",
            frozenset({2, 4, 7, 8, 11}),
        ),
    ]


def _best(trials: Sequence[Trial], params: int) -> Trial | None:
    """Returns the trial with the lowest mean validation loss among those of at most a size."""
    allowed = [
        trial
        for trial in trials
        if trial.state is TrialState.COMPLETE and trial.size["effective"] <= params
    ]
    return min(allowed, key=lambda trial: Spread.of(trial.per_seed("val_loss")).mean, default=None)


def _row(row: Mapping[str, str], studied: Studied, best: Trial) -> tuple[str, ...]:
    published = float(row["value"])
    if row["measure"] == "accuracy":
        here = Spread.of(best.per_seed("test_accuracy"))
        beats = here.mean > published
    else:
        here = Spread.of([math.sqrt(loss) for loss in best.per_seed("test_loss")])
        beats = here.mean < published
    return (
        row["dataset"],
        row["model"],
        f"{int(row['params']):,}",
        row["measure"],
        row["value"],
        best.candidate.family,
        hyperparameters(best),
        f"{best.size['effective']:,}",
        words.spread(here),
        "yes" if beats else "no",
        studied.search.name,
        str(best.number),
        row["source"],
    )
