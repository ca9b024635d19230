"""Proposing candidates: the history of a search as in-memory Optuna studies, and a fresh sampler for every proposal.

The same history gives the same proposal in any process, because the sampler of trial n is built anew, seeded from (search seed, n), and
because the studies here are rebuilt from the storage alone. With the balanced family budget every family has a history of its own, so
that each is searched as hard as if it were alone; with the free budget one study holds the conditional space of all families.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from frontier_search.errors import SearchError
from frontier_search.sampling.incremental import Generations, SharedParameters, share
from frontier_search.sampling.samplers import SAMPLERS, Sampler
from frontier_search.space import Choice, Float, Parameter, SearchSpace
from frontier_search.trial import Candidate

FAMILY = "family"  # the Optuna parameter that holds the family; a family's own parameters are FAMILY_NAME.PARAMETER

WITHOUT_EFFECT = "without_effect"  # system attribute: parameters of other families that a sampler of flat spaces drew too

SAMPLER_TRIES = (
    10  # proposals of the sampler that may break a known bound before points are drawn at random
)
RANDOM_TRIES = 2000

SystemAttributes = dict[str, Any]


@dataclass(frozen=True)
class Proposal:
    """One proposed candidate.

    Attributes:
        number: the trial's number.
        params, distributions: the candidate as Optuna stores it.
        system_attributes: what the sampler wrote on the trial.
        study_attributes: what the sampler wrote on its study, new since the last proposal; the keys name the study.
    """

    number: int
    candidate: Candidate
    params: Mapping[str, Any]
    distributions: Mapping[str, BaseDistribution]
    system_attributes: SystemAttributes
    study_attributes: SystemAttributes


def distribution(parameter: Parameter) -> BaseDistribution:
    """Optuna's form of a parameter."""
    if isinstance(parameter, Choice):
        return CategoricalDistribution(parameter.values)
    if isinstance(parameter, Float):
        return FloatDistribution(parameter.low, parameter.high, log=parameter.log)
    return IntDistribution(parameter.low, parameter.high, log=parameter.log)


def only_value(of: BaseDistribution) -> Any:
    """The value of a distribution that has one alone."""
    if isinstance(of, CategoricalDistribution):
        return of.choices[0]
    assert isinstance(
        of, FloatDistribution | IntDistribution
    )  # narrows the type: Optuna has no fourth kind
    return of.low


def candidate_of(params: Mapping[str, Any]) -> Candidate:
    """The candidate behind the parameters of an Optuna trial."""
    family = params[FAMILY]
    prefix = f"{family}."
    return Candidate(
        family,
        {name[len(prefix) :]: value for name, value in params.items() if name.startswith(prefix)},
    )


def _params(candidate: Candidate) -> dict[str, Any]:
    """The parameters that ``candidate_of`` reads."""
    return {FAMILY: candidate.family} | {
        f"{candidate.family}.{name}": value for name, value in candidate.hyperparameters.items()
    }


class Proposer:
    """The memory of a search.

    Args:
        spaces: family -> space, in the search's order.
        sampler: a name of the table.
        balanced: whether families take turns, each with a history of its own.
        seed: the search's seed.
        n_objectives: all minimised.
        admits: whether a candidate keeps the known bounds.
        listed: the candidates themselves, by trial number, where no sampler is asked.
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
    ) -> None:
        self.spaces, self.balanced, self.seed, self.admits = spaces, balanced, seed, admits
        self.n_objectives, self.listed = n_objectives, tuple(listed)
        self._sampler: Sampler = SAMPLERS[sampler]
        self._flat = not balanced and not self._sampler.conditional
        self._families = tuple(spaces)
        self._studies: dict[str, optuna.Study] = {}
        self._known_attributes: dict[str, SystemAttributes] = {}
        self._trial_ids: dict[int, int] = {}  # trial number -> id in its study
        self._shared: dict[
            str, dict[str, SharedParameters | Generations]
        ] = {}  # turn -> what its samplers share
        self._family_distribution = CategoricalDistribution(self._families)
        self._distributions = {
            family: {f"{family}.{name}": distribution(parameter) for name, parameter in space}
            for family, space in spaces.items()
        }
        self._distribution_of: dict[str, BaseDistribution] = {FAMILY: self._family_distribution}
        for own in self._distributions.values():
            self._distribution_of |= own

    def turn(self, number: int) -> str | None:
        """The family whose turn a trial is, or None when the sampler chooses."""
        return self._families[number % len(self._families)] if self.balanced else None

    def propose(self, number: int) -> Proposal:
        """The candidate of trial ``number``; it counts as running until ``observe`` says otherwise.

        Raises:
            SearchError: no candidate within the bounds was found.
        """
        turn = self.turn(number)
        study = self._study(turn)
        seed = int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0])
        study._thread_local.cached_all_trials = (
            None  # as ``Study.ask`` does: else samplers see the first history for ever
        )
        trial_id = study._storage.create_new_trial(study._study_id)
        trial = study._storage.get_trial(trial_id)
        drawn = (
            _params(self.listed[number]) if self.listed else self._draw(study, trial, turn, seed)
        )
        for name in self._modelled(drawn):
            of = self._distribution_of[name]
            study._storage.set_trial_param(trial_id, name, of.to_internal_repr(drawn[name]), of)
        self._trial_ids[number] = trial_id
        params = {
            name: value
            for name, value in drawn.items()
            if name in (FAMILY, *self._distributions[drawn[FAMILY]])
        }
        written = dict(study._storage.get_trial(trial_id).system_attrs)
        if self._flat:
            written[WITHOUT_EFFECT] = {
                name: value for name, value in drawn.items() if name not in params
            }
        distributions = {name: self._distribution_of[name] for name in params}
        return Proposal(
            number,
            candidate_of(params),
            params,
            distributions,
            written,
            self._new_attributes(turn, study),
        )

    def recall(
        self, number: int, params: Mapping[str, Any], system_attributes: SystemAttributes
    ) -> None:
        """Puts back a trial that was proposed before, as running."""
        study = self._study(self.turn(number))
        drawn = {**params, **system_attributes.get(WITHOUT_EFFECT, {})}
        modelled = self._modelled(drawn)
        template = optuna.trial.create_trial(
            state=TrialState.RUNNING,
            params={name: drawn[name] for name in modelled},
            distributions={name: self._distribution_of[name] for name in modelled},
            system_attrs={
                name: value for name, value in system_attributes.items() if name != WITHOUT_EFFECT
            },
        )
        self._trial_ids[number] = study._storage.create_new_trial(study._study_id, template)

    def recall_study_attributes(self, attributes: SystemAttributes) -> None:
        """Puts back what samplers wrote on their studies: the ``study_attributes`` of all proposals so far."""
        for key, value in attributes.items():
            turn, _, name = key.partition("/")
            study = self._study(turn or None)
            study._storage.set_study_system_attr(study._study_id, name, value)
            self._known_attributes[turn][name] = value

    def observe(self, number: int, losses: Sequence[float] | None) -> None:
        """Tells the outcome of a trial: its minimised objectives, or None when it failed or was pruned."""
        study = self._study(self.turn(number))
        state = TrialState.COMPLETE if losses is not None else TrialState.FAIL
        study._storage.set_trial_state_values(self._trial_ids[number], state, losses)
        if losses is not None:
            for shared in self._shared.get(self.turn(number) or "", {}).values():
                shared.completed(study._storage.get_trial(self._trial_ids[number]))

    def _study(self, turn: str | None) -> optuna.Study:
        key = turn or ""
        if key not in self._studies:
            directions = [StudyDirection.MINIMIZE] * self.n_objectives
            self._studies[key] = optuna.create_study(
                storage=optuna.storages.InMemoryStorage(), directions=directions
            )
            self._known_attributes[key] = {}
        return self._studies[key]

    def _new_attributes(self, turn: str | None, study: optuna.Study) -> SystemAttributes:
        known = self._known_attributes[turn or ""]
        written = study._storage.get_study_system_attrs(study._study_id)
        new = {
            name: value
            for name, value in written.items()
            if name not in known or known[name] != value
        }
        known.update(new)
        return {f"{turn or ''}/{name}": value for name, value in new.items()}

    def _modelled(self, params: Mapping[str, Any]) -> list[str]:
        """The parameters that a study holds: a family that has its turn is not the sampler's to choose."""
        return [name for name in params if name != FAMILY or not self.balanced]

    def _draw(
        self, study: optuna.Study, trial: FrozenTrial, turn: str | None, seed: int
    ) -> dict[str, Any]:
        for attempt in range(SAMPLER_TRIES):
            params = self._suggest(study, trial, turn, seed + attempt)
            if self.admits(candidate_of(params)):
                return params
        rng = np.random.default_rng([self.seed, trial.number, seed])
        for _ in range(RANDOM_TRIES):
            family = turn or self._families[int(rng.integers(len(self._families)))]
            drawn = {
                each: self.spaces[each].sample(rng)
                for each in (self._families if self._flat else (family,))
            }
            if self.admits(Candidate(family, drawn[family])):
                return {FAMILY: family} | {
                    f"{each}.{name}": value
                    for each, point in drawn.items()
                    for name, value in point.items()
                }
        raise SearchError(
            f"no candidate of {turn or 'any family'} within the required bounds was found in {RANDOM_TRIES} draws; widen them."
        )

    def _suggest(
        self, study: optuna.Study, trial: FrozenTrial, turn: str | None, seed: int
    ) -> dict[str, Any]:
        """One proposal of a fresh sampler: ``Study.ask`` and ``suggest`` without a trial's history being touched."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = self._sampler.build(seed)
        share(sampler, self._shared.setdefault(turn or "", {}))
        sampler.before_trial(study, trial)
        relative = sampler.sample_relative(
            study, trial, sampler.infer_relative_search_space(study, trial)
        )

        def suggest(name: str, of: BaseDistribution) -> Any:
            if of.single():
                return only_value(of)
            if name in relative and of._contains(of.to_internal_repr(relative[name])):
                return relative[name]
            return sampler.sample_independent(study, trial, name, of)

        family = turn or suggest(FAMILY, self._family_distribution)
        wanted = self._families if self._flat else (family,)
        return {FAMILY: family} | {
            name: suggest(name, of)
            for each in wanted
            for name, of in self._distributions[each].items()
        }
