"""The families that the study names as next steps, against plain recurrences in numpy and the families that they extend."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from frontier_search.errors import SpecError
from frontier_search.families import FAMILIES
from frontier_search.families.kronecker import INITIATOR
from frontier_search.networks import spline
from frontier_search.training.stack import Model, Stack

CPU = torch.device("cpu")
RECURRENCE: dict[str, Any] = {"hidden": 16, "steps": 3, "spectral_radius": 0.8, "graph_noise": 0.0, "learning_rate": 0.01}
X = torch.randn(1, 3, 9, generator=torch.Generator().manual_seed(4))


def stack(name: str, **changes: Any) -> Stack:
    """One model with its first weights, 3 inputs and 2 outputs."""
    return Stack([Model(0, 101, FAMILIES[name].build(RECURRENCE | changes), 0.01)], 3, 2, CPU)


def outputs(of: Stack) -> NDArray[np.float64]:
    return of.network.forward(of.learned, X)[0].detach().numpy()


def recurrence(of: Stack, matrices: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """What the paper writes, with built matrices: h_{t+1} = phi(h_t + phi(G_t h_t))."""
    w_x, b_x, w_h = (of.learned[name][0].double().numpy() for name in ("w_x", "b_x", "w_h"))
    z = w_x @ X[0].double().numpy() + b_x
    hidden = w_h.shape[1]
    h = np.tanh(z[:hidden])
    for matrix in matrices:
        h = np.tanh(h + np.tanh(matrix @ h))
    return np.asarray(z[hidden:] + w_h @ h)


@pytest.mark.parametrize("hidden", [4, 16, 64, 256])
@pytest.mark.parametrize("sharing", ["shared", "per_level"])
@pytest.mark.parametrize("initiator", [2, 4])
def test_a_learned_initiator_starts_at_sierpinskis(initiator: int, sharing: str, hidden: int) -> None:
    learned = stack("learned_kronecker", hidden=hidden, initiator=initiator, sharing=sharing)
    power = functools.reduce(np.kron, [INITIATOR] * (hidden.bit_length() - 1))
    matrix = power * (0.8 / np.abs(np.linalg.eigvals(power)).max())
    np.testing.assert_allclose(outputs(learned), recurrence(learned, [matrix] * 3), atol=2e-5)


@pytest.mark.parametrize(
    ("sharing", "initiator", "scalars"), [("shared", 2, 4), ("shared", 4, 16), ("per_level", 2, 24), ("per_level", 4, 48)]
)
def test_a_learned_initiator_is_the_product_of_its_factors(sharing: str, initiator: int, scalars: int) -> None:
    learned = stack("learned_kronecker", hidden=64, initiator=initiator, sharing=sharing)
    assert learned.n_learned == stack("kronecker", hidden=64).n_learned + scalars
    learned.learned["factors"].copy_(torch.randn(learned.learned["factors"].shape, generator=torch.Generator().manual_seed(5)) / 2)
    factors = list(learned.learned["factors"][0].double().numpy())
    matrix = functools.reduce(np.kron, factors * (1 if sharing == "per_level" else 6 if initiator == 2 else 3))
    np.testing.assert_allclose(outputs(learned), recurrence(learned, [0.8 * matrix] * 3), atol=2e-5)


def test_corrections_are_added_to_the_factors_of_each_step() -> None:
    adapted = stack("adapted_kronecker")
    assert adapted.n_learned == stack("kronecker").n_learned + 4 * 3 * 4
    u, v = (adapted.learned[name][0] for name in ("u", "v"))
    assert 0 < (u[..., None] * v[..., None, :]).abs().max() <= 0.01  # at first
    u.mul_(10)
    golden = (1 + 5**0.5) / 2  # spectral radius of the initiator
    factors = INITIATOR / golden + u.double().numpy()[..., None] * v.double().numpy()[..., None, :]
    matrices = [0.8 * functools.reduce(np.kron, list(levels)) for levels in factors]
    np.testing.assert_allclose(outputs(adapted), recurrence(adapted, matrices), atol=2e-5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hidden": 8, "initiator": 4}, "hidden = 8; a power of 4, the size of the initiator, is needed: the nearest are 4 and 16"),
        ({"hidden": 24, "initiator": 2}, "hidden = 24; a power of 2, the size of the initiator, is needed: the nearest are 16 and 32"),
        ({"hidden": 1, "initiator": 4}, "hidden = 1; a power of 4, the size of the initiator, is needed: the nearest is 4"),
        ({"initiator": 3}, "initiator = 3; an initiator has 2 rows or 4"),
        ({"sharing": "some"}, "sharing = 'some'; a factor is shared or per_level"),
        ({"steps": 0}, "steps = 0; a recurrence needs at least one step"),
    ],
)
def test_factors_that_do_not_exist(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        FAMILIES["learned_kronecker"].build(RECURRENCE | {"initiator": 2, "sharing": "shared"} | changes)


def test_a_leak_of_one_is_no_leak() -> None:
    leaky, plain = stack("leaky_kronecker", leak_fast=1.0, leak_slow=1.0), stack("kronecker")
    assert torch.equal(leaky.flat, plain.flat)
    np.testing.assert_allclose(outputs(leaky), outputs(plain), atol=1e-6)


def test_half_of_the_units_leak_slowly() -> None:
    leaky, plain = stack("leaky_kronecker", steps=1, leak_fast=0.7, leak_slow=0.1), stack("kronecker", steps=1)
    for of in (leaky, plain):
        of.learned["w_x"][:, 16:], of.learned["b_x"][:, 16:] = 0, 0
        of.learned["w_h"].copy_(torch.eye(16)[[3, 12]])  # a fast unit and a slow one
    first = torch.tanh(plain.learned["w_x"][0, :16] @ X[0] + plain.learned["b_x"][0, :16])[[3, 12]].numpy()
    leak = np.array([[0.7], [0.1]])
    np.testing.assert_allclose(outputs(leaky), (1 - leak) * first + leak * outputs(plain), atol=1e-6)


@pytest.mark.parametrize("leaks", [(0.0, 0.5), (0.5, 1.5), (-0.1, 0.5)])
def test_a_leak_is_a_share(leaks: tuple[float, float]) -> None:
    with pytest.raises(SpecError, match="a leak is above 0"):
        FAMILIES["leaky_kronecker"].build(RECURRENCE | {"leak_fast": leaks[0], "leak_slow": leaks[1]})


ANYWHERE = st.lists(st.floats(-6, 6), min_size=1, max_size=8).map(lambda values: torch.tensor(values, dtype=torch.float64)[None, None])


@given(x=ANYWHERE, count=st.integers(3, 9))
def test_basis_functions_sum_to_one_and_reproduce_their_argument(x: torch.Tensor, count: int) -> None:
    values = spline.basis(x, count)[0]
    torch.testing.assert_close(values.sum(dim=0), torch.ones_like(x[0, 0]))
    torch.testing.assert_close(spline.greville(count).double() @ values, x[0, 0], rtol=1e-6, atol=1e-6)
    assert ((values > -1e-12).all(dim=0) | (x[0, 0].abs() > 2)).all()


@pytest.mark.parametrize("count", [3, 5, 8])
def test_basis_functions_are_scipys(count: int) -> None:
    from scipy.interpolate import BSpline

    width = 4 / (count - 2)
    knots = -2 + width * np.arange(-2, count + 1)
    x = np.linspace(-2, 2 - 1e-9, 101)
    expected = BSpline.design_matrix(x, knots, 2).toarray().T
    np.testing.assert_allclose(spline.basis(torch.from_numpy(x)[None, None], count)[0].numpy(), expected, atol=1e-12)


def test_basis_functions_are_smooth_to_the_first_derivative() -> None:
    x = torch.linspace(-4, 4, 8001, dtype=torch.float64)[None, None]
    slopes = spline.basis(x, 5)[0].diff(dim=1) / 1e-3
    assert slopes.diff(dim=1).abs().max() < 4e-3  # a corner would show as a jump of about 0.75


@pytest.mark.parametrize(("name", "linear"), [("spline", "no_recurrence"), ("spline_kronecker", "kronecker")])
@pytest.mark.parametrize("count", [3, 5])
def test_linear_splines_are_weights(name: str, linear: str, count: int) -> None:
    splines, weights = stack(name, basis_functions=count), stack(linear)
    assert splines.n_learned - weights.n_learned == 3 * 16 * (count - 1) - 16
    w_x, b_x = weights.learned["w_x"], weights.learned["b_x"]
    edges = w_x[:, :16, :, None] * spline.greville(count) + b_x[:, :16, :, None] / 3  # the bias in three parts, one an input
    splines.learned["c"].copy_(edges.flatten(2))
    splines.learned["w_x"].copy_(w_x[:, 16:])
    splines.learned["b_x"].copy_(b_x[:, 16:])
    splines.learned["w_h"].copy_(weights.learned["w_h"])
    np.testing.assert_allclose(outputs(splines), outputs(weights), atol=1e-5)


def test_too_few_basis_functions() -> None:
    with pytest.raises(SpecError, match="basis_functions = 2; a quadratic B-spline has at least 3"):
        FAMILIES["spline"].build({"hidden": 4, "basis_functions": 2})
