"""Chances to be on the frontier, against their definition and cases whose answer is plain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.frontier import membership
from frontier_search.frontier.interval import resamples
from frontier_search.frontier.membership import chances
from frontier_search.frontier.pareto import nondominated


def test_chances_are_0_where_every_seed_agrees_and_between_0_and_1_elsewhere() -> None:
    losses = np.array([[1.0, 1.0], [2.0, 2.0], [0.5, 1.5]])
    params = np.array([10.0, 20.0, 10.0])
    points = np.stack([losses, np.repeat(params[:, None], 2, axis=1)], axis=-1)
    first, second, third = chances(points)
    assert second == 0  # the first is smaller and better on every seed
    assert 0 < third < 1
    assert first > 0


@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(1, 4), st.integers(2, 3))
def test_chances_count_the_resamples_in_which_nothing_dominates(
    seed: int, n: int, seeds: int, objectives: int
) -> None:
    points = (
        np.random.default_rng(seed).integers(0, 4, (n, seeds, objectives)).astype(float)
    )  # small integers: ties are frequent
    points[..., -1] = points[:, :1, -1]  # a count
    means = [np.einsum("s,nsk->nk", weights, points) for weights in resamples(seeds, 200)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(membership, "resamples", lambda n_seeds: resamples(n_seeds, 200))
        found = chances(points)
    rounded = [nondominated(np.round(each, 9)) for each in means]
    unrounded = [nondominated(each) for each in means]
    assert ((found == np.mean(rounded, axis=0)) | (found == np.mean(unrounded, axis=0))).all()
