"""The claims of a study's report: the verdicts, and the parts that they follow from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from frontier_search.frontier.judge import Answer
from frontier_search.frontier.settling import CORRECTED, MAX_ROUNDS
from frontier_search.frontier.signs import (
    ENOUGH_SEEDS,
    POWER,
    fewest_seeds,
    share_that_agrees,
)
from frontier_search.frontier.verdict import UNKNOWN, Finding, Verdict, together
from frontier_search.reports import forest as forest_plot
from frontier_search.reports import words
from frontier_search.reports.blocks import Beside, Block, Figure, Heading, Paragraph, Table
from frontier_search.reports.forest import Row
from frontier_search.search.search import Search
from frontier_search.search.sweep import origin
from frontier_search.storage.folder import SearchFolder
from frontier_search.trial import Trial

SHOWN_PARTS = 14  # in one picture, which is then no taller than a page
CLAIM_COLUMNS = ("", "claim", "each part by itself", "corrected verdict", "parts won", "seeds")
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


def forest(answers: Sequence[Answer], level: float) -> Figure:
    """Returns the forest plot of the claims: the seeds that speak for the weakest part of each."""
    rows = [_row(answer, level) for answer in answers]
    caption = (
        "The claims. The sign is at the share of seeds that speak for the claim's weakest part, "
        f"with its exact interval at {level:.4g}; ticks are the other parts. A bar beyond the line "
        f"at one half is a verdict by itself. Blue {words.MARKS[Verdict.HOLDS]}: holds after the "
        f"correction for all parts; red {words.MARKS[Verdict.FAILS]}: does not hold; grey "
        f"{words.MARKS[Verdict.OPEN]}: cannot be told; grey {words.MARKS[Verdict.SILENT]}: some of "
        "its parts have no evidence. Right: on how many of its parts it wins."
    )
    return Figure("claims", forest_plot.claims(rows), caption)


def _row(answer: Answer, level: float) -> Row:
    told = [finding for finding in answer.findings if finding.verdict is not Verdict.SILENT]
    name = f"{answer.claim.number}  {answer.claim.text}"
    if not told:
        return Row(name, "no evidence", answer.verdict, math.nan, UNKNOWN)
    weakest = min(told, key=lambda each: (each.verdict is not Verdict.FAILS, _speaking(each)))
    interval = share_that_agrees(
        round(_speaking(weakest) * weakest.n_seeds), weakest.n_seeds, level
    )
    others = tuple(_speaking(each) for each in told if each is not weakest)
    return Row(name, tally(answer), answer.verdict, _speaking(weakest), interval, others)


def _speaking(finding: Finding) -> float:
    """Returns the share of seeds that speak for a statement."""
    agree = finding.agreeing / finding.n_seeds
    return agree if finding.towards is Verdict.HOLDS else 1 - agree


def tally(answer: Answer) -> str:
    """Returns on how many of its parts a claim holds, and on how many it does not."""
    verdicts = [finding.verdict for finding in answer.findings]
    wins, losses = verdicts.count(Verdict.HOLDS), verdicts.count(Verdict.FAILS)
    return f"{wins} of {len(verdicts)}, loses on {losses}"


def claims(answers: Sequence[Answer], level: float) -> list[Block]:
    """Returns the verdict on each claim and the finding on each of its parts.

    Args:
        answers: the claims with their findings; none where nothing was claimed.
        level: of the intervals and of the verdicts.
    """
    if not answers:
        return []
    parts = [
        _part(answer.claim.number, part.words(), finding)
        for answer in answers
        for part, finding in zip(answer.claim.parts, answer.findings, strict=True)
    ]
    return [
        Heading("The claims"),
        *_how_judged(answers, level),
        Table(
            CLAIM_COLUMNS,
            tuple(_verdicts(answer) for answer in answers),
            "The verdict on each claim: if each part were the only one, and after the correction "
            'for all parts. "2 of 6, loses on 0": two of six parts hold, none does not, and four '
            "cannot be told.",
            frozenset({5}),
        ),
        Heading("Part by part", 3),
        *_ratios(answers, level),
        Paragraph(
            "The estimate of a comparison is the ratio of losses, first / second. The interval is "
            f"that of one part by itself, at {level:.4g}; it is empty where the seeds are too few. "
            '"agree" counts the seeds that speak for the likelier answer, and "p" is that of the '
            "part by itself. Where seeds are evenly split, no number of further ones is given."
        ),
        Table(
            PART_COLUMNS,
            tuple(parts),
            "The finding on each part of each claim, before and after the correction for all of "
            f'them. "More to settle" aims at a power of {POWER:.0%}. {words.MORE_SEEDS}',
            frozenset({3, 4, 6, 7, 8, 9, 10}),
        ),
    ]


def _ratios(answers: Sequence[Answer], level: float) -> list[Block]:
    """Returns the pictures of all parts that compare two losses; nothing without such a part."""
    rows = [
        Row(
            f"{answer.claim.number}  {part.words()}",
            f"{finding.agreeing} of {finding.n_seeds}",
            finding.verdict,
            finding.estimate,
            finding.interval,
            limit=1 + part.values.get("within", 0.0),
        )
        for answer in answers
        for part, finding in zip(answer.claim.parts, answer.findings, strict=True)
        if part.kind in ("better", "no_worse", "equal") and 0 < finding.estimate < math.inf
    ]
    if not rows:
        return []
    caption = (
        "The comparisons of two losses: the median over seeds of the ratio first / second, with "
        f"its exact interval at {level:.4g} where the seeds are enough for one. A short line is "
        "the limit of a part that allows a margin. Colours and signs as in Figure 1. Right: the "
        "seeds that agree."
    )
    again = "Further comparisons, drawn as in the figure before."
    pages = [rows[start : start + SHOWN_PARTS] for start in range(0, len(rows), SHOWN_PARTS)]
    within = forest_plot.span(rows)
    return [
        Beside(
            tuple(
                Figure(f"ratios-{i}", forest_plot.ratios(page, within), again if i else caption)
                for i, page in enumerate(pages)
            )
        )
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
    verdicts = words.verdict(by_itself), words.verdict(answer.verdict)
    return str(claim.number), claim.text, *verdicts, tally(answer), fewest_to_most


def _part(number: int, sentence: str, finding: Finding) -> tuple[str, ...]:
    sources = ", ".join(name for name in finding.sources if not origin(name)[1])
    return (
        str(number),
        sentence,
        words.verdict(finding.verdict),
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
