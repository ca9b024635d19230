"""A history as samplers see it: an Optuna study in memory, and what is computed from it once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.search_space import IntersectionSearchSpace
from optuna.storages import InMemoryStorage
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from frontier_search.sampling.encoding import running_trial
from frontier_search.sampling.incremental import Generations, Nsga2, SharedParameters
from frontier_search.sampling.optuna_internals import replace_search_spaces

STUDY = "history"

SystemAttributes = dict[str, Any]


class SamplerHistory:
    """The trials that one line of samplers learns from.

    Args:
        n_objectives: all minimised.
    """

    def __init__(self, n_objectives: int) -> None:
        self._storage = InMemoryStorage()
        self._study_id = self._storage.create_new_study(
            [StudyDirection.MINIMIZE] * n_objectives, STUDY
        )
        self._trial_ids: dict[int, int] = {}  # trial number in the search -> id in the study
        self._study_attributes: SystemAttributes = {}  # those that the search's storage has
        self._search_spaces: dict[str, SharedParameters] = {}  # sampler's attribute -> space
        self._generations = Generations()

    def begin(self, number: int) -> FrozenTrial:
        """Adds trial ``number``, running, without parameters so far, and returns it."""
        self._trial_ids[number] = self._storage.create_new_trial(self._study_id)
        return self._storage.get_trial(self._trial_ids[number])

    def propose(
        self, number: int, params: Mapping[str, Any], distributions: Mapping[str, BaseDistribution]
    ) -> None:
        """Writes the parameters of a trial that has begun."""
        for name, value in params.items():
            of = distributions[name]
            self._storage.set_trial_param(
                self._trial_ids[number], name, of.to_internal_repr(value), of
            )

    def recall(
        self,
        number: int,
        params: Mapping[str, Any],
        distributions: Mapping[str, BaseDistribution],
        system_attributes: SystemAttributes,
    ) -> None:
        """Adds a trial that was proposed before, as running."""
        own = {name: distributions[name] for name in params}
        template = running_trial(params, own, system_attributes)
        self._trial_ids[number] = self._storage.create_new_trial(self._study_id, template)

    def finish(self, number: int, losses: Sequence[float] | None, stopped: bool = False) -> None:
        """Records the minimised objectives of a trial, or None when it failed or was stopped."""
        trial_id = self._trial_ids[number]
        ended = TrialState.PRUNED if stopped else TrialState.FAIL
        state = TrialState.COMPLETE if losses is not None else ended
        self._storage.set_trial_state_values(trial_id, state, losses)
        if losses is not None:
            trial = self._storage.get_trial(trial_id)
            self._generations.completed(trial)
            for space in self._search_spaces.values():
                space.completed(trial)

    def study(self, sampler: BaseSampler) -> Study:
        """Returns the study, and gives a fresh sampler what was computed before.

        A study object keeps the first list of trials that its sampler reads, so each proposal
        needs a new one.
        """
        replace_search_spaces(sampler, self._shared_parameters)
        if isinstance(sampler, Nsga2):
            sampler.generations = self._generations
        return optuna.load_study(study_name=STUDY, storage=self._storage, sampler=sampler)

    def system_attributes(self, number: int) -> SystemAttributes:
        """Returns what samplers wrote on a trial."""
        return dict(self._storage.get_trial(self._trial_ids[number]).system_attrs)

    def recall_study_attribute(self, name: str, value: Any) -> None:
        """Puts back what a sampler wrote on the study before."""
        self._storage.set_study_system_attr(self._study_id, name, value)
        self._study_attributes[name] = value

    def new_study_attributes(self) -> SystemAttributes:
        """Returns what samplers wrote on the study since the last call."""
        known = self._study_attributes
        new = {
            name: value
            for name, value in self._storage.get_study_system_attrs(self._study_id).items()
            if name not in known or (known[name] is not value and known[name] != value)
        }
        known.update(new)
        return new

    def _shared_parameters(self, attribute: str, own: IntersectionSearchSpace) -> SharedParameters:
        return self._search_spaces.setdefault(attribute, SharedParameters(own))
