"""Proposes candidates by Optuna samplers, which read the history of the search.

The same history gives the same proposal in any process, because the sampler of trial n is as good
as new and starts from the seed (search seed, n), and because histories are rebuilt from the storage
only. With
the balanced family budget every family has a history of its own, so that each is searched as hard
as if it were the only one. With the free budget one history holds the trials of all families.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from frontier_search.errors import SearchError, ignoring
from frontier_search.sampling.encoding import (
    FAMILY,
    candidate_of,
    distributions,
    only_value,
    own_params,
    params_of,
)
from frontier_search.sampling.history import SamplerHistory
from frontier_search.sampling.optuna_internals import contains, restart
from frontier_search.sampling.proposal import Proposal
from frontier_search.sampling.samplers import SAMPLERS, Sampler
from frontier_search.space import SearchSpace
from frontier_search.trial import Candidate

# The system attribute for the parameters of families that were not chosen, which a sampler without
# conditional spaces draws too.
WITHOUT_EFFECT = "without_effect"

SAMPLER_TRIES = 10  # proposals that may break a bound before points are drawn at random
RANDOM_TRIES = 2000


class OptunaProposer:
    """Proposes the candidates of a search from the outcomes that it has observed.

    Args:
        spaces: family -> space, in the search's order.
        sampler: a name of the table.
        balanced: whether families take turns, each with a history of its own.
        seed: the search's seed.
        n_objectives: all minimised.
        admits: whether a candidate keeps the known bounds.
        listed: the candidates by trial number, for a search that lists them. No sampler is used.
        shares_start: whether families that take turns share the random start of the sampler.
    """

    def __init__(
        self,
        spaces: Mapping[str, SearchSpace],
        sampler: str,
        balanced: bool,
        seed: int,
        n_objectives: int,
        admits: Callable[[Candidate], bool],
        listed: Sequence[Candidate] = (),
        shares_start: bool = True,
    ) -> None:
        self.spaces, self.balanced, self.seed, self.admits = spaces, balanced, seed, admits
        self.listed = tuple(listed)
        member: Sampler = SAMPLERS[sampler]
        self._build = member.build
        if balanced and shares_start and member.build_shared is not None:
            self._build = partial(member.build_shared, n_families=len(spaces))
        self._restarts = member.restarts
        self._samplers: dict[str, BaseSampler] = {}  # turn -> one that can be restarted
        self._draws_all_families = not balanced and not member.conditional
        self._families = tuple(spaces)
        self._histories = {
            turn: SamplerHistory(n_objectives) for turn in (self._families if balanced else ("",))
        }
        self._own = {family: distributions(family, space) for family, space in spaces.items()}
        self._distributions: dict[str, BaseDistribution] = {
            FAMILY: CategoricalDistribution(self._families)
        }
        for own in self._own.values():
            self._distributions |= own

    def turn(self, number: int) -> str:
        """Returns the family whose turn a trial is, or "" when the sampler chooses the family."""
        return self._families[number % len(self._families)] if self.balanced else ""

    def propose(self, number: int) -> Proposal:
        """Proposes the candidate of trial ``number``, which runs until ``observe`` ends it.

        Raises:
            SearchError: no candidate within the bounds was found.
        """
        turn = self.turn(number)
        history = self._histories[turn]
        trial = history.begin(number)
        drawn = params_of(self.listed[number]) if self.listed else self._draw(number, trial)
        history.propose(number, self._modelled(drawn), self._distributions)
        params = {
            name: value
            for name, value in drawn.items()
            if name in (FAMILY, *self._own[drawn[FAMILY]])
        }
        written = history.system_attributes(number)
        if self._draws_all_families:
            written[WITHOUT_EFFECT] = {
                name: value for name, value in drawn.items() if name not in params
            }
        return Proposal(
            number,
            candidate_of(params),
            params,
            {name: self._distributions[name] for name in params},
            written,
            {f"{turn}/{name}": value for name, value in history.new_study_attributes().items()},
        )

    def recall(
        self, number: int, params: Mapping[str, Any], system_attributes: Mapping[str, Any]
    ) -> None:
        """Puts back a trial that was proposed before, as running."""
        drawn = {**params, **system_attributes.get(WITHOUT_EFFECT, {})}
        written = {
            name: value for name, value in system_attributes.items() if name != WITHOUT_EFFECT
        }
        history = self._histories[self.turn(number)]
        history.recall(number, self._modelled(drawn), self._distributions, written)

    def recall_study_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Puts back the ``study_attributes`` of all proposals so far."""
        for key, value in attributes.items():
            turn, _, name = key.partition("/")
            self._histories[turn].recall_study_attribute(name, value)

    def chance(self, numbers: Sequence[int]) -> float | None:
        """Returns None: these samplers do not predict losses."""
        return None

    def agreements(self) -> Sequence[float | None]:
        """Returns nothing: these samplers have no warm start."""
        return ()

    def observe(self, number: int, losses: Sequence[float] | None, stopped: bool = False) -> None:
        """Ends a trial. Samplers see that it was stopped, and not its losses then."""
        self._histories[self.turn(number)].finish(number, None if stopped else losses, stopped)

    def _modelled(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the parameters that a history holds: not the family, if families take turns."""
        return {
            name: value for name, value in params.items() if name != FAMILY or not self.balanced
        }

    def _draw(self, number: int, trial: FrozenTrial) -> dict[str, Any]:
        """Returns parameters within the bounds: of the sampler, or else drawn at random."""
        turn = self.turn(number)
        seed = int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0])
        for attempt in range(SAMPLER_TRIES):
            params = self._suggest(turn, trial, seed + attempt)
            if self.admits(candidate_of(params)):
                return params
        rng = np.random.default_rng([self.seed, trial.number, seed])
        for _ in range(RANDOM_TRIES):
            family = turn or self._families[int(rng.integers(len(self._families)))]
            points = {each: self.spaces[each].sample(rng) for each in self._drawn_families(family)}
            if self.admits(Candidate(family, points[family])):
                params = {FAMILY: family}
                for each, point in points.items():
                    params |= own_params(each, point)
                return params
        raise SearchError(
            f"no candidate of {turn or 'any family'} within the required bounds was found in "
            f"{RANDOM_TRIES} draws; widen them."
        )

    def _suggest(self, turn: str, trial: FrozenTrial, seed: int) -> dict[str, Any]:
        """Returns the parameters that a sampler proposes which starts from a seed.

        Does what ``Study.ask`` and ``Trial.suggest_*`` do, but writes no parameter on the trial.
        """
        sampler = self._sampler(turn, seed)
        study = self._histories[turn].study(sampler)
        sampler.before_trial(study, trial)
        relative = sampler.sample_relative(
            study, trial, sampler.infer_relative_search_space(study, trial)
        )

        def suggest(name: str) -> Any:
            of = self._distributions[name]
            if of.single():
                return only_value(of)
            if name in relative and contains(of, relative[name]):
                return relative[name]
            return sampler.sample_independent(study, trial, name, of)

        family = turn or suggest(FAMILY)
        return {FAMILY: family} | {
            name: suggest(name) for each in self._drawn_families(family) for name in self._own[each]
        }

    def _sampler(self, turn: str, seed: int) -> BaseSampler:
        """Returns a sampler that is new, or as good as new."""
        sampler = self._samplers.get(turn)
        if sampler is not None:
            restart(sampler, seed)
            return sampler
        with ignoring(optuna.exceptions.ExperimentalWarning):
            assert self._build is not None  # known_size has a proposer of its own
            sampler = self._build(seed)
        if self._restarts:
            self._samplers[turn] = sampler
        return sampler

    def _drawn_families(self, chosen: str) -> tuple[str, ...]:
        return self._families if self._draws_all_families else (chosen,)
