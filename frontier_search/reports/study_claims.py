"""The claims of a study's report, the owners of its frontiers, and the published tables."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.frontier import Spread
from frontier_search.frontier.interval import ENOUGH_SEEDS
from frontier_search.frontier.judge import Answer, Body
from frontier_search.frontier.ownership import LOW_END, WHOLE, Ownership, Range
from frontier_search.frontier.verdict import Finding
from frontier_search.reports import report_figures, words
from frontier_search.reports.document import Block, Figure, Heading, Paragraph, Table
from frontier_search.search.claim import TABLES, Claims
from frontier_search.search.search import Search
from frontier_search.search.sweep import origin
from frontier_search.storage.folder import SearchFolder
from frontier_search.trial import Trial, TrialState

RANGES = (LOW_END, WHOLE)  # of parameters, in which owners are shown
# Owners are shown from this number of candidates on. Fewer candidates are points that somebody
# picked, so their owners say nothing about the families.
CONTEST = 9
FEW_SEEDS = 5  # as many as the published study used
WINNERS = (
    "The winner map: the reservoirs' share, with its interval, of the hypervolume that reservoirs "
    "and dense networks own together."
)


@dataclass(frozen=True)
class Studied:
    """A search of a study.

    Attributes:
        trials: all of its trials.
        folder: where it is on disk.
        command: the command that made it.
    """

    search: Search
    trials: Sequence[Trial]
    folder: SearchFolder
    command: str


# ---- claims ------------------------------------------------------------------------------------


def claims(table: Claims, body: Body, few: Body, level: float) -> list[Block]:
    """Returns the verdict on each claim and the finding on each of its parts.

    Args:
        body: the evidence of all seeds.
        few: the evidence of the first FEW_SEEDS seeds.
        level: of the intervals.
    """
    if not table.claims:
        return []
    answers = [body.answer(claim, level) for claim in table.claims]
    parts = [
        _part(answer.claim.number, part.words(), finding)
        for answer in answers
        for part, finding in zip(answer.claim.parts, answer.findings, strict=True)
    ]
    return [
        Heading("The claims"),
        Paragraph(
            "A claim holds when each of its parts holds, and does not when one does not. "
            "A part holds when the whole interval of its paired difference (or share) lies on the "
            "claimed side. Nothing was tuned: the limits were written down before training."
        ),
        Table(
            ("", "claim", f"with {FEW_SEEDS} seeds", "with all seeds", "seeds"),
            tuple(_verdicts(few.answer(answer.claim), answer) for answer in answers),
            frozenset({4}),
        ),
        Heading("Part by part", 3),
        Table(
            (
                "",
                "statement",
                "verdict",
                "estimate",
                "interval",
                "means",
                "seeds",
                "more to settle",
                "from",
            ),
            tuple(parts),
            frozenset({3, 4, 6, 7}),
        ),
    ]


def _verdicts(few: Answer, answer: Answer) -> tuple[str, ...]:
    """Returns a claim with its verdicts, of few seeds and of all seeds."""
    claim = answer.claim
    seeds = sorted({finding.n_seeds for finding in answer.findings if finding.n_seeds})
    fewest_to_most = " to ".join(dict.fromkeys(map(str, seeds[:1] + seeds[-1:])))
    return str(claim.number), claim.text, str(few.verdict), str(answer.verdict), fewest_to_most


def _part(number: int, sentence: str, finding: Finding) -> tuple[str, ...]:
    sources = ", ".join(name for name in finding.sources if not origin(name)[1])
    interval, estimate = words.interval(finding.interval), words.number(finding.estimate)
    return (
        str(number),
        sentence,
        str(finding.verdict),
        estimate,
        interval,
        finding.detail,
        str(finding.n_seeds or ""),
        _more(finding),
        sources if len(sources) < 80 else "all searches",
    )


def _more(finding: Finding) -> str:
    """Returns how many more seeds would settle a part, in words."""
    if finding.n_seeds == 0:
        return ""
    if finding.more_seeds is None:
        return f"> {ENOUGH_SEEDS:,}"
    return str(finding.more_seeds) if finding.more_seeds else "settled"


# ---- owners ------------------------------------------------------------------------------------


def owners(studied: Sequence[Studied], body: Body, claims: Claims, level: float) -> list[Block]:
    """Returns the shares of the families in each frontier, and the winner map of two groups.

    Args:
        claims: with the groups ``reservoir`` and ``dense``, if there is to be a winner map.
        level: of the intervals.
    """
    contests = {
        name: body.richest(name) for name in dict.fromkeys(each.search.dataset for each in studied)
    }
    owned = {
        dataset: {str(within): _ownership(body, evidence, within) for within in RANGES}
        for dataset, evidence in contests.items()
        if evidence is not None
        and len(evidence.candidates) >= CONTEST
        and len({candidate.family for candidate in evidence.candidates}) > 1
    }
    if not owned:
        return []
    rows = [
        row
        for dataset, ranges in owned.items()
        for within, ownership in ranges.items()
        for row in _shares(dataset, within, ownership, level)
    ]
    found: list[Block] = [
        Heading("Who owns the frontier"),
        Paragraph(
            "A family's share of the hypervolume is its share of the gain over the best constant "
            "prediction, at a parameter budget drawn at random on the logarithmic axis; its share "
            "of members is counted. Members are chosen on validation and valued on test."
        ),
        Table(
            ("dataset", "range", "family", "share of hypervolume", "share of members"),
            tuple(rows),
            frozenset({3, 4}),
        ),
    ]
    if {"reservoir", "dense"} <= set(claims.groups):
        found.append(_winner_map(owned, claims.groups["reservoir"], claims.groups["dense"], level))
    return found


def _winner_map(
    owned: Mapping[str, Mapping[str, Ownership | None]],
    reservoirs: Sequence[str],
    dense: Sequence[str],
    level: float,
) -> Figure:
    shares = {
        dataset: {
            within: ownership.between(reservoirs, dense, level) if ownership else None
            for within, ownership in ranges.items()
        }
        for dataset, ranges in owned.items()
    }
    title = "reservoirs (blue) against dense (red): share of what both own"
    return Figure("winners.png", report_figures.winners(shares, title), WINNERS)


def _shares(
    dataset: str, within: str, ownership: Ownership | None, level: float
) -> list[tuple[str, ...]]:
    """Returns a row for each family that owns something in a range, the largest share first."""
    if ownership is None:
        return [(dataset, within, "no such model", "", "")]
    shares = sorted(
        ((ownership.of([family], level=level), family) for family in ownership.families),
        key=lambda pair: -pair[0].value,
    )
    return [
        (
            dataset,
            within,
            family,
            words.share(share),
            words.share(ownership.of([family], "members", level)),
        )
        for share, family in shares
        if share.value > 0.005 or share.interval.high > 0.05
    ]


def _ownership(body: Body, evidence: Evidence, within: Range) -> Ownership | None:
    """Returns the shares in a range, or None if no model is small enough for it."""
    return None if float(evidence.params.min()) > within.high else body.ownership(evidence, within)


# ---- published numbers -------------------------------------------------------------------------


def published(studied: Sequence[Studied]) -> list[Block]:
    """Returns each row of the published tables beside the values that were measured here.

    Only searches that list their candidates count: they trained exactly the published models.
    """
    rows = [
        _published_row(row, trial, each.search.name)
        for row in csv.DictReader((TABLES / "published.csv").read_text().splitlines())
        for each in studied
        if each.search.dataset == row["dataset"] and each.search.candidates
        for trial in each.trials
        if trial.state is TrialState.COMPLETE
        and trial.candidate.family == row["family"]
        and trial.candidate.hyperparameters["hidden"] == int(row["hidden"])
    ]
    if not rows:
        return []
    columns = (
        "table",
        "dataset",
        "model",
        "params",
        "metric",
        "published",
        f"here, {FEW_SEEDS} seeds",
        "here, all seeds",
        "on test",
        "seeds",
        "search",
    )
    return [
        Heading("The published tables, trained again"),
        Table(columns, tuple(rows), frozenset({3, 5, 6, 7, 8, 9})),
    ]


def _published_row(row: Mapping[str, str], trial: Trial, search: str) -> tuple[str, ...]:
    """Returns a row of the published tables, and what a trial measured for it.

    Args:
        row: of published.csv.
        search: the name of the trial's search.
    """
    metric = "val_loss" if row["metric"] == "val_mse" else row["metric"]
    values = trial.per_seed(metric)
    return (
        row["table"],
        row["dataset"],
        f"{row['family']} {row['hidden']}",
        row["effective_parameters"],
        row["metric"],
        row["value"],
        words.spread(Spread.of(values[:FEW_SEEDS])),
        words.spread(Spread.of(values)),
        words.spread(Spread.of(trial.per_seed(metric.replace("val", "test")))),
        str(len(values)),
        search,
    )
