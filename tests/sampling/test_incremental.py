"""What samplers are told of a history equals what Optuna's own look at all of it gives, whatever ends in whatever order."""

from __future__ import annotations

from typing import Any

import optuna
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import NSGAIISampler
from optuna.search_space import IntersectionSearchSpace
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from frontier_search.sampling.incremental import Generations, Nsga2, SharedParameters, share

POPULATION = 2
OBJECTIVES = st.tuples(st.integers(0, 5), st.integers(0, 5))
# what happens to a search: a trial is proposed (None), or one of those in flight ends (which, with what; None: it fails)
EVENTS = st.lists(
    st.none() | st.tuples(st.integers(0, 5), OBJECTIVES | OBJECTIVES | st.none()),
    min_size=20,
    max_size=80,
)
NARROW, WIDE = FloatDistribution(0, 1), FloatDistribution(0, 2)
PARAMETERS = st.dictionaries(st.sampled_from("abc"), st.sampled_from([NARROW, WIDE]))


def study() -> Study:
    return optuna.create_study(
        storage=optuna.storages.InMemoryStorage(), directions=["minimize", "minimize"]
    )


def begin(of: Study, distributions: dict[str, BaseDistribution]) -> FrozenTrial:
    of._thread_local.cached_all_trials = None
    trial_id = of._storage.create_new_trial(of._study_id)
    for name, distribution in distributions.items():
        of._storage.set_trial_param(trial_id, name, 0.5, distribution)
    return of._storage.get_trial(trial_id)


def end(of: Study, trial: FrozenTrial, values: tuple[float, float] | None) -> FrozenTrial:
    of._storage.set_trial_state_values(
        trial._trial_id, TrialState.FAIL if values is None else TrialState.COMPLETE, values
    )
    return of._storage.get_trial(trial._trial_id)


def numbers(trials: list[FrozenTrial]) -> list[int]:
    return [trial.number for trial in trials]


@given(EVENTS)
def test_generations_and_parents_are_optunas(events: list[tuple[int, Any] | None]) -> None:
    ours, theirs = study(), study()
    b, known = NSGAIISampler(population_size=POPULATION, seed=0), Generations()
    flying: list[tuple[FrozenTrial, FrozenTrial]] = []
    for event in events:
        if event is None:
            a = Nsga2(population_size=POPULATION, seed=0)  # afresh, as in a search
            share(a, {"generations": known})
            mine, its = begin(ours, {}), begin(theirs, {})
            generation = a.get_trial_generation(ours, mine)
            assert (
                generation
                == b.get_trial_generation(theirs, its)
                == a.get_trial_generation(ours, mine)
            )
            assert numbers(a.get_parent_population(ours, generation)) == numbers(
                b.get_parent_population(theirs, generation)
            )
            assert (
                ours._storage.get_trial(mine._trial_id).system_attrs
                == theirs._storage.get_trial(its._trial_id).system_attrs
            )
            flying.append((mine, its))
        elif flying:
            which, values = event
            mine, its = flying.pop(which % len(flying))
            ended = end(ours, mine, values)
            if values is not None:
                known.completed(ended)
            end(theirs, its, values)
    kept = [of._storage.get_study_system_attrs(of._study_id) for of in (ours, theirs)]
    assert kept[0] == kept[1]  # what a journal keeps, so that older searches go on


@given(st.lists(st.tuples(PARAMETERS, st.booleans(), st.booleans()), max_size=12))
def test_shared_parameters_are_those_of_all_complete_trials(
    trials: list[tuple[dict[str, BaseDistribution], bool, bool]],
) -> None:
    of, shared = study(), SharedParameters(IntersectionSearchSpace())
    for distributions, succeeds, asked in trials:
        trial = end(of, begin(of, distributions), (0.0, 0.0) if succeeds else None)
        if succeeds:
            shared.completed(trial)
        if asked:  # or several trials end between two questions
            of._thread_local.cached_all_trials = None
            assert shared.calculate(of) == IntersectionSearchSpace().calculate(of)
            assert list(shared.calculate(of)) == sorted(shared.calculate(of))
