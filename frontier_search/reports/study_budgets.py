"""The claims of a study's report at each budget of epochs, and the families' learning rates."""

from __future__ import annotations

from collections.abc import Sequence

from frontier_search.frontier.budgets import Across, across
from frontier_search.frontier.judge import Body
from frontier_search.reports.document import Block, Heading, Paragraph, Table
from frontier_search.reports.study_claims import Studied
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
        ),
    ]


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
        str(claim.answers[epochs].verdict) if epochs in claim.answers else "" for epochs in budgets
    ]
    return str(claim.claim.number), claim.claim.text, *verdicts, claim.words
