"""Splines against scipy's, and against the weights that they replace."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.errors import SpecError
from frontier_search.models.families import FAMILIES
from frontier_search.models.networks import spline
from tests.support.recurrences import outputs, stack

ANYWHERE = st.lists(st.floats(-6, 6), min_size=1, max_size=8).map(
    lambda values: torch.tensor(values, dtype=torch.float64)[None, None]
)


@given(x=ANYWHERE, count=st.integers(3, 9))
def test_basis_functions_sum_to_one_and_reproduce_their_argument(
    x: torch.Tensor, count: int
) -> None:
    values = spline.basis(x, count)[0]
    torch.testing.assert_close(values.sum(dim=0), torch.ones_like(x[0, 0]))
    torch.testing.assert_close(
        spline.greville(count).double() @ values, x[0, 0], rtol=1e-6, atol=1e-6
    )
    assert ((values > -1e-12).all(dim=0) | (x[0, 0].abs() > 2)).all()


@pytest.mark.parametrize("count", [3, 5, 8])
def test_basis_functions_are_scipys(count: int) -> None:
    from scipy.interpolate import BSpline

    width = 4 / (count - 2)
    knots = -2 + width * np.arange(-2, count + 1)
    x = np.linspace(-2, 2 - 1e-9, 101)
    expected = BSpline.design_matrix(x, knots, 2).toarray().T
    np.testing.assert_allclose(
        spline.basis(torch.from_numpy(x)[None, None], count)[0].numpy(), expected, atol=1e-12
    )


def test_basis_functions_are_smooth_to_the_first_derivative() -> None:
    x = torch.linspace(-4, 4, 8001, dtype=torch.float64)[None, None]
    slopes = spline.basis(x, 5)[0].diff(dim=1) / 1e-3
    assert slopes.diff(dim=1).abs().max() < 4e-3  # a corner would show as a jump of about 0.75


@pytest.mark.parametrize(
    ("name", "linear"), [("spline", "no_recurrence"), ("spline_kronecker", "kronecker")]
)
@pytest.mark.parametrize("count", [3, 5])
def test_linear_splines_are_weights(name: str, linear: str, count: int) -> None:
    splines, weights = stack(name, basis_functions=count), stack(linear)
    assert splines.n_learned - weights.n_learned == 3 * 16 * (count - 1) - 16
    w_x, b_x = weights.learned["w_x"], weights.learned["b_x"]
    bias = b_x[:, :16, :, None] / 3  # in three parts, one for each input
    edges = w_x[:, :16, :, None] * spline.greville(count) + bias
    splines.learned["c"].copy_(edges.flatten(2))
    splines.learned["w_x"].copy_(w_x[:, 16:])
    splines.learned["b_x"].copy_(b_x[:, 16:])
    splines.learned["w_h"].copy_(weights.learned["w_h"])
    np.testing.assert_allclose(outputs(splines), outputs(weights), atol=1e-5)


def test_splines_start_near_the_first_weights_of_a_reservoir() -> None:
    splines, weights = stack("spline", basis_functions=5), stack("no_recurrence")
    lines = (
        weights.learned["w_x"][0, :16, :, None] * spline.greville(5)
        + weights.learned["b_x"][0, :16, :, None] / 3
    )
    bends = splines.learned["c"][0] - lines.flatten(1)
    assert 0.05 < bends.std() < 0.15
    assert torch.equal(splines.learned["w_h"], weights.learned["w_h"])


def test_too_few_basis_functions() -> None:
    with pytest.raises(SpecError, match="basis_functions = 2; a quadratic B-spline has at least 3"):
        FAMILIES["spline"].build({"hidden": 4, "basis_functions": 2})
