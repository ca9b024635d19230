"""Counting a model that is described on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import yaml

from frontier_search.datasets import find
from frontier_search.errors import SpecError, unknown
from frontier_search.families import FAMILIES
from frontier_search.reading import image_problem
from frontier_search.space import SearchSpace, Value, read_value

SIZES = {"hidden": 16, "channels": 8}  # what a size depends on and no default can stand for, with an example


def count(family: str, dataset: str, settings: Sequence[str]) -> dict[str, int]:
    """raw, effective, flops and bytes of a model.

    Args:
        family, dataset: names as the user gives them.
        settings: ``NAME=VALUE`` each. ``hidden`` and, for images, ``channels`` must be among them where the family has them; others, when
            left out, have a value of the default space.

    Raises:
        SpecError: every mistake, each as a sentence.
    """
    problems: list[str] = []
    found_family = found_dataset = None
    try:
        found_family = FAMILIES[family]
    except SpecError as error:
        problems += error.problems
    try:
        found_dataset = find(dataset)
    except SpecError as error:
        problems += error.problems
    if found_family is None or found_dataset is None:
        raise SpecError(problems)
    space = found_family.default_space(found_dataset.budget.learning_rate)
    given = _read(settings, space, problems)
    problem = image_problem(family, found_dataset)
    problems += [problem] if problem else []
    missing = [name for name in SIZES if name in space.names() and name not in given]
    problems += [f"the size depends on `{name}`; give it with --set {name}={SIZES[name]}." for name in missing]
    if problems:
        raise SpecError(problems)
    architecture = found_family.build(space.sample(np.random.default_rng(0)) | given)
    return asdict(architecture.size(found_dataset.n_features, found_dataset.n_outputs))


def _read(settings: Sequence[str], space: SearchSpace, problems: list[str]) -> dict[str, Value]:
    given: dict[str, Value] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            problems.append(f"cannot read --set {setting!r}; write NAME=VALUE, e.g. hidden=16.")
        elif name not in space.names():
            problems.append(unknown("parameter", name, space.names()))
        else:
            try:
                given[name] = read_value(yaml.safe_load(text))
            except yaml.YAMLError:
                given[name] = text
            problem = space[name].type_problem(name, given[name])  # a value outside the default range is welcome
            if problem:
                problems.append(problem)
    return given
