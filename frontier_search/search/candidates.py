"""Reads candidates that a search lists, counts them, and finds models that are impossible.

Every mistake becomes a sentence in the list ``problems``, and reading continues.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, cast

import numpy as np

from frontier_search.data.dataset import Dataset
from frontier_search.errors import SpecError, unknown
from frontier_search.export.costs import model_costs
from frontier_search.export.numbers import NUMBERS, numbers_in
from frontier_search.models.architectures.own_module import OwnModule
from frontier_search.models.editions import EDITION, family
from frontier_search.models.families import FAMILIES
from frontier_search.objective import OBJECTIVES
from frontier_search.search.bound import Bound
from frontier_search.search.spaces import Spaces
from frontier_search.space import Choice, SearchSpace, Value, read_value
from frontier_search.trial import Candidate
from frontier_search.zoo import is_import_path, load

FEASIBILITY_DRAWS = 200
KEPT_SPACES = 256  # whose sizes a process keeps: a table of sizes of 200 candidates each
EXAMINATION = "frontier_search.models.examination:notes"  # which loads torch
OWN_DRAWS = 20  # of a user's own module, which is made to be counted


def model_size(
    candidate: Candidate, dataset: Dataset, edition: int = EDITION, device: str | None = None
) -> dict[str, int]:
    """Returns raw, effective, flops and bytes of a candidate on a dataset, in closed form.

    Args:
        device: adds what the model costs on this core.
    """
    return _model_size(candidate, (dataset.n_features, dataset.n_outputs), edition, device)


def _model_size(
    candidate: Candidate, shape: tuple[int, int], edition: int, device: str | None
) -> dict[str, int]:
    """Returns the size of a candidate for so many features and outputs."""
    architecture = family(candidate.family, edition).build(candidate.hyperparameters)
    size = architecture.size(*shape)
    # edition 1 counted what is fixed as if it were written out
    counts = size.counts() | ({"bytes": size.unrolled_bytes} if edition == 1 else {})
    if device is None:
        return counts
    numbers = numbers_in(candidate.hyperparameters)
    return counts | model_costs(architecture, *shape, device, numbers, edition)


def examined(candidate: Candidate, dataset: Dataset, edition: int = EDITION) -> tuple[str, ...]:
    """Examines a candidate if it is a user's own module, and returns what the user should know.

    Raises:
        SpecError: it cannot be trained.
    """
    architecture = family(candidate.family, edition).build(candidate.hyperparameters)
    if not isinstance(architecture, OwnModule):
        return ()
    examine = cast(Callable[[OwnModule, int, int], tuple[str, ...]], load(EXAMINATION))
    return examine(architecture, dataset.n_features, dataset.n_outputs)


def read_candidates(
    given: Any, spaces: Spaces, problems: list[str], rates: Sequence[float] = ()
) -> tuple[Candidate, ...]:
    """Returns candidates that are listed as ``{family: NAME, PARAMETER: VALUE, ...}``.

    A parameter with only one value in its family's space may be left out. The word ``grid`` stands
    for every point of the spaces, which must then hold only choices.

    Args:
        rates: a listed candidate without a learning rate is one candidate at each of these.
    """
    if given == "grid":
        return _grid(spaces, problems)
    if (
        not isinstance(given, list | tuple)
        or not given
        or not all(isinstance(point, Mapping) for point in given)
    ):
        problems.append(
            f"candidates = {given!r}; give `grid`, or a list of mappings such as "
            "{family: dense, hidden: 16, learning_rate: 0.01}."
        )
        return ()
    read: list[Candidate] = []
    for number, point in enumerate(given, start=1):
        n_problems, name = len(problems), f"candidate {number}"
        if not point.get("family"):
            problems.append(f"{name} is {dict(point)}; it needs a `family`.")
            continue
        named = str(point["family"])
        space = dict(spaces).get(named)
        if space is None:
            if named in FAMILIES:  # an unknown name is among the problems already
                problems.append(f"{name}: {unknown('family', named, dict(spaces))}")
            continue
        own = {key: value for key, value in point.items() if key != "family"}
        at_rates = (
            [own]
            if "learning_rate" in own or not rates
            else [own | {"learning_rate": rate} for rate in rates]
        )
        _values(name, at_rates[0], space, problems)
        if len(problems) > n_problems:
            continue
        candidates = [Candidate(named, _values(name, each, space, problems)) for each in at_rates]
        problems += [f"{name} is listed twice: {dict(point)}."] if candidates[0] in read else []
        read += candidates
    return tuple(read)


def _grid(spaces: Spaces, problems: list[str]) -> tuple[Candidate, ...]:
    points: list[Candidate] = []
    for named, space in spaces:
        ranges = [name for name, parameter in space if not isinstance(parameter, Choice)]
        problems += [
            f"family {named!r}: a grid needs choices; "
            f"give {name} as {{choice: [...]}} or a bare value."
            for name in ranges
        ]
        values = [parameter.values for _, parameter in space if isinstance(parameter, Choice)]
        points += [
            Candidate(named, dict(zip(space.names(), point, strict=False)))
            for point in itertools.product(*values)
        ]
    return tuple(points) if not problems else ()


def _values(
    name: str, given: Mapping[str, Any], space: SearchSpace, problems: list[str]
) -> dict[str, Value]:
    problems += [
        f"{name}: {unknown('parameter', key, space.names())}"
        for key in given
        if key not in space.names()
    ]
    values: dict[str, Value] = {}
    for key, parameter in space:
        fixed = (
            parameter.values[0]
            if isinstance(parameter, Choice) and len(parameter.values) == 1
            else None
        )
        value = read_value(given[key]) if key in given else fixed
        if value is None:
            problems.append(f"{name} has no {key}; give one within {parameter.to_spec()}.")
        elif value not in parameter:
            problems.append(
                f"{name}: {key} = {value!r} is outside its family's space, "
                f"{parameter.to_spec()}; widen it under `families`."
            )
        else:
            values[key] = value
    return values


def model_problems(
    families: Spaces,
    candidates: Sequence[Candidate],
    require: Sequence[Bound],
    dataset: Dataset,
    device: str | None = None,
) -> list[str]:
    """Returns a sentence for each impossible model and each bound that no candidate keeps.

    Checks the listed candidates, or else some points of each family's space.
    """
    shape = (dataset.n_features, dataset.n_outputs)
    groups: list[tuple[str, Candidate, Callable[[], Sequence[Mapping[str, int]]]]]
    if candidates:
        groups = [
            (f"candidate {i}", each, partial(_sizes, [each], shape, device))
            for i, each in enumerate(candidates, start=1)
        ]
    else:
        groups = [
            (
                f"family {name!r}",
                Candidate(name, space.smallest()),
                partial(_some_sizes, name, space, shape, device),
            )
            for name, space in families
        ]
    problems, beyond = list[str](), dict[Bound, dict[str, int]]()
    for name, first, sizes_of in groups:
        try:
            sizes = sizes_of()
            examined(first, dataset)
        except SpecError as error:
            problems.append(f"{name}: {str(error).removeprefix(f'{name}: ').rstrip('.')}.")
            continue
        except Exception as error:  # the family may be the user's code, and raise anything
            words = (
                f"its space has no {error}"
                if isinstance(error, KeyError)
                else f"{type(error).__name__}: {error}"
            )
            problems.append(f"{name}: its model cannot be made: {words}.")
            continue
        for bound in require:
            smallest = min(OBJECTIVES[bound.objective].count(each) for each in sizes)
            found = beyond.setdefault(bound, {})
            if smallest > bound.limit:
                found[name] = smallest
    return problems + [
        problem
        for bound, found in beyond.items()
        for problem in _beyond(bound, found, 0 if candidates else len(groups))
    ]


def _beyond(bound: Bound, smallest: Mapping[str, int], n_groups: int) -> list[str]:
    """Returns a sentence for each family that cannot keep a bound, or one if none can.

    Args:
        smallest: the least value of each of them.
        n_groups: how many families there are, with those that can; 0 for listed candidates.
    """
    if n_groups > 1 and len(smallest) == n_groups:
        name = min(smallest, key=lambda each: smallest[each])
        least = f"the smallest that exists has {bound.objective} = {smallest[name]}, of {name}."
        return [f"no candidate keeps {bound}; {least}"]
    return [
        f"{name}: no candidate keeps {bound}; the smallest has {bound.objective} = {least}."
        for name, least in smallest.items()
    ]


def _sizes(
    candidates: Sequence[Candidate], shape: tuple[int, int], device: str | None
) -> list[dict[str, int]]:
    return [_model_size(each, shape, EDITION, device) for each in candidates]


def _some_sizes(
    name: str, space: SearchSpace, shape: tuple[int, int], device: str | None
) -> Sequence[Mapping[str, int]]:
    """Returns the sizes of some candidates of a space; those of a shipped family only once."""
    if is_import_path(name):  # the user's code, which may change
        return _sizes(_some_candidates(name, space), shape, device)
    # 1 and 1.0 are equal, but not written the same
    return _kept_sizes(name, space, repr(space), shape, device)


@lru_cache(maxsize=KEPT_SPACES)
def _kept_sizes(
    name: str, space: SearchSpace, written: str, shape: tuple[int, int], device: str | None
) -> Sequence[Mapping[str, int]]:
    return _sizes(_some_candidates(name, space), shape, device)


def _some_candidates(named: str, space: SearchSpace) -> list[Candidate]:
    """Returns the smallest candidate and some at random.

    They are enough to find out whether a space holds a model, and one within the bounds.
    """
    rng = np.random.default_rng(0)
    draws = FEASIBILITY_DRAWS if FAMILIES[named].space is None else OWN_DRAWS
    smallest = space.smallest()
    formats = space[NUMBERS].extent() if NUMBERS in space.names() else ()
    return [
        Candidate(named, smallest),
        *(Candidate(named, smallest | {NUMBERS: each}) for each in formats),
        *(Candidate(named, space.sample(rng)) for _ in range(draws)),
    ]
