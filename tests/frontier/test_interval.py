"""Intervals against scipy, simulations and their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from frontier_search.frontier.interval import (
    Interval,
    percentile,
    resamples,
    seeds_to_exclude,
    student,
)


@given(
    st.lists(st.floats(-100, 100), min_size=3, max_size=30).filter(
        lambda values: np.std(values) > 1e-3
    )
)
def test_the_interval_of_a_mean_equals_scipys(values: list[float]) -> None:
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    found = student(values)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-6, abs=1e-9)


def test_one_seed_excludes_nothing() -> None:
    found = student([1.0])
    assert not found.known
    assert 17.0 in found


def test_the_interval_covers_the_true_mean_as_often_as_its_level_says() -> None:
    rng = np.random.default_rng(0)
    covered = [0.0 in student(rng.standard_normal(5)) for _ in range(2000)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)  # three standard errors


def test_resampled_seeds_sum_to_one_and_repeat() -> None:
    weights = resamples(7, 50)
    assert weights.shape == (50, 7)
    assert weights.sum(axis=1) == pytest.approx(np.ones(50))
    assert np.array_equal(weights, resamples(7, 50))
    assert percentile([math.nan]).known is False


@given(st.floats(0.01, 5), st.floats(0.01, 5))
def test_the_estimated_number_of_seeds_is_enough_and_one_fewer_is_not(
    gap: float, deviation: float
) -> None:
    n = seeds_to_exclude(gap, deviation, 0.0)
    if n is None:
        return
    halves = {m: stats.t.ppf(0.975, m - 1) * deviation / math.sqrt(m) for m in (n, n - 1) if m > 1}
    assert halves[n] <= gap * (1 + 1e-9)
    assert n == 2 or halves[n - 1] >= gap * (1 - 1e-9)


def test_half_of_the_width_of_an_interval() -> None:
    assert Interval(0, 1).half_width == 0.5
