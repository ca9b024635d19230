"""What samplers read of a search's history, without a look at every trial of it: the same answers as Optuna's own, at a cost that does not
grow with the history. Half of a proposal of nsga2 after 12,000 trials was that look."""

from __future__ import annotations

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, NSGAIISampler
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


class Generations:
    """The highest generation of NSGA-II that has complete trials, and how many it has."""

    def __init__(self) -> None:
        self._known: tuple[int, int] | None = None

    def completed(self, trial: FrozenTrial) -> None:
        """A trial of the study is complete."""
        if self._known is not None:
            highest, count = self._known
            generation = trial.system_attrs[Nsga2._get_generation_key()]
            if generation > highest:
                self._known = generation, 1
            elif generation == highest:
                self._known = highest, count + 1

    def latest(self, study: Study) -> tuple[int, int]:
        if self._known is None:
            of = [
                trial.system_attrs[Nsga2._get_generation_key()]
                for trial in study._get_trials(
                    deepcopy=False, states=[TrialState.COMPLETE], use_cache=True
                )
            ]
            highest = max(of, default=0)
            self._known = highest, of.count(highest)
        return self._known


class Nsga2(NSGAIISampler):
    """NSGA-II that neither counts the last generation nor looks its parents up among all trials.

    Attributes:
        generations: of the study; its own, or those that a sampler before it has counted.
    """

    def __init__(self, population_size: int, seed: int) -> None:
        super().__init__(population_size=population_size, seed=seed)
        self.generations = Generations()

    @classmethod
    def _get_generation_key(cls) -> str:
        return (
            NSGAIISampler._get_generation_key()
        )  # else the class's own name would be in it, and no older search could go on

    @classmethod
    def _get_parent_cache_key_prefix(cls) -> str:
        return NSGAIISampler._get_parent_cache_key_prefix()

    def get_trial_generation(self, study: Study, trial: FrozenTrial) -> int:
        key = self._get_generation_key()
        if key in trial.system_attrs:
            return int(trial.system_attrs[key])
        highest, count = self.generations.latest(study)
        generation = highest + int(count >= (self.population_size or 0))
        study._storage.set_trial_system_attr(trial._trial_id, key, generation)
        return generation

    def get_parent_population(self, study: Study, generation: int) -> list[FrozenTrial]:
        key = self._get_parent_cache_key_prefix() + str(generation)
        parents = study._storage.get_study_system_attrs(study._study_id).get(key)
        if parents is None:
            return list(super().get_parent_population(study, generation))
        return [study._storage.get_trial(trial_id) for trial_id in sorted(parents)]


def share(sampler: BaseSampler, known: dict[str, SharedParameters | Generations]) -> None:
    """Hands a fresh sampler what those before it know of the same study, and keeps what is new to them.

    Args:
        known: attribute of the sampler -> what it holds; each must be told of every trial of the study that completes.
    """
    for name, value in vars(sampler).items():
        if isinstance(value, IntersectionSearchSpace):
            setattr(sampler, name, known.setdefault(name, SharedParameters(value)))
        elif isinstance(value, Generations):
            setattr(sampler, name, known.setdefault(name, value))
