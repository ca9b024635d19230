"""Judging claims by what searches have measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frontier_search.frontier.constant import constant_losses
from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.interval import LEVEL
from frontier_search.frontier.membership import chances
from frontier_search.frontier.ownership import Ownership, Range, ownership
from frontier_search.frontier.verdict import (
    SILENCE,
    Finding,
    Verdict,
    compare,
    exceed,
    reach,
    together,
)
from frontier_search.objective import OBJECTIVES
from frontier_search.search.claim import DEFAULT_METRIC, MAJORITY, Claim, Part
from frontier_search.search.search import Search
from frontier_search.trial import Candidate, Trial

INF = math.inf
UNLIKELY = 0.025  # a candidate that is on the frontier less often than that decides nothing


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
        n_seeds: the first seeds alone, for a look at what fewer would have told; all when None.
    """

    def __init__(
        self, searches: Iterable[tuple[Search, Sequence[Trial]]], n_seeds: int | None = None
    ) -> None:
        grouped: dict[tuple[object, ...], list[tuple[Search, Sequence[Trial]]]] = {}
        for search, trials in searches:
            grouped.setdefault((search.dataset, search.dataset_sha256, search.budget), []).append(
                (search, trials)
            )
        self._datasets = {
            search.dataset: search.find_dataset()
            for group in grouped.values()
            for search, _ in group[:1]
        }
        self._constants: dict[tuple[str, tuple[int, ...]], NDArray[np.float64]] = {}
        found = [Evidence.of(group) for group in grouped.values()]
        self._evidence = [evidence.first(n_seeds) if n_seeds else evidence for evidence in found]

    def answer(self, claim: Claim, level: float = LEVEL) -> Answer:
        return Answer(claim, tuple(self.judge(part, level) for part in claim.parts))

    def judge(self, part: Part, level: float = LEVEL) -> Finding:
        """What the evidence with the most seeds says, and of as many seeds that with the most candidates."""
        if part.kind == "stronger":
            return self._stronger(part, level)
        judge: Callable[[Part, Evidence, float], Finding] = {
            "reach": _reaches,
            "owner": self._owns,
        }.get(part.kind, _compares)
        findings = [
            (judge(part, evidence, level), evidence) for evidence in self.on(part.datasets[0])
        ]
        speaking = [
            (finding.n_seeds, len(evidence.candidates), i)
            for i, (finding, evidence) in enumerate(findings)
            if finding.n_seeds
        ]
        return (
            findings[max(speaking, key=lambda found: (found[0], found[1], -found[2]))[2]][0]
            if speaking
            else SILENCE
        )

    def on(self, dataset: str) -> list[Evidence]:
        return [
            evidence
            for evidence in self._evidence
            if evidence.dataset == dataset and evidence.candidates
        ]

    def richest(self, dataset: str) -> Evidence | None:
        """The evidence with the most candidates, on the seeds that they share."""
        found = [evidence.common() for evidence in self.on(dataset)]
        return max(
            (each for each in found if each.seeds),
            key=lambda each: len(each.candidates),
            default=None,
        )

    def ownership(self, evidence: Evidence, within: Range) -> Ownership:
        return ownership(evidence, self._constant(evidence.dataset, evidence.seeds), within)

    def _constant(self, dataset: str, seeds: tuple[int, ...]) -> NDArray[np.float64]:
        """The rows of a dataset are made once, however many ranges and claims ask for them."""
        if (dataset, seeds) not in self._constants:
            self._constants[dataset, seeds] = constant_losses(self._datasets[dataset], seeds)
        return self._constants[dataset, seeds]

    def _owns(self, part: Part, evidence: Evidence, level: float) -> Finding:
        if not _is_contest(evidence, part.subject):
            return SILENCE
        narrowed, rivals = narrow(evidence)
        if not narrowed.seeds:
            return SILENCE
        owners = self.ownership(
            narrowed, Range(part.values.get("from", 1), part.values.get("to", INF))
        )
        shares = owners.samples(part.subject, part.values.get("measure", "volume"))
        detail = f"{owners.n_members} members in the range"
        limit = part.values.get("above", MAJORITY)
        return exceed(shares, limit, len(narrowed.seeds), narrowed.sources, rivals, detail, level)

    def _stronger(self, part: Part, level: float) -> Finding:
        limit, differences, used = part.values["to"], [], []
        for dataset in part.datasets:
            evidence = self.richest(dataset)
            if (
                evidence is None
                or float(evidence.params.min()) > limit
                or not _is_contest(evidence, part.subject)
            ):
                continue
            below, above = (
                self.ownership(evidence, within) for within in (Range(high=limit), Range(low=limit))
            )
            differences.append(below.samples(part.subject) - above.samples(part.subject))
            used.append(evidence)
        if not used:
            return SILENCE
        n_seeds = min(len(evidence.seeds) for evidence in used)
        sources = tuple(dict.fromkeys(source for evidence in used for source in evidence.sources))
        detail = f"mean over {len(used)} datasets that have such models"
        return exceed(np.nanmean(differences, axis=0), 0.0, n_seeds, sources, (), detail, level)


def narrow(evidence: Evidence) -> tuple[Evidence, tuple[Candidate, ...]]:
    """The candidates that decide who owns the frontier, on as many seeds as they share, and they themselves.

    Where some were given more seeds than others, those that had no chance before stay behind.
    """
    looked = evidence.common()
    while looked.seeds:
        points = np.stack(
            [
                looked.values("val_loss"),
                np.repeat(looked.params[:, None], len(looked.seeds), axis=1),
            ],
            axis=-1,
        )
        likely = np.flatnonzero(chances(points) > UNLIKELY)
        rivals = tuple(looked.candidates[i] for i in likely)
        more = set(evidence.seeds).intersection(*(looked.measured[i].keys() for i in likely))
        if len(more) <= len(looked.seeds):
            return looked, rivals
        looked = evidence.on(more)
    return looked, ()


def _is_contest(evidence: Evidence, families: Iterable[str]) -> bool:
    """Whether both these families and others were trained: with no rival a share says nothing."""
    own = [candidate.family in set(families) for candidate in evidence.candidates]
    return any(own) and not all(own)


def _compares(part: Part, evidence: Evidence, level: float) -> Finding:
    other = part.values["to" if part.kind == "equal" else "than"]
    margin = part.values.get("within", 0.0)
    band = {"better": (-INF, 0.0), "no_worse": (-INF, margin), "equal": (-margin, margin)}[
        part.kind
    ]
    metric = part.values.get("metric", DEFAULT_METRIC)
    if OBJECTIVES[metric.partition("_")[2]].direction == "maximise":
        band = (-band[1], -band[0])
    return compare(evidence.matching(part.subject), evidence.matching(other), metric, band, level)


def _reaches(part: Part, evidence: Evidence, level: float) -> Finding:
    return reach(
        evidence.matching(part.values["by"]),
        part.values["metric"],
        part.subject,
        part.values["within"],
        level,
    )
