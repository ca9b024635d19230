"""Bounds on known objectives: what they admit, and a sentence for every mistake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.objective import OBJECTIVES
from frontier_search.search.bound import Bound, parse_bound

KNOWN = [name for name, objective in OBJECTIVES.items() if objective.known]


@given(st.sampled_from(KNOWN), st.floats(0, 1e300) | st.integers(0, 10**15).map(float))
def test_a_bound_that_is_written_is_read_back(name: str, limit: float) -> None:
    assert parse_bound(str(Bound(name, limit))) == Bound(name, limit)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("params<=1000", Bound("params", 1000)),
        (" flops <= 1e6 ", Bound("flops", 1e6)),
        ("bytes<=2.5E+3", Bound("bytes", 2500)),
        ("raw_params<=1234567", Bound("raw_params", 1234567)),
        ("flash<=2KB", Bound("flash", 2048)),
        ("ram <= 1.5 KiB", Bound("ram", 1536)),
        ("stored_bytes<=1M", Bound("stored_bytes", 2**20)),
        ("bytes<=12B", Bound("bytes", 12)),
    ],
)
def test_bounds_as_they_are_typed(text: str, bound: Bound) -> None:
    assert parse_bound(text) == bound


def test_a_bound_admits_what_does_not_exceed_it() -> None:
    bound = Bound("params", 100)
    sizes = [{"raw": 1000, "effective": value} for value in (99, 100, 101, 10**9)]
    assert [bound.admits(size) for size in sizes] == [True, True, False, False]


@pytest.mark.parametrize(
    "text",
    [
        "params<1000",
        "params>=1000",
        "params<=",
        "<=5",
        "params<=-5",
        "params<=abc",
        "params<=5x",
        "flash<=5i",
        "flash<=5GB",
        "params",
        "",
    ],
)
def test_what_cannot_be_read_as_a_bound(text: str) -> None:
    problem = parse_bound(text)
    assert isinstance(problem, str)
    assert problem == (
        f"cannot read the bound {text!r}; write OBJECTIVE<=NUMBER, e.g. params<=1000, "
        f"with one of {', '.join(KNOWN)}."
    )


@pytest.mark.parametrize("unit", ["k", "K", "MB", "KiB", "B"])
def test_only_bytes_have_a_unit(unit: str) -> None:
    assert parse_bound(f"params<=5{unit}") == (
        f"the bound 'params<=5{unit}' has a unit, and params is counted in scalars; "
        "write a number alone, e.g. params<=1000."
    )


@pytest.mark.parametrize("text", ["params<=1.2.3", "params<=1e999", "params<=..."])
def test_what_cannot_be_read_as_the_number_of_a_bound(text: str) -> None:
    assert (
        parse_bound(text)
        == f"cannot read the number in the bound {text!r}; write e.g. params<=1000."
    )


def test_bounds_on_other_objectives() -> None:
    assert str(parse_bound("parms<=5")).startswith(
        "unknown objective 'parms'. Did you mean 'params'? "
        "Allowed: bytes, flash, flops, instructions, params, ram, raw_params, stored_bytes."
    )
    assert (
        "the bound 'loss<=0.1' is on a measured objective; "
        "only params, raw_params, flops, bytes, flash, ram, instructions, stored_bytes are known"
    ) in str(parse_bound("loss<=0.1"))
