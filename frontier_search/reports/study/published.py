"""The published tables of a study's report, and the settings that were fitted to them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from frontier_search.frontier.frontier import Spread
from frontier_search.frontier.interval import LEVEL, Interval, predicted_mean
from frontier_search.reports import words
from frontier_search.reports.blocks import Block, Heading, Paragraph, Table
from frontier_search.reports.study.claims import Studied
from frontier_search.reports.study.remarks import Remarks
from frontier_search.search.claim import TABLES
from frontier_search.search.search import Search
from frontier_search.trial import Trial, TrialState

FEW_SEEDS = 5  # as many as the published study used
RATE = 0.01  # its learning rate
COLUMNS = (
    "table",
    "dataset",
    "model",
    "params",
    "metric",
    "published",
    f"here, {FEW_SEEDS} seeds",
    "here, all seeds",
    f"a mean of {FEW_SEEDS} fresh seeds",
    "repeats",
    "on test",
    "seeds",
    "search",
    "trial",
)
NO_CAUSE = "Nobody has written down a cause."


@dataclass(frozen=True)
class Repeated:
    """A row of the published tables, and the trial of a search that trained the same model.

    Attributes:
        row: of ``published.csv``.
        search: the trial's.
    """

    row: Mapping[str, str]
    trial: Trial
    search: Search

    @property
    def model(self) -> str:
        return f"{self.row['family']} {self.row['hidden']}"

    @property
    def name(self) -> str:
        """What the remarks call it."""
        return f"{self.row['table']}, {self.row['dataset']}, {self.model}"

    @property
    def metric(self) -> str:
        return "val_loss" if self.row["metric"] == "val_mse" else self.row["metric"]

    @property
    def values(self) -> tuple[float, ...]:
        return tuple(self.trial.per_seed(self.metric))

    @property
    def expected(self) -> Interval:
        """Where a mean of as many fresh seeds as the study used would lie."""
        return predicted_mean(self.values, FEW_SEEDS)

    @property
    def repeats(self) -> bool:
        return float(self.row["value"]) in self.expected

    def cells(self) -> tuple[str, ...]:
        on_test = self.trial.per_seed(self.metric.replace("val", "test"))
        return (
            self.row["table"],
            self.row["dataset"],
            self.model,
            self.row["effective_parameters"],
            self.row["metric"],
            self.row["value"],
            words.spread(Spread.of(self.values[:FEW_SEEDS])),
            words.spread(Spread.of(self.values)),
            words.interval(self.expected),
            ("yes" if self.repeats else "no") if self.expected.known else "",
            words.spread(Spread.of(on_test)),
            str(len(self.values)),
            self.search.name,
            str(self.trial.number),
        )


def repeated(studied: Sequence[Studied]) -> list[Repeated]:
    """Returns each row of the published tables with each trial of the same model.

    Only searches that list their candidates and train as many epochs as the dataset says count, and
    only trials at the published rate: they are exactly the published models. Of searches that
    trained a model alike, on the same seeds, the first one counts.
    """
    found: dict[tuple[str, str, tuple[float, ...]], Repeated] = {}
    for row in csv.DictReader((TABLES / "published.csv").read_text().splitlines()):
        for each in studied:
            for trial in each.trials if _is_published(row, each.search) else ():
                if _is_model(row, trial):
                    one = Repeated(row, trial, each.search)
                    found.setdefault((one.name, row["value"], one.values), one)
    return list(found.values())


def _is_published(row: Mapping[str, str], search: Search) -> bool:
    if search.dataset != row["dataset"] or not search.candidates:
        return False
    return search.epochs == search.find_dataset().budget.epochs


def _is_model(row: Mapping[str, str], trial: Trial) -> bool:
    own = trial.candidate
    return (
        trial.state is TrialState.COMPLETE
        and own.family == row["family"]
        and own.hyperparameters["hidden"] == int(row["hidden"])
        and own.hyperparameters["learning_rate"] == RATE
    )


def published(rows: Sequence[Repeated], remarks: Remarks) -> list[Block]:
    """Returns the published tables beside what was measured here, and why numbers differ.

    Args:
        rows: of ``repeated``.
        remarks: the causes, by the name of a row.
    """
    if not rows:
        return []
    missed = [one for one in rows if one.expected.known and not one.repeats]
    judged = sum(one.expected.known for one in rows)
    return [
        Heading("The published tables, trained again"),
        Paragraph(
            f"A published number is a mean over {FEW_SEEDS} seeds. It repeats if it lies where a "
            f"mean of {FEW_SEEDS} fresh seeds is expected, with a chance of {LEVEL:.0%}, from all "
            "of ours (Student's prediction). Of many that are right, one in twenty would still not "
            f"repeat. Here {judged - len(missed)} of {judged} repeat."
        ),
        Table(
            COLUMNS,
            tuple(one.cells() for one in rows),
            f"Published numbers, means of {FEW_SEEDS} seeds, beside the same models trained here. "
            f"Brackets: where a mean of {FEW_SEEDS} fresh seeds is expected.",
            frozenset({3, 5, 6, 7, 8, 10, 11, 13}),
        ),
        *([Heading("Numbers that do not repeat", 3)] if missed else []),
        *(Paragraph(text) for one in missed for text in _why(one, remarks)),
    ]


def _why(one: Repeated, remarks: Remarks) -> list[str]:
    """Returns the paragraphs about a number that does not repeat."""
    first, *rest = remarks.numbers.get(one.name, (NO_CAUSE,))
    here = words.spread(Spread.of(one.values))
    return [f"{one.name}: published {one.row['value']}, here {here}. {first}", *rest]


def fitted(studied: Sequence[Studied]) -> list[Block]:
    """Returns which settings were fitted to published numbers; nothing if none was."""
    datasets = {each.search.dataset for each in studied}
    rows = tuple(
        (row["dataset"], row["fitted"] or "nothing", row["free"])
        for row in csv.DictReader((TABLES / "fitted.csv").read_text().splitlines())
        if row["dataset"] in datasets
    )
    if not rows:
        return []
    return [
        Heading("Settings that were fitted to published numbers"),
        Paragraph(
            "The study's code is not public, and it does not state every setting. These were "
            "tried until losses came near the published ones, for all families alike. So that a "
            "published number repeats is partly their doing, and no evidence that the settings "
            "are those of the study. The rate of 0.01, five steps and a spectral radius of 0.9 "
            "are inside the ranges that the study states."
        ),
        Table(
            ("dataset", "fitted", "chosen by us, as the study says nothing"),
            rows,
            "Which settings of a dataset were tried until published losses came near, and which "
            "were chosen.",
        ),
    ]
