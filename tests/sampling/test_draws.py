"""Our draws are those of Optuna's samplers, bit for bit, and leave the stream where theirs do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler
from optuna.storages import InMemoryStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState

from frontier_search.sampling.draws import Random
from frontier_search.sampling.encoding import distribution
from frontier_search.sampling.incremental import GENERATION, Nsga2
from frontier_search.sampling.optuna_internals import drawer, restart, stream
from frontier_search.space import Choice, Float, Int, Parameter

rising = st.tuples(st.integers(1, 40), st.integers(1, 900)).filter(lambda two: two[0] < two[1])
parameters: st.SearchStrategy[Parameter] = (
    st.builds(lambda two, log: Float(two[0] / 7e3, two[1] / 3, log), rising, st.booleans())
    | st.builds(lambda two, log: Int(*two, log), rising, st.booleans())
    | st.lists(st.integers() | st.text(max_size=3), min_size=2, max_size=9, unique=True).map(
        lambda values: Choice(tuple(values))
    )
)
distributions = parameters.map(distribution)
spaces = st.dictionaries(st.sampled_from("abcdef"), distributions, min_size=1)
seeds = st.integers(0, 2**32 - 9)
objectives = st.tuples(st.integers(0, 3), st.integers(0, 3))


def position(sampler: BaseSampler) -> tuple[object, ...]:
    """Returns where the random stream of a sampler is."""
    name, key, *rest = stream(sampler).get_state(legacy=True)
    return name, key.tobytes(), *rest


@pytest.mark.parametrize("ours", [Random, lambda seed: Nsga2(2, seed)], ids=["random", "nsga2"])
@given(of=distributions, seed=seeds)
def test_a_draw_is_optunas(
    ours: Callable[[int], BaseSampler], of: BaseDistribution, seed: int
) -> None:
    mine, theirs = ours(seed), RandomSampler(seed)
    study, trial = optuna.create_study(), optuna.trial.create_trial(value=0)
    for _ in range(5):
        a, b = (each.sample_independent(study, trial, "x", of) for each in (mine, theirs))
        assert a == b
        assert type(a) is (float if isinstance(b, np.float64) else type(b))
    assert position(drawer(mine) if isinstance(mine, Nsga2) else mine) == position(theirs)


@given(spaces, seeds, st.lists(objectives, min_size=2, max_size=7))
def test_a_child_is_optunas(
    space: dict[str, BaseDistribution], seed: int, population: list[tuple[int, int]]
) -> None:
    storage, n = InMemoryStorage(), len(population)
    study_id = storage.create_new_study([StudyDirection.MINIMIZE] * 2, "children")
    mine, theirs = Nsga2(n, seed), NSGAIISampler(population_size=n, seed=seed)
    study = optuna.load_study(study_name="children", storage=storage, sampler=theirs)
    for values in population:
        trial_id = storage.create_new_trial(study_id)
        for name, of in space.items():
            value = theirs.sample_independent(study, storage.get_trial(trial_id), name, of)
            storage.set_trial_param(trial_id, name, of.to_internal_repr(value), of)
        storage.set_trial_system_attr(trial_id, GENERATION, 0)
        storage.set_trial_state_values(trial_id, TrialState.COMPLETE, values)
    child = storage.get_trial(storage.create_new_trial(study_id))
    for again in range(8):  # of the same parents
        restart(mine, seed + again)
        restart(theirs, seed + again)
        a, b = (each.sample_relative(study, child, space) for each in (mine, theirs))
        assert list(a.items()) == list(b.items())
        assert position(mine) == position(theirs)
