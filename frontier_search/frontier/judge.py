"""Judges claims by what searches have measured."""

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
UNLIKELY = 0.025  # a candidate with a smaller chance to be on the frontier decides nothing


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
        n_seeds: uses only the first ``n_seeds``, as if fewer had been trained; None uses all.
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
        """Judges every part of a claim."""
        return Answer(claim, tuple(self.judge(part, level) for part in claim.parts))

    def judge(self, part: Part, level: float = LEVEL) -> Finding:
        """Judges by the evidence with the most seeds, and of these with the most candidates."""
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
    """Returns the evidence that decides who owns the frontier, and the candidates that decide it.

    Some candidates may have been trained on more seeds than others. The result has as many seeds as
    the likely members of the frontier share, without the candidates that lack one of these seeds.
    """
    shared = evidence.common()
    while shared.seeds:
        params = np.repeat(shared.params[:, None], len(shared.seeds), axis=1)
        points = np.stack([shared.values("val_loss"), params], axis=-1)
        likely = np.flatnonzero(chances(points) > UNLIKELY)
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
