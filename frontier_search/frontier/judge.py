"""Judges claims by what searches have measured."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frontier_search.frontier.constant import constant_losses
from frontier_search.frontier.evidence import Evidence, gathered
from frontier_search.frontier.interval import LEVEL
from frontier_search.frontier.membership import chances
from frontier_search.frontier.ownership import Ownership, Range, ownership
from frontier_search.frontier.pareto import nondominated
from frontier_search.frontier.verdict import (
    SILENCE,
    Finding,
    Verdict,
    compare,
    corrected,
    judge_median,
    reach,
    together,
)
from frontier_search.objective import OBJECTIVES
from frontier_search.search.claim import DEFAULT_METRIC, MAJORITY, Claim, Part
from frontier_search.search.search import Search
from frontier_search.trial import Candidate, Trial

INF = math.inf
# A candidate with a smaller chance to be on the frontier of a single fresh seed decides nothing.
UNLIKELY = 0.005


@dataclass(frozen=True)
class Answer:
    """The verdict on a claim, and the finding on each of its parts."""

    claim: Claim
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        return together([finding.verdict for finding in self.findings])


class Body:
    """The evidence of many searches, one ``Evidence`` for each dataset and training budget.

    Args:
        searches: each with its trials.
    """

    def __init__(self, searches: Iterable[tuple[Search, Sequence[Trial]]]) -> None:
        self._searches = list(searches)
        self._datasets = {search.dataset: search.find_dataset() for search, _ in self._searches}
        self._constants: dict[tuple[str, tuple[int, ...]], NDArray[np.float64]] = {}
        self._evidence = gathered(self._searches)
        self._at: dict[int, Body] = {}  # number of epochs -> this evidence there

    def at(self, epochs: int) -> Body:
        """Returns what the same searches had found after a number of epochs, where they say so."""
        if epochs not in self._at:
            self._at[epochs] = copy.copy(self)
            self._at[epochs]._evidence = gathered(self._searches, epochs)
        return self._at[epochs]

    def budgets(self, datasets: Iterable[str]) -> tuple[int, ...]:
        """Returns the numbers of epochs at which searches on each of these datasets report, rising.

        Only searches with several budgets count, and only datasets that have such a search.
        """
        wanted, named = set(datasets), dict[str, set[int]]()
        for search, _ in self._searches:
            if search.budgets and search.dataset in wanted:
                named.setdefault(search.dataset, set()).update(search.budgets)
        return tuple(sorted(set.intersection(*named.values()))) if named else ()

    def answers(self, claims: Iterable[Claim], level: float = LEVEL) -> tuple[Answer, ...]:
        """Judges every part of a table of claims, with Holm's correction for all of its parts."""
        listed = list(claims)
        findings = iter(
            corrected([self.judge(part, level) for claim in listed for part in claim.parts])
        )
        return tuple(Answer(claim, tuple(next(findings) for _ in claim.parts)) for claim in listed)

    def judge(self, part: Part, level: float = LEVEL) -> Finding:
        """Judges one part by itself.

        The evidence with the most seeds counts, and of these the one with the most candidates.
        """
        if part.kind == "stronger":
            return self._stronger(part, level)
        judge: Callable[[Part, Evidence, float], Finding] = {
            "reach": _reaches,
            "owner": self._owns,
        }.get(part.kind, _compares)
        judged = [
            (judge(part, evidence, level), len(evidence.candidates))
            for evidence in self._about(part.datasets[0])
        ]
        finding, _ = max(judged, key=lambda pair: (pair[0].n_seeds, pair[1]), default=(SILENCE, 0))
        return finding if finding.n_seeds else SILENCE

    def _about(self, dataset: str) -> list[Evidence]:
        return [
            evidence
            for evidence in self._evidence
            if evidence.dataset == dataset and evidence.candidates
        ]

    def richest(self, dataset: str) -> Evidence | None:
        """Returns the evidence with the most candidates, on the seeds that they share."""
        found = [evidence.common() for evidence in self._about(dataset)]
        return max(
            (each for each in found if each.seeds),
            key=lambda each: len(each.candidates),
            default=None,
        )

    def ownership(self, evidence: Evidence, within: Range) -> Ownership:
        """Returns the families' shares in a range of parameters."""
        return ownership(evidence, self._constant(evidence.dataset, evidence.seeds), within)

    def _constant(self, dataset: str, seeds: tuple[int, ...]) -> NDArray[np.float64]:
        """Returns the constant's losses; kept, so that a dataset's rows are made only once."""
        if (dataset, seeds) not in self._constants:
            self._constants[dataset, seeds] = constant_losses(self._datasets[dataset], seeds)
        return self._constants[dataset, seeds]

    def _owns(self, part: Part, evidence: Evidence, level: float) -> Finding:
        evidence = evidence.among(part.contestants)
        if not _is_contest(evidence, part.subject):
            return SILENCE
        narrowed, rivals = narrow(evidence)
        if not narrowed.seeds:
            return SILENCE
        owners = self.ownership(
            narrowed, Range(part.values.get("from", 1), part.values.get("to", INF))
        )
        shares = owners.samples(part.subject, part.values.get("measure", "volume"))
        return judge_median(
            shares[1:],
            (part.values.get("above", MAJORITY), INF),
            level,
            sources=narrowed.sources,
            candidates=rivals,
            detail=f"{shares[0]:.2f} on mean losses ({owners.n_members} members), "
            f"{owners.by_lots(part.subject):.2f} by lots",
        )

    def _stronger(self, part: Part, level: float) -> Finding:
        limit, differences, used = part.values["to"], [], []
        for dataset in part.datasets:
            evidence = self.richest(dataset)
            evidence = evidence and evidence.among(part.contestants)
            if (
                evidence is None
                or not evidence.candidates
                or float(evidence.params.min()) > limit
                or not _is_contest(evidence, part.subject)
            ):
                continue
            below, above = (
                self.ownership(evidence, within) for within in (Range(high=limit), Range(low=limit))
            )
            differences.append((below.samples(part.subject) - above.samples(part.subject))[1:])
            used.append(evidence)
        if not used:
            return SILENCE
        n_seeds = min(len(evidence.seeds) for evidence in used)
        sources = tuple(dict.fromkeys(source for evidence in used for source in evidence.sources))
        return judge_median(
            np.ma.masked_invalid([seeds[:n_seeds] for seeds in differences])
            .mean(axis=0)
            .filled(math.nan),
            (0.0, INF),
            level,
            sources=sources,
            detail=f"mean over {len(used)} datasets that have such models",
        )


def narrow(evidence: Evidence) -> tuple[Evidence, tuple[Candidate, ...]]:
    """Returns the evidence that decides who owns the frontier, and the candidates that decide it.

    Some candidates may have been trained on more seeds than others. Those decide that were on the
    frontier of a seed, or have a chance to be on that of a fresh one. Without the second kind, the
    families of the first would be favoured on later seeds: two equal rivals would be told apart
    12 % of the time (docs/statistics.md). The result has as many seeds as the deciding candidates
    share, and no candidate that lacks one.
    """
    shared = evidence.common()
    while shared.seeds:
        params = np.repeat(shared.params[:, None], len(shared.seeds), axis=1)
        points = np.stack([shared.values("val_loss"), params], axis=-1)
        member = np.any([nondominated(seed) for seed in points.swapaxes(0, 1)], axis=0)
        likely = np.flatnonzero(member | (chances(points, fresh=1) > UNLIKELY))
        rivals = tuple(shared.candidates[i] for i in likely)
        more = set(evidence.seeds).intersection(*(shared.measured[i].keys() for i in likely))
        if len(more) <= len(shared.seeds):
            return shared, rivals
        shared = evidence.on(more)
    return shared, ()


def _is_contest(evidence: Evidence, families: Iterable[str]) -> bool:
    """Whether both these families and others were trained. Without a rival a share says nothing."""
    own = [candidate.family in set(families) for candidate in evidence.candidates]
    return any(own) and not all(own)


def _compares(part: Part, evidence: Evidence, level: float) -> Finding:
    other = part.values["to" if part.kind == "equal" else "than"]
    margin = part.values.get("within", 0.0)
    metric = part.values.get("metric", DEFAULT_METRIC)
    maximised = OBJECTIVES[metric.partition("_")[2]].direction == "maximise"
    band = (1 - margin, INF) if maximised else (-INF, 1 + margin)
    if part.kind == "equal":
        band = (1 - margin, 1 + margin)
    return compare(evidence.matching(part.subject), evidence.matching(other), metric, band, level)


def _reaches(part: Part, evidence: Evidence, level: float) -> Finding:
    return reach(
        evidence.matching(part.values["by"]),
        part.values["metric"],
        part.subject,
        part.values["within"],
        level,
    )
