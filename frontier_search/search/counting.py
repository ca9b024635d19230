"""Counts a model that is described on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from frontier_search.data.dataset import Dataset
from frontier_search.data.reference import DatasetReference
from frontier_search.errors import SpecError, unknown
from frontier_search.models.families import FAMILIES
from frontier_search.models.family import Family
from frontier_search.search.spaces import data_problem, not_a_family
from frontier_search.space import SearchSpace, Value, read_value
from frontier_search.table.options import TableOptions

# Parameters that decide a size and must be given, each with an example: no default is sensible.
SIZES = {"hidden": 16, "channels": 8}


def describe(
    family: str, dataset: str, settings: Sequence[str], options: TableOptions | None = None
) -> Described:
    """Returns the model that a user describes.

    Args:
        family, dataset: names as the user gives them.
        options: what the user says of a table of their own.
        settings: ``NAME=VALUE`` each. ``hidden`` and, for images, ``channels`` must be among them
            if the family has them. Others that are left out have the least value of the default
            space.

    Raises:
        SpecError: every mistake, each as a sentence.
    """
    problems: list[str] = []
    found_family: object = None
    found_dataset = None
    try:
        found_family = FAMILIES[family]
    except SpecError as error:
        problems += error.problems
    try:
        found_dataset = DatasetReference.read(dataset).load(options)
    except SpecError as error:
        problems += error.problems
    if not isinstance(found_family, Family | None):
        problems.append(not_a_family(family, found_family))
    if not isinstance(found_family, Family) or found_dataset is None:
        raise SpecError(problems)
    space = found_family.default_space(found_dataset.learning_rate, found_dataset.channels)
    given = _values(settings, space, problems)
    problem = data_problem(family, found_dataset)
    problems += [problem] if problem else []
    missing = [name for name in SIZES if name in space.names() and name not in given]
    problems += [
        f"the size depends on `{name}`; give it with --set {name}={SIZES[name]}."
        for name in missing
    ]
    if problems:
        raise SpecError(problems)
    return Described(found_family, found_dataset, space, given)


@dataclass(frozen=True)
class Described:
    """A family and a point of its space, on a dataset.

    Attributes:
        space: the family's default space.
        given: what the user set; every other parameter has its least value.
    """

    family: Family
    dataset: Dataset
    space: SearchSpace
    given: dict[str, Value]

    @property
    def point(self) -> dict[str, Value]:
        return self.space.smallest() | self.given

    def size(self) -> dict[str, int]:
        """Returns raw, effective, flops and bytes.

        Raises:
            SpecError: no model has these values.
        """
        return self._size_with({})

    def assumed(self) -> dict[str, Value]:
        """Returns the values of the parameters that were not given and on which a count depends."""
        return {
            name: value
            for name, value in self.point.items()
            if name not in self.given and self._depends_on(name)
        }

    def _depends_on(self, name: str) -> bool:
        """Returns whether another value of the default space gives another count, or no model."""
        try:
            return any(
                self._size_with({name: value}) != self.size() for value in self.space[name].extent()
            )
        except SpecError:
            return True

    def _size_with(self, changed: dict[str, Value]) -> dict[str, int]:
        architecture = self.family.build(self.point | changed)
        return architecture.size(self.dataset.n_features, self.dataset.n_outputs).counts()


def _values(settings: Sequence[str], space: SearchSpace, problems: list[str]) -> dict[str, Value]:
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
            # a value outside the default range is allowed
            problem = space[name].type_problem(name, given[name])
            if problem:
                problems.append(problem)
    return given
