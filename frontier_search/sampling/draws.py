"""Draws and crosses parameters as Optuna's samplers do, bit for bit.

Optuna prepares arrays of bounds for each parameter that it draws, and compares all parents of a
child with one another. That took four times as long as the draws themselves.
``tests/sampling/test_draws.py`` compares both.

Distributions are those that ``encoding`` makes, which have no steps, and no single values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import RandomSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from frontier_search.sampling.optuna_internals import contains, stream

CROSSOVER = 0.9  # the chance that a child has two parents
SWAPPING = 0.5  # the chance that a parameter is that of the first parent


class Random(RandomSampler):
    """Optuna's random sampler, which draws quicker."""

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        return draw(stream(self), param_distribution)


def draw(rng: np.random.RandomState, of: BaseDistribution) -> Any:
    """Returns a value, uniform or log-uniform over a distribution."""
    if isinstance(of, CategoricalDistribution):
        return of.choices[int(rng.random_sample(len(of.choices)).argmax())]
    # narrows the type: Optuna has no fourth kind
    assert isinstance(of, FloatDistribution | IntDistribution)
    half = 0.5 if isinstance(of, IntDistribution) else 0.0
    low, high = of.low - half, of.high + half
    if of.log:
        low, high = math.log(low), math.log(high)
    return _rounded(of, float(rng.uniform(low, high)))


def _rounded(of: FloatDistribution | IntDistribution, drawn: float) -> int | float:
    """Returns the value that a number stands for, which is a logarithm where ``of`` has one."""
    value = math.exp(drawn) if of.log else drawn
    if isinstance(of, FloatDistribution):
        below = math.nextafter(of.high, of.high - 1)
        return min(max(value, of.low), below) if of.log else min(value, below)
    whole = round(value) if of.log else math.floor(value - of.low + 0.5) + of.low
    return min(max(whole, of.low), of.high)


def child(
    rng: np.random.RandomState,
    space: Mapping[str, BaseDistribution],
    parents: Sequence[FrozenTrial],
) -> dict[str, Any]:
    """Returns the parameters that a child of NSGA-II inherits; the others are drawn.

    Args:
        parents: complete, of minimised objectives, without constraints.
    """
    if rng.rand() < CROSSOVER:
        inherited = _crossed(rng, space, parents)
    else:
        only = parents[rng.randint(0, len(parents))].params
        inherited = {name: only[name] for name in space}
    mutation = 1 / max(1, len(inherited))
    return {name: value for name, value in inherited.items() if rng.rand() >= mutation}


def _crossed(
    rng: np.random.RandomState,
    space: Mapping[str, BaseDistribution],
    parents: Sequence[FrozenTrial],
) -> dict[str, Any]:
    """Returns each parameter of one of two parents."""
    choices = [name for name, of in space.items() if isinstance(of, CategoricalDistribution)]
    numbers = {
        name: of
        for name, of in space.items()
        if isinstance(of, FloatDistribution | IntDistribution)
    }
    while True:
        first = _fitter(rng, parents)
        second = _fitter(rng, [parent for parent in parents if parent is not first])
        pair = first.params, second.params
        halves = _halves(rng, len(choices))
        crossed = {name: pair[which][name] for name, which in zip(choices, halves, strict=True)}
        halves = _halves(rng, len(numbers))
        for (name, of), which in zip(numbers.items(), halves, strict=True):
            value = pair[which][name]
            crossed[name] = _rounded(of, math.log(value) if of.log else value)
        if all(contains(space[name], value) for name, value in crossed.items()):
            return crossed


def _halves(rng: np.random.RandomState, n: int) -> list[int]:
    """Returns n times which of two parents a parameter comes from, 0 or 1."""
    return (rng.rand(n) >= SWAPPING).astype(int).tolist() if n else []


def _fitter(rng: np.random.RandomState, trials: Sequence[FrozenTrial]) -> FrozenTrial:
    """Returns the first of two random trials if it dominates the second, or else the second."""
    one, other = (trials[rng.randint(0, len(trials))] for _ in range(2))
    a, b = one.values, other.values
    dominates = a != b and all(x <= y for x, y in zip(a, b, strict=True))
    return one if dominates else other
