"""How the models of a search are read from its YAML form: the families' spaces, and candidates that are listed one by one.

Every mistake becomes a sentence among ``problems``, and reading goes on.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from frontier_search.data.dataset import Dataset
from frontier_search.data.datasets import DATASETS
from frontier_search.errors import SpecError, unknown
from frontier_search.models.families import FAMILIES
from frontier_search.models.family import Family
from frontier_search.objective import OBJECTIVES, Bound
from frontier_search.space import Choice, SearchSpace, Value, read_value
from frontier_search.trial import Candidate

FEASIBILITY_DRAWS = 200

Spaces = tuple[tuple[str, SearchSpace], ...]


def read_families(
    given: Any, default: Iterable[str], learning_rate: tuple[float, float], problems: list[str]
) -> Spaces:
    """The spaces of a list of names, or of a mapping from names to what differs from the default space.

    Args:
        default: the families when none is given.
        learning_rate: (low, high) of the dataset's own range.
    """
    if given is None:
        given = tuple(default)
    if isinstance(given, str):
        given = [name.strip() for name in given.split(",") if name.strip()]
    if not isinstance(given, Mapping | list | tuple):
        problems.append(
            f"families = {given!r}; give a list of names, or a mapping from names to spaces."
        )
        return ()
    overrides = {str(name): given[name] if isinstance(given, Mapping) else None for name in given}
    if not overrides:
        problems.append(f"no family given; list one or more of {', '.join(FAMILIES)}.")
    if not isinstance(given, Mapping):
        problems += [
            f"family {name!r} is listed twice; list it once."
            for name in overrides
            if list(given).count(name) > 1
        ]
    spaces = (
        (name, _space(name, override, learning_rate, problems))
        for name, override in overrides.items()
    )
    return tuple((name, space) for name, space in spaces if space is not None)


def image_problem(family: str, dataset: Dataset) -> str | None:
    """Why a family of images cannot be trained on a dataset, or None."""
    if not FAMILIES[family].image or dataset.square_image:
        return None
    held = (
        f"images of {' x '.join(map(str, dataset.image))} (channels, height, width)"
        if dataset.image
        else "no images"
    )
    suited = ", ".join(name for name, member in DATASETS.items() if member.square_image)
    return (
        f"family {family!r} takes square images of one channel; {dataset.name!r} holds {held}. "
        f"Take {suited}, or an .npz file whose X has the shape (n, side, side)."
    )


def not_a_family(name: str, found: object) -> str:
    """The sentence for an import path that names something else."""
    return f"{name!r} is a {type(found).__name__}, not a Family; give the name of a frontier_search.models.family.Family."


def _space(
    name: str, override: Any, learning_rate: tuple[float, float], problems: list[str]
) -> SearchSpace | None:
    try:
        family: object = FAMILIES[name]
    except SpecError as error:
        problems += error.problems
        return None
    if not isinstance(family, Family):
        problems.append(not_a_family(name, family))
        return None
    try:
        spec, default = family.space_spec(learning_rate), family.default_space(learning_rate)
    except SpecError as error:
        problems += error.problems
        return None
    if override not in (None, "default"):
        if not isinstance(override, Mapping):
            problems.append(
                f"family {name!r}: the space is {override!r}; give a mapping of parameters, or `default`."
            )
            return None
        problems += [
            f"family {name!r}: {unknown('parameter', key, spec)}"
            for key in override
            if key not in spec
        ]
        spec |= override
    space, mistakes = SearchSpace.from_spec(spec)
    for key, parameter in space:
        problem = (
            default[key].type_problem(key, *parameter.extent()) if key in default.names() else None
        )
        mistakes += [problem] if problem else []
    mistakes += rate_problems(space) if not mistakes else []
    problems += [f"family {name!r}: {problem}" for problem in mistakes]
    return space


def rate_problems(space: SearchSpace) -> list[str]:
    """What no optimiser takes, in a space that is otherwise right."""
    if "learning_rate" not in space.names():
        return ["its space has no learning_rate; every model is trained with one."]
    least = {name: value for name, value in space.smallest().items() if not isinstance(value, str)}
    rate, decay = least.get("learning_rate", 0), least.get("weight_decay", 0)
    problems = [] if rate > 0 else [f"learning_rate = {rate!r}; a number above 0 is needed."]
    return problems + (
        [] if decay >= 0 else [f"weight_decay = {decay!r}; a number of at least 0 is needed."]
    )


def read_candidates(given: Any, spaces: Spaces, problems: list[str]) -> tuple[Candidate, ...]:
    """Candidates listed one by one, each ``{family: NAME, PARAMETER: VALUE, ...}``; what its family's space fixes may be left out.

    The word ``grid`` stands for every point of the spaces, which then hold choices alone.
    """
    if given == "grid":
        return _grid(spaces, problems)
    if (
        not isinstance(given, list | tuple)
        or not given
        or not all(isinstance(point, Mapping) for point in given)
    ):
        problems.append(
            f"candidates = {given!r}; give `grid`, or a list of mappings such as {{family: dense, hidden: 16, learning_rate: 0.01}}."
        )
        return ()
    read: list[Candidate] = []
    for place, point in enumerate(given, start=1):
        found, name = len(problems), f"candidate {place}"
        if not point.get("family"):
            problems.append(f"{name} is {dict(point)}; it needs a `family`.")
            continue
        family = str(point["family"])
        space = dict(spaces).get(family)
        if space is None:
            if family in FAMILIES:  # else its name is a mistake that is among the problems already
                problems.append(f"{name}: {unknown('family', family, dict(spaces))}")
            continue
        values = _values(
            name, {key: value for key, value in point.items() if key != "family"}, space, problems
        )
        if len(problems) == found:
            candidate = Candidate(family, values)
            problems += [f"{name} is listed twice: {dict(point)}."] if candidate in read else []
            read.append(candidate)
    return tuple(read)


def _grid(spaces: Spaces, problems: list[str]) -> tuple[Candidate, ...]:
    points: list[Candidate] = []
    for family, space in spaces:
        open_ended = [name for name, parameter in space if not isinstance(parameter, Choice)]
        problems += [
            f"family {family!r}: a grid needs choices; give {name} as {{choice: [...]}} or a bare value."
            for name in open_ended
        ]
        values = [parameter.values for _, parameter in space if isinstance(parameter, Choice)]
        points += [
            Candidate(family, dict(zip(space.names(), point, strict=False)))
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
                f"{name}: {key} = {value!r} is outside its family's space, {parameter.to_spec()}; widen it under `families`."
            )
        else:
            values[key] = value
    return values


def space_problems(
    families: Spaces,
    candidates: Sequence[Candidate],
    require: Sequence[Bound],
    size: Callable[[Candidate], Mapping[str, int]],
) -> list[str]:
    """Models that are impossible, bounds that no candidate keeps, and listed candidates that break one."""
    if candidates:
        groups = [
            (f"candidate {i}", [candidate]) for i, candidate in enumerate(candidates, start=1)
        ]
    else:
        groups = [(f"family {name!r}", _some_candidates(name, space)) for name, space in families]
    problems = []
    for name, listed in groups:
        try:
            sizes = [size(candidate) for candidate in listed]
        except SpecError as error:
            problems.append(f"{name}: {error}.")
            continue
        except (
            Exception
        ) as error:  # a family may be the user's code: whatever it raises, there is no such model
            words = (
                f"its space has no {error}"
                if isinstance(error, KeyError)
                else f"{type(error).__name__}: {error}"
            )
            problems.append(f"{name}: its model cannot be made: {words}.")
            continue
        for bound in require:
            smallest = min(OBJECTIVES[bound.objective].count(size) for size in sizes)
            if smallest > bound.limit:
                problems.append(
                    f"{name}: no candidate keeps {bound}; the smallest has {bound.objective} = {smallest}."
                )
    return problems


def _some_candidates(family: str, space: SearchSpace) -> list[Candidate]:
    """The smallest and some at random: enough to see whether a space holds a model, and one within the bounds."""
    rng = np.random.default_rng(0)
    return [
        Candidate(family, space.smallest()),
        *(Candidate(family, space.sample(rng)) for _ in range(FEASIBILITY_DRAWS)),
    ]
