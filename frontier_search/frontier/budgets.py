"""A claim at each budget of epochs: at all, at some, or at no budget.

A verdict after one number of epochs depends on which family trains faster. So every part is judged
after each number of epochs. At each of them a family is represented by the candidate, and so by the
learning rate, that was best on validation there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from frontier_search.frontier.interval import LEVEL
from frontier_search.frontier.judge import Answer, Body
from frontier_search.frontier.verdict import Verdict, corrected
from frontier_search.search.claim import Claim


@dataclass(frozen=True)
class Across:
    """A claim, and its answer at each budget.

    Attributes:
        answers: number of epochs -> the answer after so many, rising.
    """

    claim: Claim
    answers: Mapping[int, Answer]

    @property
    def words(self) -> str:
        """Where the claim holds, in words."""
        return scope({epochs: answer.verdict for epochs, answer in self.answers.items()})


def across(body: Body, claims: Iterable[Claim], level: float = LEVEL) -> tuple[Across, ...]:
    """Judges every claim at each budget that the searches on its datasets share.

    Holm's correction is for all parts at all budgets together: "at some budgets" is a union, so
    with a verdict at each budget by itself it would be said too often.

    Returns:
        the claims that have a budget.
    """
    listed = [
        (claim, body.budgets(dataset for part in claim.parts for dataset in part.datasets))
        for claim in claims
    ]
    asked = [
        (epochs, part) for claim, budgets in listed for epochs in budgets for part in claim.parts
    ]
    findings = iter(corrected([body.at(epochs).judge(part, level) for epochs, part in asked]))
    return tuple(
        Across(
            claim,
            {
                epochs: Answer(claim, tuple(next(findings) for _ in claim.parts))
                for epochs in budgets
            },
        )
        for claim, budgets in listed
        if budgets
    )


def scope(verdicts: Mapping[int, Verdict]) -> str:
    """Returns whether a claim holds at all, at some or at no budget, in words.

    "At no budget" needs a verdict against it at each one: budgets that decide nothing are named.

    Args:
        verdicts: number of epochs -> the verdict there, rising.
    """
    by_verdict = {
        verdict: [epochs for epochs, found in verdicts.items() if found is verdict]
        for verdict in Verdict
    }
    holds, fails = by_verdict[Verdict.HOLDS], by_verdict[Verdict.FAILS]
    if len(by_verdict[Verdict.SILENT]) == len(verdicts):
        return str(Verdict.SILENT)
    if len(holds) == len(verdicts):
        return "at all budgets"
    if len(fails) == len(verdicts):
        return "at no budget"
    undecided = [epochs for epochs in verdicts if epochs not in (*holds, *fails)]
    parts = [
        f"{words} {', '.join(map(str, epochs))}"
        for words, epochs in (
            ("at some budgets:", holds),
            ("not at", fails),
            ("undecided at", undecided),
        )
        if epochs
    ]
    return "; ".join(parts)
