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

from frontier_search.sampling.incremental import Generations, Nsga2, SharedParameters
from frontier_search.sampling.optuna_internals import replace_search_spaces

STUDY = "history"

SystemAttributes = dict[str, Any]


class _Storage(InMemoryStorage):
    """A study in memory that notes what samplers write on it.

    Attributes:
        written: the attributes of the study that are new since they were last taken.
    """

    def __init__(self) -> None:
        super().__init__()
        self.written: SystemAttributes = {}

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        held = self.get_study_system_attrs(study_id)
        if key not in held or (held[key] is not value and held[key] != value):
            self.written[key] = value
        super().set_study_system_attr(study_id, key, value)


class SamplerHistory:
    """The trials that one line of samplers learns from.

    Args:
        n_objectives: all minimised.
    """

    def __init__(self, n_objectives: int) -> None:
        self._storage = _Storage()
        self._study_id = self._storage.create_new_study(
            [StudyDirection.MINIMIZE] * n_objectives, STUDY
        )
        self._trial_ids: dict[int, int] = {}  # trial number in the search -> id in the study
        self._search_spaces: dict[str, SharedParameters] = {}  # sampler's attribute -> space
        self._generations = Generations()

    def begin(self, number: int) -> FrozenTrial:
        """Adds trial ``number``, running, without parameters so far, and returns it."""
        self._trial_ids[number] = self._storage.create_new_trial(self._study_id)
        return self._storage.get_trial(self._trial_ids[number])

    def propose(
        self, number: int, params: Mapping[str, Any], distributions: Mapping[str, BaseDistribution]
    ) -> None:
        """Writes the parameters of a trial that has begun.

        All at once, on the trial that the storage holds: Optuna copies it for each parameter, and
        compares each distribution with the one before.
        """
        trial = self._storage.get_trial(self._trial_ids[number])
        trial.distributions = {name: distributions[name] for name in params}
        trial.params = {
            name: of.to_external_repr(of.to_internal_repr(params[name]))
            for name, of in trial.distributions.items()
        }

    def recall(
        self,
        number: int,
        params: Mapping[str, Any],
        distributions: Mapping[str, BaseDistribution],
        system_attributes: SystemAttributes,
    ) -> None:
        """Adds a trial that was proposed before, as running."""
        trial = self.begin(number)  # and no template, of which Optuna takes a deep copy
        trial.distributions = {name: distributions[name] for name in params}
        trial.params, trial.system_attrs = dict(params), dict(system_attributes)

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
        self._storage.written.clear()  # the search's storage has it

    def new_study_attributes(self) -> SystemAttributes:
        """Returns what samplers wrote on the study since the last call."""
        new, self._storage.written = self._storage.written, {}
        return new

    def _shared_parameters(self, attribute: str, own: IntersectionSearchSpace) -> SharedParameters:
        return self._search_spaces.setdefault(attribute, SharedParameters(own))
