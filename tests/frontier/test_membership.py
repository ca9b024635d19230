"""Chances to be on the frontier, against their definition and cases whose answer is plain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from frontier_search.frontier import membership
from frontier_search.frontier.membership import (
    _below_all_smaller,
    chances,
    predictive,
    shrunk,
)
from frontier_search.frontier.pareto import nondominated


def test_chances_are_0_where_every_seed_agrees_and_between_0_and_1_elsewhere() -> None:
    losses = np.array([[1.0, 1.1, 0.9], [2.0, 2.1, 1.9], [0.5, 1.5, 1.0]])
    params = np.array([10.0, 20.0, 10.0])
    points = np.stack([losses, np.repeat(params[:, None], 3, axis=1)], axis=-1)
    first, second, third = chances(points)
    assert second == 0  # the first is smaller and better by the same on every seed
    assert 0 < third < 1
    assert 0 < first < 1


@settings(max_examples=50)  # of 200 draws each
@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(2, 4))
def test_chances_count_the_draws_in_which_nothing_dominates(seed: int, n: int, seeds: int) -> None:
    """Draws are counted one by one; only points without any chance may be left out of them."""
    points = (
        np.random.default_rng(seed).integers(0, 4, (n, seeds, 3)).astype(float)
    )  # small integers: ties are frequent
    points[..., -1] = points[:, :1, -1]  # a count
    means, weights = points.mean(axis=1), predictive(seeds, seeds, 200)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            membership, "predictive", lambda n_seeds, fresh: predictive(n_seeds, fresh, 200)
        )
        found = chances(points)
    drawn = [means + np.einsum("s,nsk->nk", row, points - means[:, None]) for row in weights]
    rounded = np.mean([nondominated(np.round(each, 9)) for each in drawn], axis=0)
    unrounded = np.mean([nondominated(each) for each in drawn], axis=0)
    assert ((abs(found - rounded) < 0.006) | (abs(found - unrounded) < 0.006)).all()


@given(st.integers(0, 10_000), st.integers(1, 12))
def test_members_of_many_draws_are_those_of_each(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    losses, sizes = rng.integers(0, 4, (5, n)).astype(float), rng.integers(0, 4, n).astype(float)
    each = [nondominated(np.column_stack([row, sizes])) for row in losses]
    assert np.array_equal(_below_all_smaller(losses, sizes), each)


def test_means_that_differ_by_noise_only_are_drawn_to_the_trend() -> None:
    rng = np.random.default_rng(0)
    sizes = 10.0 * np.arange(1, 31)
    noise = rng.standard_normal((30, 5))
    centres, kept = shrunk(noise, sizes)
    assert kept < 0.5
    assert np.ptp(centres) < np.ptp(noise.mean(axis=1))
    assert shrunk(noise / 100 + rng.standard_normal((30, 1)), sizes)[1] > 0.99
    assert shrunk(noise[:4], sizes[:4])[1] == 1  # too few to know a trend


def test_one_seed_has_members_and_no_others() -> None:
    points = np.array([[[1.0, 2.0]], [[2.0, 1.0]], [[3.0, 3.0]]])
    assert list(chances(points)) == [1, 1, 0]


def test_a_difference_is_predicted_with_students_tails() -> None:
    """Two candidates of one size: the chance is that of t with n - 1 degrees of freedom."""
    difference = np.array([0.3, 0.1, 0.5, -0.2, 0.4])
    points = np.stack([np.stack([np.zeros(5), difference]), np.ones((2, 5))], axis=-1)
    t = difference.mean() / (difference.std(ddof=1) * np.sqrt(2 / 5))
    assert chances(points)[0] == pytest.approx(stats.t.cdf(t, 4), abs=0.03)


@pytest.mark.parametrize("n", [5, 20])
def test_what_is_said_comes_true_on_fresh_seeds(n: int) -> None:
    """Ten sizes with two rivals each, whose true losses differ by about the noise of the means.

    Resampling the seeds would say 0.98 where 0.75 come true at n = 5.
    """
    rng = np.random.default_rng(n)
    params = np.repeat(np.arange(10.0, 110, 10), 2)
    said, found = [], []
    for _ in range(200):
        true = 1 - 0.005 * params + 0.1 * rng.standard_normal(20)
        measured, fresh = true[:, None] + 0.2 * rng.standard_normal((2, 20, n))
        points = np.stack([measured, np.repeat(params[:, None], n, axis=1)], axis=-1)
        said.append(chances(points))
        found.append(nondominated(np.column_stack([fresh.mean(axis=1), params])))
    chance, member = np.concatenate(said), np.concatenate(found)
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.01)):
        inside = (chance >= low) & (chance < high)
        assert chance[inside].mean() == pytest.approx(member[inside].mean(), abs=0.15)
