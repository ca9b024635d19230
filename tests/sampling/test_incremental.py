"""Whatever ends in whatever order, samplers get the values that Optuna computes from all trials."""

from __future__ import annotations

from typing import Any

import optuna
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import NSGAIISampler
from optuna.search_space import IntersectionSearchSpace
from optuna.storages import InMemoryStorage
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from frontier_search.sampling.incremental import Generations, Nsga2, SharedParameters
from frontier_search.sampling.optuna_internals import stored_id

POPULATION = 2
OBJECTIVES = st.tuples(st.integers(0, 5), st.integers(0, 5))
# An event of a search: a trial is proposed (None), or one of those in flight ends, as (which of
# them, its objectives or None if it fails).
EVENTS = st.lists(
    st.none() | st.tuples(st.integers(0, 5), OBJECTIVES | OBJECTIVES | st.none()),
    min_size=20,
    max_size=80,
)
NARROW, WIDE = FloatDistribution(0, 1), FloatDistribution(0, 2)
PARAMETERS = st.dictionaries(st.sampled_from("abc"), st.sampled_from([NARROW, WIDE]))


class Trials:
    """A study in memory, with its trials."""

    def __init__(self) -> None:
        self.storage = InMemoryStorage()
        self.id = self.storage.create_new_study([StudyDirection.MINIMIZE] * 2, "trials")

    def study(self) -> Study:
        """A new study object each time: one keeps the first list of trials that it reads."""
        return optuna.load_study(study_name="trials", storage=self.storage)

    def begin(self, distributions: dict[str, BaseDistribution]) -> FrozenTrial:
        trial_id = self.storage.create_new_trial(self.id)
        for name, distribution in distributions.items():
            self.storage.set_trial_param(trial_id, name, 0.5, distribution)
        return self.storage.get_trial(trial_id)

    def end(self, trial: FrozenTrial, values: tuple[float, float] | None) -> FrozenTrial:
        state = TrialState.FAIL if values is None else TrialState.COMPLETE
        self.storage.set_trial_state_values(stored_id(trial), state, values)
        return self.read(trial)

    def read(self, trial: FrozenTrial) -> FrozenTrial:
        return self.storage.get_trial(stored_id(trial))


def numbers(trials: list[FrozenTrial]) -> list[int]:
    return [trial.number for trial in trials]


@given(EVENTS)
def test_generations_and_parents_are_optunas(events: list[tuple[int, Any] | None]) -> None:
    ours, theirs = Trials(), Trials()
    b, generations = NSGAIISampler(population_size=POPULATION, seed=0), Generations()
    flying: list[tuple[FrozenTrial, FrozenTrial]] = []
    for event in events:
        if event is None:
            a = Nsga2(population_size=POPULATION, seed=0)  # a new one, as in a search
            a.generations = generations
            mine, its = ours.begin({}), theirs.begin({})
            study, other = ours.study(), theirs.study()
            generation = a.get_trial_generation(study, mine)
            assert (
                generation
                == b.get_trial_generation(other, its)
                == a.get_trial_generation(study, mine)
            )
            assert numbers(a.get_population(study, generation)) == numbers(
                b.get_population(other, generation)
            )
            # Optuna's come in the order of selection once, and by number from then on
            assert numbers(a.get_parent_population(study, generation)) == sorted(
                numbers(b.get_parent_population(other, generation))
            )
            assert ours.read(mine).system_attrs == theirs.read(its).system_attrs
            flying.append((mine, its))
        elif flying:
            which, values = event
            mine, its = flying.pop(which % len(flying))
            ended = ours.end(mine, values)
            if values is not None:
                generations.completed(ended)
            theirs.end(its, values)
    kept = [trials.storage.get_study_system_attrs(trials.id) for trials in (ours, theirs)]
    assert kept[0] == kept[1]  # what a journal holds, so that older searches can be resumed


@given(st.lists(st.tuples(PARAMETERS, st.booleans(), st.booleans()), max_size=12))
def test_shared_parameters_are_those_of_all_complete_trials(
    trials: list[tuple[dict[str, BaseDistribution], bool, bool]],
) -> None:
    held, shared = Trials(), SharedParameters(IntersectionSearchSpace())
    for distributions, succeeds, asked in trials:
        trial = held.end(held.begin(distributions), (0.0, 0.0) if succeeds else None)
        if succeeds:
            shared.completed(trial)
        if asked:  # not after every trial: several may end between two questions
            study = held.study()
            assert shared.calculate(study) == IntersectionSearchSpace().calculate(study)
            assert list(shared.calculate(study)) == sorted(shared.calculate(study))
