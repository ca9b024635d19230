"""Proposes the candidates of a search, each a function of its history.

The same history gives the same proposal in any process. With the balanced family budget families
take turns, and each is searched as hard as if it were the only one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from frontier_search.sampling.earlier import Earlier
from frontier_search.sampling.optuna_proposer import OptunaProposer
from frontier_search.sampling.proposal import Proposal
from frontier_search.sampling.samplers import KNOWN_SIZE
from frontier_search.sampling.start import EARLY, LATE
from frontier_search.space import SearchSpace
from frontier_search.trial import Candidate

Known = tuple[float, ...]


class Proposer(Protocol):
    """Proposes the candidates of a search from the outcomes that it has observed."""

    def propose(self, number: int) -> Proposal:
        """Proposes the candidate of trial ``number``, which runs until ``observe`` ends it.

        Raises:
            SearchError: no candidate within the bounds was found.
        """
        ...

    def recall(
        self, number: int, params: Mapping[str, Any], system_attributes: Mapping[str, Any]
    ) -> None:
        """Puts back a trial that was proposed before, as running."""
        ...

    def recall_study_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Puts back the ``study_attributes`` of all proposals so far."""
        ...

    def chance(self, numbers: Sequence[int]) -> float | None:
        """Returns the probability that running trials add noticeably to the hypervolume.

        None if the sampler cannot tell.
        """
        ...

    def agreements(self) -> Sequence[float | None]:
        """Returns the rank correlation of each warm start with the observed trials.

        None while these are too few; below ``earlier.AGREES`` the warm start is ignored.
        """
        ...

    def observe(self, number: int, losses: Sequence[float] | None, stopped: bool = False) -> None:
        """Ends a trial.

        Args:
            losses: its minimised objectives, or None when it failed.
            stopped: whether its training was stopped early. Its losses are those of that epoch.
        """
        ...


def open_proposer(
    spaces: Mapping[str, SearchSpace],
    sampler: str,
    balanced: bool,
    seed: int,
    n_objectives: int,
    admits: Callable[[Candidate], bool],
    listed: Sequence[Candidate] = (),
    measured: int = 0,
    known: Callable[[Candidate], Known] = lambda candidate: (),
    shares_start: bool = True,
    earlier: Sequence[Earlier] = (),
    models_early: bool = True,
    cost: Callable[[Candidate], float] = lambda candidate: 1.0,
) -> Proposer:
    """Returns the proposer of a search.

    Args:
        spaces: family -> space, in the search's order.
        sampler: a name of the table.
        balanced: whether families take turns.
        seed: the search's seed.
        n_objectives: all minimised.
        admits: whether a candidate keeps the known bounds.
        listed: the candidates by trial number, for a search that lists them. No sampler is used.
        measured: for known_size, the position of the measured objective.
        known: for known_size, the values of the other objectives.
        shares_start: whether families that take turns share the random start of a sampler.
        earlier: for known_size, outcomes of earlier searches.
        models_early: for known_size, whether 8 complete trials are enough for its model, and not
            16 as before edition 5.
        cost: for known_size, what the training of a candidate costs, in any unit.
    """
    if sampler == KNOWN_SIZE and not listed:
        # here, because it loads scipy, which takes a third of a second
        from frontier_search.sampling.known_size_proposer import KnownSizeProposer

        start = EARLY if models_early else LATE
        return KnownSizeProposer(
            spaces, balanced, seed, admits, measured, known, earlier, start, cost
        )
    return OptunaProposer(
        spaces, sampler, balanced, seed, n_objectives, admits, listed, shares_start
    )
