"""Reads the spaces of a search's families from its YAML form.

Every mistake becomes a sentence in the list ``problems``, and reading continues.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from frontier_search.data.dataset import Dataset
from frontier_search.data.datasets import DATASETS
from frontier_search.errors import SpecError, unknown
from frontier_search.export.emitters import has_emitter
from frontier_search.export.numbers import FLOAT, NUMBERS, untrained
from frontier_search.models.families import FAMILIES
from frontier_search.models.family import CHANNELS, Family
from frontier_search.space import SearchSpace
from frontier_search.zoo import is_import_path

ANY_SHAPE = (64, 1)  # (inputs, outputs): the form does not depend on them
Spaces = tuple[tuple[str, SearchSpace], ...]  # (family, space), in the order of their turns


def read_families(
    given: Any,
    default: Iterable[str],
    learning_rate: tuple[float, float],
    problems: list[str],
    rates: Sequence[float] = (),
    recorded: bool = False,
    numbers: Sequence[str] = (),
    channels: int | None = None,
) -> Spaces:
    """Returns the spaces of the families that a search lists.

    Args:
        given: a list of names, or a mapping from names to what differs from the default space.
        default: the families when none is given.
        learning_rate: (low, high) of the dataset's own range.
        rates: the learning rates of every family, in place of that range, if there are any.
        recorded: whether a defined search lists them, whose own families are taken at their word
            and not loaded.
        numbers: the number formats that every family has a choice of, if there are any.
        channels: of a step of the dataset's rows; None where there is no dataset.
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
        (name, _recorded(name, override, problems))
        if recorded and is_import_path(name)
        else (name, _space(name, override, learning_rate, problems, rates, numbers, channels))
        for name, override in overrides.items()
    )
    return tuple((name, space) for name, space in spaces if space is not None)


def data_problem(family: str, dataset: Dataset) -> str | None:
    """Returns why a family of images or sequences cannot be trained on a dataset, or None."""
    kind = FAMILIES[family]
    if kind.sequence and dataset.sequence is None:
        suited = ", ".join(name for name, member in DATASETS.items() if member.sequence)
        return (
            f"family {family!r} takes sequences; {dataset.name!r} holds none. Take {suited}, an "
            ".npz file whose X has the shape (n, time, channels), a table with --sequence ID "
            "--time T, or one series with --time T --window STEPS."
        )
    if not kind.image or dataset.square_image:
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
    """Returns the sentence for an import path that names something other than a family."""
    return (
        f"{name!r} is a {type(found).__name__}, not a Family; give the name of a "
        "frontier_search.Family, or of what makes a torch.nn.Module."
    )


def _recorded(name: str, given: Any, problems: list[str]) -> SearchSpace | None:
    """Returns the whole space that a defined search holds."""
    if not isinstance(given, Mapping):
        problems.append(f"family {name!r}: the space is {given!r}; a whole space is needed.")
        return None
    space, mistakes = SearchSpace.from_spec(given)
    problems += [f"family {name!r}: {problem}" for problem in mistakes]
    return space


def _space(
    name: str,
    override: Any,
    learning_rate: tuple[float, float],
    problems: list[str],
    rates: Sequence[float],
    numbers: Sequence[str],
    channels: int | None,
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
        own = (learning_rate, channels or 1)
        spec, default = family.space_spec(*own), family.default_space(*own)
    except SpecError as error:
        problems += error.problems
        return None
    rates = () if family.fitted else rates
    if rates:
        spec["learning_rate"] = {"choice": list(rates)}
    if numbers:
        formats = _formats(family, default, numbers)
        spec[NUMBERS] = {"choice": formats}
        if not formats:
            problems.append(
                f"family {name!r} has no form in {' or '.join(numbers)}: dense networks and "
                f"reservoirs have one. Add {FLOAT} to `numbers`, or leave the family out."
            )
            return None
    if override not in (None, "default"):
        if not isinstance(override, Mapping):
            problems.append(
                f"family {name!r}: the space is {override!r}; "
                "give a mapping of parameters, or `default`."
            )
            return None
        problems += [
            f"family {name!r}: {unknown('parameter', key, spec)}"
            for key in override
            if key not in spec
        ]
        if channels and override.get(CHANNELS, spec.get(CHANNELS)) != spec.get(CHANNELS):
            problems.append(
                f"family {name!r}: {CHANNELS} = {override[CHANNELS]!r}; a step of this dataset has "
                f"{channels}, so leave it out."
            )
            return None
        if rates and "learning_rate" in override:
            problems.append(
                f"family {name!r}: it has a learning_rate, and `learning_rates` gives every family"
                " the same ones; leave one of the two out."
            )
        spec |= override
    space, mistakes = SearchSpace.from_spec(spec)
    for key, parameter in space:
        problem = (
            default[key].type_problem(key, *parameter.extent()) if key in default.names() else None
        )
        mistakes += [problem] if problem else []
    mistakes += _format_problems(space, formats) if numbers else []
    mistakes += _rate_problems(space) if not mistakes and not family.fitted else []
    problems += [f"family {name!r}: {problem}" for problem in mistakes]
    return space


def _formats(family: Family, space: SearchSpace, numbers: Sequence[str]) -> list[str]:
    """Returns those of some number formats in which models of a family have a form."""
    built, found = family.build(space.smallest()), []
    for each in numbers:
        try:
            untrained(built, *ANY_SHAPE, each)
        except SpecError:
            continue
        found.append(each)
    # a family without an emitter has no form at all, which is said when its models are counted
    return found or [each for each in numbers if not has_emitter(built)]


def _format_problems(space: SearchSpace, formats: Sequence[str]) -> list[str]:
    given = space[NUMBERS].extent()
    return [
        f"numbers = {each!r}; {' or '.join(formats)} is needed."
        for each in given
        if each not in formats
    ]


def _rate_problems(space: SearchSpace) -> list[str]:
    """Returns a sentence for each rate that no optimiser takes, in a space that can be read."""
    if "learning_rate" not in space.names():
        return ["its space has no learning_rate; every model is trained with one."]
    least = {name: value for name, value in space.smallest().items() if not isinstance(value, str)}
    rate, decay = least.get("learning_rate", 0), least.get("weight_decay", 0)
    problems = [] if rate > 0 else [f"learning_rate = {rate!r}; a number above 0 is needed."]
    return problems + (
        [] if decay >= 0 else [f"weight_decay = {decay!r}; a number of at least 0 is needed."]
    )
