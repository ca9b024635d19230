"""What samplers read of a search's history, without a look at every trial of it: the same answers as Optuna's own, at a cost that does not
grow with the history. Half of a proposal of nsga2 after 12,000 trials was that look."""

from __future__ import annotations

from optuna.distributions import BaseDistribution
from optuna.samplers import NSGAIISampler
from optuna.search_space import IntersectionSearchSpace
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState


class SharedParameters(IntersectionSearchSpace):
    """The parameters that all complete trials share. One more complete trial can only take some away.

    Args:
        worked_out: Optuna's own, which looks at all trials when one has taken something away.
    """

    def __init__(self, worked_out: IntersectionSearchSpace) -> None:
        self.worked_out = worked_out
        self._current: dict[str, BaseDistribution] = {}  # empty when it is not known

    def completed(self, trial: FrozenTrial) -> None:
        """A trial of the study is complete."""
        if any(trial.distributions.get(name) != of for name, of in self._current.items()):
            self._current = {}

    def calculate(self, study: Study, use_cache: bool = False) -> dict[str, BaseDistribution]:
        if not self._current:
            self._current = self.worked_out.calculate(study, use_cache)
        return dict(self._current)


class Nsga2(NSGAIISampler):
    """NSGA-II whose generations are found at the end of the history: a generation is given when a trial is proposed, from the complete
    ones, which never become fewer, so no trial has a lower one than a trial before it."""

    @classmethod
    def _get_generation_key(cls) -> str:
        return NSGAIISampler._get_generation_key()  # else the class's own name would be in it, and no older search could go on

    @classmethod
    def _get_parent_cache_key_prefix(cls) -> str:
        return NSGAIISampler._get_parent_cache_key_prefix()

    def get_trial_generation(self, study: Study, trial: FrozenTrial) -> int:
        key = self._get_generation_key()
        known = trial.system_attrs.get(key)
        if known is not None:
            return int(known)
        highest, count = 0, 0
        for other in reversed(study._get_trials(deepcopy=False, use_cache=True)):
            if other.state != TrialState.COMPLETE:
                continue
            generation = other.system_attrs[key]
            if count and generation < highest:
                break
            highest, count = generation, count + 1
        generation = highest + int(count >= (self.population_size or 0))
        study._storage.set_trial_system_attr(trial._trial_id, key, generation)
        return int(generation)

    def get_parent_population(self, study: Study, generation: int) -> list[FrozenTrial]:
        key = self._get_parent_cache_key_prefix() + str(generation)
        parents = study._storage.get_study_system_attrs(study._study_id).get(key)
        if parents is None:
            return list(super().get_parent_population(study, generation))
        return [study._storage.get_trial(trial_id) for trial_id in sorted(parents)]
