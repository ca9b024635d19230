"""A study's report at each budget of epochs: claims, learning rates, what each family reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from frontier_search.frontier.budgets import Across, across
from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.judge import Body
from frontier_search.reports import words
from frontier_search.reports.blocks import Block, Heading, Paragraph, Table
from frontier_search.reports.study.claims import Studied
from frontier_search.search.claim import Claims


def claims(table: Claims, studied: Sequence[Studied], body: Body, level: float) -> list[Block]:
    """Returns the verdict on each claim at each budget; nothing if no search has budgets.

    Args:
        body: the evidence.
        level: of the verdicts.
    """
    found = across(body, table.claims, level)
    if not found:
        return []
    budgets = sorted({epochs for claim in found for epochs in claim.answers})
    return [
        Heading("The claims at each budget"),
        Paragraph(
            "A verdict after one number of epochs depends on which family trains faster. So every "
            "claim is judged after each of these numbers of epochs: a model that is reported after "
            "B epochs is, to the last digit, that of a training of B epochs. At each budget a "
            "family is represented by the candidate that is best on validation there. Holm's "
            "correction is for all parts at all budgets, so a verdict may be open here that the "
            "table above, for the largest budget only, gives."
        ),
        Paragraph(rates(studied)),
        Table(
            ("", "claim", *(f"{epochs} epochs" for epochs in budgets), "it holds"),
            tuple(_row(claim, budgets) for claim in found),
            "The verdict on each claim after each number of epochs, corrected for all parts at all "
            "of them.",
        ),
    ]


def reached(studied: Sequence[Studied], body: Body) -> list[Block]:
    """Returns the test loss of each family at each budget; nothing if no search has budgets."""
    losses: dict[tuple[str, str], dict[int, str]] = {}
    for dataset in dict.fromkeys(each.search.dataset for each in studied):
        for epochs in body.budgets([dataset]):
            for family, loss in _family_losses(body.at(epochs).richest(dataset)):
                losses.setdefault((dataset, family), {})[epochs] = loss
    if not losses:
        return []
    budgets = sorted({epochs for row in losses.values() for epochs in row})
    return [
        Heading("What each family reaches at each budget"),
        Paragraph(
            "The mean test loss of the family's best candidate of any size, chosen on validation "
            "at that budget, and its learning rate."
        ),
        Table(
            ("dataset", "family", *(f"{epochs} epochs" for epochs in budgets)),
            tuple(
                (dataset, family, *(row.get(epochs, "") for epochs in budgets))
                for (dataset, family), row in losses.items()
            ),
            "The mean test loss of each family's best candidate of any size, and its learning "
            "rate, after each number of epochs.",
            frozenset(range(2, 2 + len(budgets))),
        ),
    ]


def _family_losses(evidence: Evidence | None) -> Iterator[tuple[str, str]]:
    """Yields each family with the mean test loss and the learning rate of its best candidate."""
    if evidence is None:
        return
    for family in dict.fromkeys(candidate.family for candidate in evidence.candidates):
        own = evidence.matching({"family": family})
        best = own.best()
        loss = float(own.values("test_loss")[best].mean())
        rate = own.candidates[best].hyperparameters["learning_rate"]
        yield family, f"{words.number(loss)} (at {rate:g})"


def rates(studied: Sequence[Studied]) -> str:
    """Returns whether the families were trained at equally many learning rates, in words."""
    tried: dict[str, set[int]] = {}
    for each in studied:
        if not each.search.budgets:
            continue
        found: dict[str, set[object]] = {}
        for trial in each.trials:
            own = trial.candidate.hyperparameters
            found.setdefault(trial.candidate.family, set()).add(own["learning_rate"])
        for family, values in found.items():
            tried.setdefault(family, set()).add(len(values))
    numbers = {n for counts in tried.values() for n in counts}
    if len(numbers) == 1:
        (n,) = numbers
        return (
            f"Every family was trained at {n} learning rates on every dataset."
            if n > 1
            else "Every family was trained at one learning rate, which suits some families best."
        )
    listed = ", ".join(
        f"{family} {' or '.join(map(str, sorted(counts)))}" for family, counts in tried.items()
    )
    return (
        f"The families were not trained at equally many learning rates ({listed}), which favours "
        "those with more."
    )


def _row(claim: Across, budgets: Sequence[int]) -> tuple[str, ...]:
    verdicts = [
        words.verdict(claim.answers[epochs].verdict) if epochs in claim.answers else ""
        for epochs in budgets
    ]
    return str(claim.claim.number), claim.claim.text, *verdicts, claim.words
