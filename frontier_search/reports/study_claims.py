"""The claims of a study's report: the verdicts, and the parts that they follow from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from frontier_search.frontier.judge import Answer, Body
from frontier_search.frontier.settling import CORRECTED, MAX_ROUNDS
from frontier_search.frontier.signs import ENOUGH_SEEDS, POWER, fewest_seeds
from frontier_search.frontier.verdict import Finding, Verdict, together
from frontier_search.reports import words
from frontier_search.reports.document import Block, Heading, Paragraph, Table
from frontier_search.search.claim import Claims
from frontier_search.search.search import Search
from frontier_search.search.sweep import origin
from frontier_search.storage.folder import SearchFolder
from frontier_search.trial import Trial

PART_COLUMNS = (
    "",
    "statement",
    "verdict",
    "estimate",
    "interval",
    "means",
    "seeds",
    "agree",
    "p",
    "corrected p",
    "more to settle",
    "from",
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


def claims(table: Claims, body: Body, level: float) -> list[Block]:
    """Returns the verdict on each claim and the finding on each of its parts.

    Args:
        body: the evidence.
        level: of the intervals and of the verdicts.
    """
    if not table.claims:
        return []
    answers = body.answers(table.claims, level)
    parts = [
        _part(answer.claim.number, part.words(), finding)
        for answer in answers
        for part, finding in zip(answer.claim.parts, answer.findings, strict=True)
    ]
    return [
        Heading("The claims"),
        *_how_judged(answers, level),
        Table(
            ("", "claim", "each part by itself", "corrected verdict", "seeds"),
            tuple(_verdicts(answer) for answer in answers),
            frozenset({4}),
        ),
        Heading("Part by part", 3),
        Paragraph(
            "The estimate of a comparison is the ratio of losses, first / second. The interval is "
            f"that of one part by itself, at {level:.4g}; it is empty where the seeds are too few. "
            '"agree" counts the seeds that speak for the likelier answer, and "p" is that of the '
            f'part by itself. "More to settle" has a power of {POWER:.0%} if these seeds are '
            "typical; where they are evenly split it says nothing."
        ),
        Table(PART_COLUMNS, tuple(parts), frozenset({3, 4, 6, 7, 8, 9, 10})),
    ]


def _how_judged(answers: Sequence[Answer], level: float) -> list[Block]:
    """Returns which population value a verdict speaks of, and how it is corrected."""
    findings = [finding for answer in answers for finding in answer.findings]
    judged = max(1, sum(finding.verdict is not Verdict.SILENT for finding in findings))
    error = 1 - level
    rounds = f" in each of {MAX_ROUNDS} rounds of more seeds" if level == CORRECTED else ""
    return [
        Paragraph(
            "A claim holds when each of its parts holds, and does not when one does not. Every "
            "part speaks of the typical seed: of the median over seeds of the ratio of two paired "
            "losses, of a value, or of a share of the frontier. It is judged by the sign test, "
            "which is exact for skewed losses and for bad seeds too."
        ),
        Paragraph(
            f"The verdicts carry Holm's correction for the {judged} parts with evidence: the "
            f"chance that any of them is wrong is at most {error:.3g}{rounds}. So there is no "
            f"verdict from fewer than {fewest_seeds(1 - error / judged)} seeds while all are open. "
            f"One part by itself has none from fewer than {fewest_seeds(level)}. The limits of the "
            "claims were written down before training."
        ),
    ]


def _verdicts(answer: Answer) -> tuple[str, ...]:
    """Returns a claim with its verdicts, before and after the correction."""
    claim = answer.claim
    seeds = sorted({finding.n_seeds for finding in answer.findings if finding.n_seeds})
    fewest_to_most = " to ".join(dict.fromkeys(map(str, seeds[:1] + seeds[-1:])))
    by_itself = together([finding.by_itself for finding in answer.findings])
    return str(claim.number), claim.text, str(by_itself), str(answer.verdict), fewest_to_most


def _part(number: int, sentence: str, finding: Finding) -> tuple[str, ...]:
    sources = ", ".join(name for name in finding.sources if not origin(name)[1])
    return (
        str(number),
        sentence,
        str(finding.verdict),
        words.number(finding.estimate),
        words.interval(finding.interval),
        finding.detail,
        str(finding.n_seeds or ""),
        str(finding.agreeing or ""),
        words.p_value(finding.p),
        words.p_value(finding.corrected),
        _more(finding),
        sources if len(sources) < 80 else "all searches",
    )


def _more(finding: Finding) -> str:
    """Returns how many more seeds would settle a part, in words."""
    if finding.n_seeds == 0:
        return ""
    if 2 * finding.agreeing <= finding.n_seeds:
        return "evenly split"
    if finding.more_seeds is None:
        return f"> {ENOUGH_SEEDS:,}"
    return str(finding.more_seeds) if finding.more_seeds else "settled"
