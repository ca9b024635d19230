"""The Gaussian process against its definition, and believed points against observations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad

from frontier_search.sampling.earlier import best_and_spread
from frontier_search.sampling.gaussian_process import (
    JITTER,
    Kernel,
    Observations,
    Process,
    _Posterior,
    fit,
)

KERNEL = Kernel(np.array([0.5, 0.8]), 1.3, 0.9, 0.4, 0.2, 0.1)


def observations(n: int, seed: int) -> Observations:
    rng = np.random.default_rng(seed)
    x, family = rng.random((n, 2)), rng.integers(0, 3, n)
    y = np.sin(5 * x[:, 0]) + 0.3 * family + 0.1 * rng.standard_normal(n)
    return Observations(x, family, y, rng.choice([0.0, 0.04], n))


@given(st.integers(1, 30), st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_posterior_is_the_textbooks(n: int, seed: int) -> None:
    data, pool = observations(n, seed), observations(7, seed + 1)
    over = Process(KERNEL, data).over(pool.x, pool.family)
    mean, deviation = data.scale
    k = KERNEL.between(data.x, data.family, data.x, data.family)
    k[np.diag_indices(n)] += KERNEL.noise**2 + JITTER + data.noise / deviation**2
    cross = KERNEL.between(pool.x, pool.family, data.x, data.family)
    expected = mean + deviation * cross @ np.linalg.solve(k, (data.y - mean) / deviation)
    variance = KERNEL.variance - np.diag(cross @ np.linalg.solve(k, cross.T))
    assert over.mean == pytest.approx(expected, abs=1e-6)
    assert over.deviation == pytest.approx(
        deviation * np.sqrt(np.maximum(variance, 1e-10)), abs=1e-4
    )


@given(st.integers(3, 20), st.integers(1, 5), st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_a_believed_point_is_an_observation_of_its_own_mean(n: int, m: int, seed: int) -> None:
    data, more, pool = (observations(k, seed + k) for k in (n, m, 9))
    over = Process(KERNEL, data).over(pool.x, pool.family)
    means = [over.believe(more.x[i : i + 1], more.family[i : i + 1]) for i in range(m)]
    assert means == pytest.approx(list(Process(KERNEL, data).over(more.x, more.family).mean))
    mean, deviation = data.scale
    x, family = np.vstack([data.x, more.x]), np.r_[data.family, more.family]
    k = KERNEL.between(x, family, x, family)
    k[np.diag_indices(n + m)] += KERNEL.noise**2 + JITTER
    k[np.diag_indices(n)] += data.noise / deviation**2
    cross = KERNEL.between(pool.x, pool.family, x, family)
    y = (np.r_[data.y, means] - mean) / deviation
    assert over.mean == pytest.approx(mean + deviation * cross @ np.linalg.solve(k, y), abs=1e-6)
    variance = KERNEL.variance - np.diag(cross @ np.linalg.solve(k, cross.T))
    assert over.deviation == pytest.approx(
        deviation * np.sqrt(np.maximum(variance, 1e-10)), abs=1e-4
    )


@given(st.integers(0, 10_000))
@settings(max_examples=5, deadline=None)
def test_the_gradient_is_that_of_the_loss(seed: int) -> None:
    posterior = _Posterior(observations(25, seed))
    start = posterior.mean + 0.3 * np.random.default_rng(seed).standard_normal(7)
    error = check_grad(lambda t: posterior.loss(t)[0], lambda t: posterior.loss(t)[1], start)
    assert error < 1e-3 * (1 + np.linalg.norm(posterior.loss(start)[1]))


def test_a_fit_predicts_better_than_the_mean_and_is_a_function_of_the_data() -> None:
    data, pool = observations(60, 1), observations(40, 2)
    kernel = fit(data)
    again = fit(data)
    assert np.array_equal(kernel.lengths, again.lengths)
    found = Process(kernel, data).over(pool.x, pool.family).mean
    assert np.abs(found - pool.y).mean() < 0.3 * np.abs(data.y.mean() - pool.y).mean()


def test_equal_points_and_one_point_are_no_trouble() -> None:
    one = Observations(np.full((1, 2), 0.5), np.zeros(1, int), np.ones(1), np.zeros(1))
    assert Process(fit(one), one).over(one.x, one.family).mean == pytest.approx([1.0])
    many = one.some(np.zeros(50, int))
    over = Process(fit(many), many).over(one.x, one.family)
    assert over.mean == pytest.approx([1.0])
    assert np.isfinite(over.deviation).all()


@given(st.integers(1, 40), st.integers(1, 40))
def test_the_chosen_observations_hold_the_smallest(n: int, most: int) -> None:
    data = observations(n, n)
    chosen = best_and_spread(data.y, most)
    assert len(set(chosen)) == len(chosen) == min(n, most)
    if most < n:
        smallest = np.argsort(data.y, kind="stable")[: most // 2]
        assert set(smallest) <= set(chosen)


def test_draws_have_the_mean_and_the_deviation_of_the_pool() -> None:
    data, pool, more = observations(15, 1), observations(4, 2), observations(1, 3)
    over = Process(KERNEL, data).over(pool.x, pool.family)
    over.believe(more.x, more.family)
    draws = over.draws(20_000, np.random.default_rng(0))
    noise = KERNEL.noise * data.scale[1]
    assert draws.mean(axis=0) == pytest.approx(over.mean, abs=0.03)
    assert draws.std(axis=0) == pytest.approx(np.hypot(over.deviation, noise), rel=0.05)
