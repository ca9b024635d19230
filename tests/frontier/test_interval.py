"""Intervals against scipy, simulations and their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from frontier_search.frontier.interval import predicted_mean, student


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


def test_a_mean_of_fresh_values_falls_where_it_is_predicted_as_often_as_the_level_says() -> None:
    rng = np.random.default_rng(0)
    draws = [(rng.standard_normal(20), rng.standard_normal(5).mean()) for _ in range(2000)]
    found = [mean in predicted_mean(values, 5) for values, mean in draws]
    assert np.mean(found) == pytest.approx(0.95, abs=0.015)
