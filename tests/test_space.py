"""A search space has a YAML form, draws within bounds, and a sentence for each mistake in it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.space import Choice, Float, Int, Parameter, SearchSpace, read_value

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)
values = st.one_of(st.integers(-1000, 1000), finite, st.booleans(), st.text("abcxyz_", min_size=1))


@st.composite
def parameters(draw: st.DrawFn) -> Parameter:
    """Any legal parameter."""
    kind, log = draw(st.sampled_from([Float, Int, Choice])), draw(st.booleans())
    if kind is Choice:
        return Choice(tuple(draw(st.lists(values, min_size=1, max_size=5, unique=True))))
    numbers = (
        st.integers(1 if log else -1000, 10**6)
        if kind is Int
        else st.floats(1e-9 if log else -1e6, 1e6)
    )
    low, high = sorted((draw(numbers), draw(numbers)))
    return kind(low, high, log)


spaces = st.dictionaries(
    st.sampled_from(["hidden", "learning_rate", "steps", "activation"]), parameters()
).map(lambda d: SearchSpace(tuple(d.items())))


@given(spaces)
def test_the_yaml_form_gives_the_space_back(space: SearchSpace) -> None:
    again, problems = SearchSpace.from_spec(space.to_spec())
    assert problems == []
    assert again == space
    assert repr(again) == repr(space)  # 1, 1.0 and True are equal and are not the same


@given(parameters())
def test_a_legal_parameter_has_no_problem(parameter: Parameter) -> None:
    assert parameter.problem() is None


@given(spaces, st.integers(0, 2**32))
def test_a_draw_is_within_the_space_and_follows_from_its_generator(
    space: SearchSpace, seed: int
) -> None:
    drawn = space.sample(np.random.default_rng(seed))
    assert tuple(drawn) == space.names()
    for name, parameter in space:
        assert drawn[name] in parameter
        assert type(drawn[name]) in (
            {type(v) for v in parameter.values}
            if isinstance(parameter, Choice)
            else {type(parameter.low)}
        )
    assert space.sample(np.random.default_rng(seed)) == drawn


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [(Int(1, 3), {1, 2, 3}), (Int(1, 3, log=True), {1, 2, 3}), (Choice(("a", "b")), {"a", "b"})],
)
def test_every_value_is_drawn(parameter: Parameter, expected: set[Any]) -> None:
    rng = np.random.default_rng(0)
    assert {parameter.sample(rng) for _ in range(200)} == expected


def test_a_logarithmic_range_is_drawn_evenly_in_its_logarithm() -> None:
    rng = np.random.default_rng(0)
    for parameter in (Float(1e-4, 1.0, log=True), Int(1, 10_000, log=True)):
        logs = np.log([parameter.sample(rng) for _ in range(4000)])
        middle = (math.log(parameter.low) + math.log(parameter.high)) / 2
        assert abs(np.mean(logs < middle) - 0.5) < 0.05
    flat = np.array([Float(0.0, 1.0).sample(rng) for _ in range(4000)])
    assert abs(np.mean(flat < 0.5) - 0.5) < 0.05


@pytest.mark.parametrize("value", [True, False, "3", None, 2.5, 0, 9, math.nan])
def test_a_range_of_whole_numbers_holds_no_other_value(value: object) -> None:
    assert value not in Int(1, 8)
    assert 3 in Int(1, 8)


def test_a_range_of_real_numbers_holds_whole_numbers_and_no_other_type() -> None:
    assert 1 in Float(0.5, 1.5)
    assert not any(value in Float(0.0, 1.0) for value in (True, "0.5", math.nan, 2.0, -1))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"float": [2.0, 1.0]}, "has low > high: [2.0, 1.0]; give the smaller bound first"),
        ({"int": [8, 1]}, "has low > high: [8, 1]; give the smaller bound first"),
        (
            {"float": [0.0, 1.0], "log": True},
            "is logarithmic with low = 0.0; a logarithmic range starts above 0",
        ),
        ({"int": [-1, 4], "log": True}, "is logarithmic with low = -1"),
        ({"float": [0.0, math.inf]}, "has bounds [0.0, inf]; both must be finite"),
        ({"float": [math.nan, 1.0]}, "both must be finite"),
        ({"choice": []}, "needs at least one value"),
        ({"choice": [2, 4, 2]}, "lists a value twice: [2, 4, 2]"),
        ({"choice": [1, True]}, "lists a value twice"),
        ({"choice": [1, 1.0]}, "lists a value twice"),
        ({"choice": [0.5, math.nan]}, "lists a value that is not finite"),
        (math.inf, "lists a value that is not finite"),
        ({"choice": [1, 2], "log": True}, "a choice has no log"),
        ({"int": [1.5, 2]}, "write {float: [low, high]}"),
        ({"int": [1]}, "write {float: [low, high]}"),
        ({"int": [1, 2, 3]}, "write {float: [low, high]}"),
        ({"int": [True, 2]}, "write {float: [low, high]}"),
        ({"float": [1.0, 2.0], "log": "yes"}, "write {float: [low, high]}"),
        ({"float": "1..2"}, "write {float: [low, high]}"),
        ({"float": [1, 2], "int": [1, 2]}, "write {float: [low, high]}"),
        ({"floet": [1, 2]}, "write {float: [low, high]}"),
        ({"float": [1, 2], "step": 1}, "write {float: [low, high]}"),
        ({"choice": [[1], [2]]}, "write {float: [low, high]}"),
        ([1, 2], "is [1, 2]; write {float: [low, high]}"),
        (None, "is None; write {float: [low, high]}"),
        ({}, "write {float: [low, high]}"),
    ],
)
def test_an_illegal_parameter_is_a_sentence(given: object, problem: str) -> None:
    space, problems = SearchSpace.from_spec({"good": 1, "bad": given, "better": {"int": [1, 2]}})
    assert len(problems) == 1
    assert problems[0].startswith("parameter 'bad' ")
    assert problem in problems[0]
    assert space.names() == ("good", "better")


def test_a_number_in_scientific_notation_is_a_number_though_yaml_reads_text() -> None:
    space, problems = SearchSpace.from_spec(
        {
            "a": "1e-3",
            "b": {"float": ["1e-4", "1E-2"], "log": True},
            "c": {"choice": ["2e1", "tanh"]},
        }
    )
    assert problems == []
    assert [parameter for _, parameter in space] == [
        Choice((1e-3,)),
        Float(1e-4, 1e-2, log=True),
        Choice((20.0, "tanh")),
    ]
    assert [read_value(text) for text in ("e3", "1e", "3", "abc", "-2e+2")] == [
        "e3",
        "1e",
        "3",
        "abc",
        -200.0,
    ]


@pytest.mark.parametrize(
    ("default", "right", "wrong", "words"),
    [
        (Choice((2, 4)), [16, -1], [2.5, "2", True], "a whole number is needed"),
        (Int(1, 8), [9], [1.0], "a whole number is needed"),
        (Float(0.1, 1.0), [5, 0.0], ["0.1", False], "a number is needed"),
        (Choice((0.0, 0.1)), [1, 0.5], ["0"], "a number is needed"),
        (Choice(("tanh", "relu")), ["sine"], [1], "a word is needed"),
        (Choice((True, False)), [True], [1, "yes"], "true or false is needed"),
    ],
)
def test_a_value_of_another_type_than_the_default_is_a_mistake(
    default: Parameter, right: list[Any], wrong: list[Any], words: str
) -> None:
    assert default.type_problem("x", *right, *default.extent()) is None
    for value in wrong:
        assert default.type_problem("x", *right, value) == f"x = {value!r}; {words}."
