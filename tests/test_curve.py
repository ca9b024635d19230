"""Learning curves as text: what comes back, and how long it is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.curve import CHARACTERS, NAN, Curve

SINGLE = st.floats(width=32)


@given(st.lists(SINGLE, max_size=50))
def test_every_value_comes_back_within_the_stated_error(values: list[float]) -> None:
    found = Curve.of(values).values()
    assert len(found) == len(values)
    for given_, kept in zip(values, found.tolist(), strict=True):
        if math.isfinite(given_) and abs(given_) > 1e-37:
            assert kept == pytest.approx(given_, rel=2**-16) or math.isinf(kept)
        elif not math.isfinite(given_):
            assert kept == given_ or (math.isnan(given_) and math.isnan(kept))


@given(st.lists(SINGLE, min_size=1, max_size=20))
def test_what_was_read_is_written_the_same(values: list[float]) -> None:
    once = Curve.of(values)
    assert Curve.of(once.values()) == once


@given(st.lists(SINGLE, max_size=20), st.integers(0, 30))
def test_the_first_epochs_of_a_curve_are_the_first_characters(
    values: list[float], epochs: int
) -> None:
    assert Curve.of(values).first(epochs) == Curve.of(values[:epochs])
    assert len(Curve.of(values).text) == CHARACTERS * len(values)


def test_every_value_that_is_not_a_number_is_written_the_same() -> None:
    bits = np.array([0x7FC00000, 0xFFC00000, 0x7F800001, 0x7FFFFFFF], dtype=np.uint32)
    curve = Curve.of(bits.view(np.float32))
    assert np.isnan(curve.values()).all()
    assert curve == Curve.of([math.nan] * 4)
    assert NAN.to_bytes(3, "big") == b"\x7f\xc0\x00"


def test_a_loss_beyond_the_range_is_infinite() -> None:
    assert Curve.of([1e300, -1e300]).values().tolist() == [math.inf, -math.inf]
