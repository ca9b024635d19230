"""Proposes the candidates of a search by ``known_size``, from the trials of all families."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution

from frontier_search.errors import SearchError
from frontier_search.sampling.earlier import Earlier
from frontier_search.sampling.encoding import FAMILY, candidate_of, distributions, params_of
from frontier_search.sampling.finished import Finished
from frontier_search.sampling.known_size import KnownSize
from frontier_search.sampling.neighbours import Known
from frontier_search.sampling.proposal import Proposal
from frontier_search.sampling.round import Cost
from frontier_search.sampling.start import EARLY, Start
from frontier_search.space import SearchSpace
from frontier_search.trial import Candidate


class KnownSizeProposer:
    """A ``Proposer``. With balanced families each is proposed for its own front.

    Args:
        spaces: family -> space, in the search's order.
        balanced: whether families take turns.
        seed: the search's seed.
        admits: whether a candidate keeps the known bounds.
        measured: the position of the measured objective.
        known: the values of the other objectives.
        earlier: outcomes of earlier searches, which inform the model.
        start: when the model begins.
        cost: of the training of a candidate, in any unit.
    """

    def __init__(
        self,
        spaces: Mapping[str, SearchSpace],
        balanced: bool,
        seed: int,
        admits: Callable[[Candidate], bool],
        measured: int,
        known: Callable[[Candidate], Known],
        earlier: Sequence[Earlier] = (),
        start: Start = EARLY,
        cost: Cost = lambda candidate: 1.0,
    ) -> None:
        self._families, self._balanced, self._measured = tuple(spaces), balanced, measured
        self._sampler = KnownSize(spaces, known, admits, seed, earlier, start, cost)
        self._candidates: dict[int, Candidate] = {}  # in training, by trial number
        self._finished: dict[int, Finished] = {}
        self._distributions: dict[str, BaseDistribution] = {
            FAMILY: CategoricalDistribution(self._families)
        }
        for family, space in spaces.items():
            self._distributions |= distributions(family, space)

    def propose(self, number: int) -> Proposal:
        """See ``Proposer``."""
        turn = self._families[number % len(self._families)] if self._balanced else ""
        finished = [self._finished[n] for n in sorted(self._finished)]
        in_training = [self._candidates[n] for n in sorted(self._candidates)]
        candidate = self._sampler.propose(turn, finished, in_training)
        if candidate is None:
            raise SearchError(
                f"no candidate of {turn or 'any family'} within the required bounds was found; "
                "widen them."
            )
        self._candidates[number] = candidate
        params = params_of(candidate)
        own = {name: self._distributions[name] for name in params}
        return Proposal(number, candidate, params, own, {}, {})

    def recall(
        self, number: int, params: Mapping[str, Any], system_attributes: Mapping[str, Any]
    ) -> None:
        """See ``Proposer``."""
        self._candidates[number] = candidate_of(params)

    def recall_study_attributes(self, attributes: Mapping[str, Any]) -> None:
        """See ``Proposer``: this one writes none."""

    def chance(self, numbers: Sequence[int]) -> float | None:
        """See ``Proposer``."""
        cohort = [self._candidates[n] for n in numbers]
        others = [self._candidates[n] for n in sorted(set(self._candidates) - set(numbers))]
        finished = [self._finished[n] for n in sorted(self._finished)]
        leagues = self._families if self._balanced else ("",)
        return self._sampler.chance(cohort, finished, others, leagues)

    def agreements(self) -> list[float | None]:
        """See ``Proposer``."""
        return self._sampler.agreements([self._finished[n] for n in sorted(self._finished)])

    def observe(self, number: int, losses: Sequence[float] | None, stopped: bool = False) -> None:
        """See ``Proposer``."""
        loss = losses[self._measured] if losses is not None else None
        self._finished[number] = Finished(self._candidates.pop(number), loss, stopped)
