"""The search space of one family: named parameters, each a Float, an Int or a Choice.

Written in YAML as::

    hidden: {choice: [4, 8, 16]}
    steps: {int: [1, 8]}
    learning_rate: {float: [1.0e-3, 1.0e-2], log: true}
    spectral_radius: 0.9                # a bare value is fixed

Each kind samples itself, tests a value with ``in`` and returns its YAML form. ``problem`` says why
the kind itself is not valid, ``type_problem`` why a given value has the wrong type (each None if
there is nothing to say). ``extent`` returns the bounds, or every choice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Value = int | float | str | bool


@dataclass(frozen=True)
class Float:
    """A real number in [low, high], uniform or, with ``log``, log-uniform."""

    low: float
    high: float
    log: bool = False

    def sample(self, rng: np.random.Generator) -> Value:
        if self.log:
            drawn = math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
            return float(min(max(drawn, self.low), self.high))
        return float(rng.uniform(self.low, self.high))

    def __contains__(self, value: object) -> bool:
        return (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and self.low <= value <= self.high
        )

    def to_spec(self) -> Any:
        return {"float": [self.low, self.high]} | ({"log": True} if self.log else {})

    def problem(self) -> str | None:
        return _interval_problem(self.low, self.high, self.log)

    def type_problem(self, name: str, *given: Value) -> str | None:
        return _type_problem(name, given, float)

    def extent(self) -> tuple[Value, ...]:
        return (self.low, self.high)


@dataclass(frozen=True)
class Int:
    """A whole number in [low, high], uniform or, with ``log``, log-uniform."""

    low: int
    high: int
    log: bool = False

    def sample(self, rng: np.random.Generator) -> Value:
        if self.log:
            low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
            drawn = round(math.exp(rng.uniform(low, high)))
            return int(min(max(drawn, self.low), self.high))
        return int(rng.integers(self.low, self.high + 1))

    def __contains__(self, value: object) -> bool:
        return (
            isinstance(value, int)
            and not isinstance(value, bool)
            and self.low <= value <= self.high
        )

    def to_spec(self) -> Any:
        return {"int": [self.low, self.high]} | ({"log": True} if self.log else {})

    def problem(self) -> str | None:
        return _interval_problem(self.low, self.high, self.log)

    def type_problem(self, name: str, *given: Value) -> str | None:
        return _type_problem(name, given, int)

    def extent(self) -> tuple[Value, ...]:
        return (self.low, self.high)


@dataclass(frozen=True)
class Choice:
    """One of the listed values. A parameter with only one value is fixed."""

    values: tuple[Value, ...]

    def sample(self, rng: np.random.Generator) -> Value:
        return self.values[int(rng.integers(len(self.values)))]

    def __contains__(self, value: object) -> bool:
        return value in self.values

    def to_spec(self) -> Any:
        return self.values[0] if len(self.values) == 1 else {"choice": list(self.values)}

    def problem(self) -> str | None:
        if not self.values:
            return "needs at least one value"
        if not all(math.isfinite(value) for value in self.values if isinstance(value, float)):
            return f"lists a value that is not finite: {list(self.values)}"
        if len(set(self.values)) < len(self.values):  # 1, 1.0 and true are one value to a sampler
            return f"lists a value twice: {list(self.values)}"
        return None

    def type_problem(self, name: str, *given: Value) -> str | None:
        return _type_problem(name, given, type(self.values[0]))

    def extent(self) -> tuple[Value, ...]:
        return self.values


Parameter = Float | Int | Choice


def _type_problem(name: str, given: Iterable[Value], expected: type) -> str | None:
    """Returns why a value has the wrong type, or None. Any range is allowed."""
    words = {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}
    for value in given:
        if isinstance(value, bool) is not (expected is bool) or not isinstance(
            value, int | float if expected is float else expected
        ):
            return f"{name} = {value!r}; {words[expected]} is needed."
    return None


def _interval_problem(low: float, high: float, log: bool) -> str | None:
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"has bounds [{low}, {high}]; both must be finite"
    if low > high:
        return f"has low > high: [{low}, {high}]; give the smaller bound first"
    if log and low <= 0:
        return f"is logarithmic with low = {low}; a logarithmic range starts above 0"
    return None


@dataclass(frozen=True)
class SearchSpace:
    """The parameters of one family, in the order in which they are proposed."""

    parameters: tuple[tuple[str, Parameter], ...]

    @staticmethod
    def from_spec(spec: Mapping[str, Any]) -> tuple[SearchSpace, list[str]]:
        """Reads the YAML form.

        Returns:
            the space of the parameters that can be read, and a sentence for each that cannot.
        """
        parameters: list[tuple[str, Parameter]] = []
        problems: list[str] = []
        for name, given in spec.items():
            parameter = _parse(given)
            problem = parameter if isinstance(parameter, str) else parameter.problem()
            if problem is not None:
                problems.append(f"parameter {name!r} {problem}")
            elif not isinstance(parameter, str):
                parameters.append((str(name), parameter))
        return SearchSpace(tuple(parameters)), problems

    def to_spec(self) -> dict[str, Any]:
        """Returns the YAML form; ``from_spec`` gives the space back."""
        return {name: parameter.to_spec() for name, parameter in self.parameters}

    def sample(self, rng: np.random.Generator) -> dict[str, Value]:
        """Returns one point, with every parameter drawn independently."""
        return {name: parameter.sample(rng) for name, parameter in self.parameters}

    def smallest(self) -> dict[str, Value]:
        """Returns the point with the least of every number, which is usually the smallest model."""
        return {name: _least(parameter) for name, parameter in self}

    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.parameters)

    def __iter__(self) -> Iterator[tuple[str, Parameter]]:
        return iter(self.parameters)

    def __getitem__(self, name: str) -> Parameter:
        return dict(self.parameters)[name]


_FORMS = (
    "write {float: [low, high]}, {int: [low, high]} (with log: true if wanted), "
    "{choice: [...]} or a bare value"
)


SCIENTIFIC = re.compile(r"[-+]?\d+[eE][-+]?\d+")


def read_value(given: Value) -> Value:
    """Returns a number for text such as ``1e-3``, which YAML 1.1 does not take for a number."""
    return float(given) if isinstance(given, str) and SCIENTIFIC.fullmatch(given) else given


def _parse(given: Any) -> Parameter | str:
    if isinstance(given, bool | int | float | str):
        return Choice((read_value(given),))
    if not isinstance(given, Mapping):
        return f"is {given!r}; {_FORMS}"
    kinds = [kind for kind in ("float", "int", "choice") if kind in given]
    if len(kinds) != 1 or set(given) - {"float", "int", "choice", "log"}:
        return f"is {dict(given)!r}; {_FORMS}"
    kind, values, log = kinds[0], given[kinds[0]], given.get("log", False)
    if not isinstance(values, list | tuple) or not all(
        isinstance(value, bool | int | float | str) for value in values
    ):
        return f"is {dict(given)!r}; {_FORMS}"
    values = [read_value(value) for value in values]
    if kind == "choice":
        return (
            f"is {dict(given)!r}; a choice has no log" if "log" in given else Choice(tuple(values))
        )
    number = float if kind == "float" else int
    if (
        len(values) != 2
        or not all(isinstance(v, int | number) and not isinstance(v, bool) for v in values)
        or not isinstance(log, bool)
    ):
        return f"is {dict(given)!r}; {_FORMS}"
    return (
        Float(float(values[0]), float(values[1]), log)
        if kind == "float"
        else Int(values[0], values[1], log)
    )


def _least(parameter: Parameter) -> Value:
    if isinstance(parameter, Choice):
        numbers = [value for value in parameter.values if not isinstance(value, str | bool)]
        return min(numbers) if numbers else parameter.values[0]
    return parameter.low
