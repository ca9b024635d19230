"""The expected improvement against the hypervolume itself, drawn many times."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontier_search.frontier.pareto import hypervolume
from frontier_search.frontier.pareto import nondominated as of_all
from frontier_search.sampling.improvement import Front, nondominated, volumes

REFERENCE = (1.0, 1.0)


def points(n: int, k: int, seed: int) -> np.ndarray:
    """Draws (n, k + 1) points, of which some are equal in some objectives, and some beyond 1."""
    return np.random.default_rng(seed).integers(0, 9, (n, k + 1)) / 8 * 1.1


@given(st.integers(0, 12), st.integers(1, 2), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_without_uncertainty_it_is_the_gain_in_hypervolume(n: int, k: int, seed: int) -> None:
    held, new = points(n, k, seed), points(5, k, seed + 1)
    front = Front.of(held[:, :k], held[:, k], np.ones(k), 1.0)
    gains = front.expected_improvement(new[:, k], np.full(5, 1e-9), new[:, :k])
    reference = np.ones(k + 1)
    before = hypervolume(held, reference) if n else 0.0
    expected = [hypervolume(np.vstack([held, each]), reference) - before for each in new]
    assert gains == pytest.approx(expected, abs=1e-7)


@given(st.integers(0, 12), st.integers(1, 2), st.integers(0, 10_000))
def test_the_volume_of_each_draw_is_the_hypervolume(n: int, k: int, seed: int) -> None:
    held, other = points(n, k, seed), points(n, k, seed + 1)
    losses, reference = np.array([held[:, k], other[:, k]]), np.ones(k + 1)
    found = volumes(held[:, :k], losses, reference[:k], 1.0)
    drawn = [np.column_stack([held[:, :k], each]) for each in losses]
    expected = [hypervolume(each, reference) if n else 0.0 for each in drawn]
    assert found == pytest.approx(expected)


def test_with_uncertainty_it_is_the_mean_of_the_gains() -> None:
    held = points(8, 1, 3)
    front = Front.of(held[:, :1], held[:, 1], np.ones(1), 1.0)
    draws = 0.4 + 0.3 * np.random.default_rng(0).standard_normal(20_000)
    gains = front.expected_improvement(draws, np.full(len(draws), 1e-9), np.full((20_000, 1), 0.3))
    exact = front.expected_improvement(np.array([0.4]), np.array([0.3]), np.array([[0.3]]))
    assert exact[0] == pytest.approx(gains.mean(), abs=4 * gains.std() / np.sqrt(len(gains)))


@given(st.integers(1, 30), st.integers(1, 2), st.integers(0, 10_000))
def test_a_front_is_that_of_the_search(n: int, k: int, seed: int) -> None:
    held = points(n, k, seed)
    kept = nondominated(held[:, :k], held[:, k])
    assert {tuple(held[i]) for i in kept} == {tuple(each) for each in held[of_all(held)]}
    assert len({tuple(held[i]) for i in kept}) == len(kept)
