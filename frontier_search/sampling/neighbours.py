"""Candidates drawn from the spaces of several families: at random within bounds, or near one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from frontier_search.sampling.columns import is_number
from frontier_search.space import Choice, Float, Int, Parameter, SearchSpace, Value
from frontier_search.trial import Candidate

Known = tuple[float, ...]
Key = tuple[object, ...]

DRAWS = 20  # at random, before a draw is moved within the bounds
SHRINKS = 4  # of a draw, each to a random point between it and the smallest one
FEW = 2000  # candidates of a family that are listed one by one

OTHER_FAMILY = 0.2  # of the neighbours: the same parameters in another family
CHANGED = 1.5  # parameters of a neighbour that differ, on average
NEXT_VALUE = 0.7  # of the changes of a listed number: to the value beside it


class Neighbours:
    """Draws candidates that keep the bounds.

    Args:
        spaces: family -> space.
        admits: whether a candidate keeps the bounds.
        known: a candidate's known objectives, of which smaller ones are easier to admit.
    """

    def __init__(
        self,
        spaces: Mapping[str, SearchSpace],
        admits: Callable[[Candidate], bool],
        known: Callable[[Candidate], Known],
    ) -> None:
        self.spaces, self.admits, self.known = spaces, admits, known
        self._smallest: dict[str, Candidate | None] = {}

    def at_random(self, family: str, rng: np.random.Generator) -> Candidate | None:
        """Returns a random candidate of a family, or None if none within the bounds was found.

        A draw outside the bounds is moved towards the family's smallest candidate until it keeps
        them, so that tight bounds cost no more than wide ones.
        """
        space = self.spaces[family]
        for _ in range(DRAWS):
            candidate = Candidate(family, space.sample(rng))
            if self.admits(candidate):
                return candidate
        smallest = self.smallest(family)
        if smallest is None:
            return None
        point = dict(candidate.hyperparameters)
        names = [str(name) for name in rng.permutation(list(point))]
        for shrink in range(SHRINKS + 1):
            for name in names:
                least = smallest.hyperparameters[name]
                last = shrink == SHRINKS
                point[name] = least if last else _between(space[name], least, point[name], rng)
                candidate = Candidate(family, dict(point))
                if self.admits(candidate):
                    return candidate
        return smallest

    def smallest(self, family: str) -> Candidate | None:
        """Returns a candidate of a family within the bounds, as small as it is found, or None.

        From the point with the least of every number, each parameter takes the end of its range
        that makes the model smaller, as often as that helps.
        """
        if family not in self._smallest:
            self._smallest[family] = self._descend(family)
        return self._smallest[family]

    def _descend(self, family: str) -> Candidate | None:
        best = Candidate(family, self.spaces[family].smallest())
        if self.admits(best):
            return best
        improved = True
        while improved:
            improved = False
            for name, parameter in self.spaces[family]:
                for value in parameter.extent():
                    other = Candidate(family, {**best.hyperparameters, name: value})
                    if self.admits(other):
                        return other
                    if sum(self.known(other)) < sum(self.known(best)):
                        best, improved = other, True
        rng = np.random.default_rng(0)
        draws = (Candidate(family, self.spaces[family].sample(rng)) for _ in range(FEW))
        return next((draw for draw in draws if self.admits(draw)), None)

    def listed(self, family: str) -> list[Candidate]:
        """Returns every candidate of a family within the bounds, if it has few; else none."""
        space = self.spaces[family]
        values = [_values(parameter) for _, parameter in space]
        if any(each is None for each in values) or math.prod(len(each or ()) for each in values) > (
            FEW
        ):
            return []
        points = itertools.product(*(each or () for each in values))
        listed = (Candidate(family, dict(zip(space.names(), p, strict=True))) for p in points)
        return [candidate for candidate in listed if self.admits(candidate)]

    def near(self, candidate: Candidate, rng: np.random.Generator) -> Candidate:
        """Returns a candidate that differs in a parameter or two, or in the family.

        It may break a bound.
        """
        families = tuple(self.spaces)
        if len(families) > 1 and rng.random() < OTHER_FAMILY:
            family = families[int(rng.integers(len(families)))]
            drawn, own = self.spaces[family].sample(rng), candidate.hyperparameters
            return Candidate(
                family,
                {
                    name: own[name] if name in own and own[name] in parameter else drawn[name]
                    for name, parameter in self.spaces[family]
                },
            )
        space, point = self.spaces[candidate.family], dict(candidate.hyperparameters)
        free = [name for name, parameter in space if len(set(parameter.extent())) > 1]
        chosen = [name for name in free if rng.random() < CHANGED / len(free)]
        if free and not chosen:
            chosen = [free[int(rng.integers(len(free)))]]
        for name in chosen:
            point[name] = _near(space[name], point[name], rng)
        return Candidate(candidate.family, point)


def key(candidate: Candidate) -> Key:
    """Returns what two equal candidates have in common."""
    return (candidate.family, *candidate.hyperparameters.values())


def distinct(candidates: Iterator[Candidate] | Sequence[Candidate]) -> list[Candidate]:
    """Returns the candidates without repetitions, in their order."""
    return list({key(candidate): candidate for candidate in candidates}.values())


def _values(parameter: Parameter) -> tuple[Value, ...] | None:
    """Returns every value of a parameter, or None if there are too many."""
    if isinstance(parameter, Choice):
        return parameter.values
    if isinstance(parameter, Int) and parameter.high - parameter.low < FEW:
        return tuple(range(parameter.low, parameter.high + 1))
    return (parameter.low,) if parameter.low == parameter.high else None


def _near(parameter: Parameter, value: Value, rng: np.random.Generator) -> Value:
    if isinstance(parameter, Choice):
        values = parameter.values
        position, last = values.index(value), len(values) - 1
        if all(is_number(each) for each in values) and rng.random() < NEXT_VALUE:
            return values[int(np.clip(position + rng.choice((-1, 1)), 0, last))]
        return values[int(rng.integers(len(values)))]
    step = float(rng.normal() * 10 ** rng.uniform(-2, -0.5))
    return _moved(parameter, value, step, rng)


def _moved(parameter: Float | Int, value: Value, step: float, rng: np.random.Generator) -> Value:
    """Returns a value moved by a share of its range, on a logarithmic scale where it has one."""
    low, high, start = float(parameter.low), float(parameter.high), float(value)
    if parameter.log:
        moved = start * math.exp(step * math.log(high / low))
    else:
        moved = start + step * (high - low)
    moved = float(np.clip(moved, low, high))
    if isinstance(parameter, Float):
        return moved
    whole = round(moved)
    if whole == value:
        whole += int(rng.choice((-1, 1)))
    return int(np.clip(whole, parameter.low, parameter.high))


def _between(parameter: Parameter, least: Value, value: Value, rng: np.random.Generator) -> Value:
    """Returns a random value between two, both included."""
    if isinstance(parameter, Choice):
        numbers = [each for each in parameter.values if is_number(each)]
        if not (is_number(least) and is_number(value)):
            return least if rng.random() < 0.5 else value
        low, high = sorted((float(least), float(value)))
        within = [each for each in numbers if low <= float(each) <= high]
        return within[int(rng.integers(len(within)))]
    low, high = sorted((float(least), float(value)))
    if isinstance(parameter, Int):
        return int(rng.integers(int(low), int(high) + 1))
    return float(np.clip(rng.uniform(low, high), low, high))
