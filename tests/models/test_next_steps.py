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

from frontier_search.data.dataset import Dataset, TrainingBudget
from frontier_search.errors import SpecError
from frontier_search.models.families import FAMILIES
from frontier_search.models.families.kronecker import INITIATOR
from frontier_search.models.networks import spline
from frontier_search.training import loss
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack
from frontier_search.training.train import StackTraining
from tests.support import toys

CPU = torch.device("cpu")
RECURRENCE: dict[str, Any] = {
    "hidden": 16,
    "steps": 3,
    "spectral_radius": 0.8,
    "graph_noise": 0.0,
    "learning_rate": 0.01,
}
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
def test_a_learned_initiator_starts_at_sierpinskis(
    initiator: int, sharing: str, hidden: int
) -> None:
    learned = stack("learned_kronecker", hidden=hidden, initiator=initiator, sharing=sharing)
    power = functools.reduce(np.kron, [INITIATOR] * (hidden.bit_length() - 1))
    matrix = power * (0.8 / np.abs(np.linalg.eigvals(power)).max())
    np.testing.assert_allclose(outputs(learned), recurrence(learned, [matrix] * 3), atol=2e-5)


@pytest.mark.parametrize(
    ("sharing", "initiator", "scalars"),
    [("shared", 2, 4), ("shared", 4, 16), ("per_level", 2, 24), ("per_level", 4, 48)],
)
def test_a_learned_initiator_is_the_product_of_its_factors(
    sharing: str, initiator: int, scalars: int
) -> None:
    learned = stack("learned_kronecker", hidden=64, initiator=initiator, sharing=sharing)
    assert learned.n_learned == stack("kronecker", hidden=64).n_learned + scalars
    learned.learned["factors"].copy_(
        torch.randn(learned.learned["factors"].shape, generator=torch.Generator().manual_seed(5))
        / 2
    )
    factors = list(learned.learned["factors"][0].double().numpy())
    matrix = functools.reduce(
        np.kron, factors * (1 if sharing == "per_level" else 6 if initiator == 2 else 3)
    )
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
        (
            {"hidden": 8, "initiator": 4},
            "hidden = 8; a power of 4, the size of the initiator, is needed: the nearest are 4 and 16",
        ),
        (
            {"hidden": 24, "initiator": 2},
            "hidden = 24; a power of 2, the size of the initiator, is needed: the nearest are 16 and 32",
        ),
        (
            {"hidden": 1, "initiator": 4},
            "hidden = 1; a power of 4, the size of the initiator, is needed: the nearest is 4",
        ),
        ({"initiator": 3}, "initiator = 3; an initiator has 2 rows or 4"),
        ({"sharing": "some"}, "sharing = 'some'; a factor is shared or per_level"),
        ({"steps": 0}, "steps = 0; a recurrence needs at least one step"),
    ],
)
def test_factors_that_do_not_exist(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        FAMILIES["learned_kronecker"].build(
            RECURRENCE | {"initiator": 2, "sharing": "shared"} | changes
        )


def test_a_leak_of_one_is_no_leak() -> None:
    leaky, plain = stack("leaky_kronecker", leak_fast=1.0, leak_slow=1.0), stack("kronecker")
    assert torch.equal(leaky.flat, plain.flat)
    np.testing.assert_allclose(outputs(leaky), outputs(plain), atol=1e-6)


def test_half_of_the_units_leak_slowly() -> None:
    leaky, plain = (
        stack("leaky_kronecker", steps=1, leak_fast=0.7, leak_slow=0.1),
        stack("kronecker", steps=1),
    )
    for of in (leaky, plain):
        of.learned["w_x"][:, 16:], of.learned["b_x"][:, 16:] = 0, 0
        of.learned["w_h"].copy_(torch.eye(16)[[3, 12]])  # a fast unit and a slow one
    first = torch.tanh(plain.learned["w_x"][0, :16] @ X[0] + plain.learned["b_x"][0, :16])[
        [3, 12]
    ].numpy()
    leak = np.array([[0.7], [0.1]])
    np.testing.assert_allclose(
        outputs(leaky), (1 - leak) * first + leak * outputs(plain), atol=1e-6
    )


@pytest.mark.parametrize("leaks", [(0.0, 0.5), (0.5, 1.5), (-0.1, 0.5)])
def test_a_leak_is_a_share(leaks: tuple[float, float]) -> None:
    with pytest.raises(SpecError, match="a leak is above 0"):
        FAMILIES["leaky_kronecker"].build(
            RECURRENCE | {"leak_fast": leaks[0], "leak_slow": leaks[1]}
        )


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
    edges = (
        w_x[:, :16, :, None] * spline.greville(count) + b_x[:, :16, :, None] / 3
    )  # the bias in three parts, one an input
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


SEEDS = (101, 202)


def solving(
    toy: Dataset,
    ridges: tuple[float, ...] = (1e-4, 1e-2),
    rate: float = 0.02,
    epochs: int = 4,
    select: Any = "last",
) -> StackTraining:
    """The training of varpro models of several penalties on two seeds."""
    builds = [
        FAMILIES["varpro"].build(RECURRENCE | {"hidden": 4, "ridge": ridge}) for ridge in ridges
    ]
    models = [Model(i, seed, built, rate) for i, built in enumerate(builds) for seed in SEEDS]
    return StackTraining(
        Stack(models, toy.n_features, toy.n_outputs, CPU),
        Data(toy, SEEDS, CPU),
        TrainingBudget(epochs, 16, select),
    )


def penalised(training: StackTraining, learned: dict[str, torch.Tensor]) -> torch.Tensor:
    """What the readout is to minimise, (M,), in float64."""
    rows, task = training.data.train.of(training.positions), training.data.dataset.task
    exact = {name: tensor.double() for name, tensor in learned.items()}
    training.stack.network.graph = training.stack.network.graph.double()  # type: ignore[attr-defined]
    outputs = training.stack.network.forward(exact, rows.x.double())
    training.stack.network.graph = training.stack.network.graph.float()  # type: ignore[attr-defined]
    losses = loss.row_losses(
        task, outputs, rows.y.double() if task != "multiclass" else rows.y
    ).mean(dim=1)
    weights = exact["w_x"][:, 4:].square().sum((1, 2)) + exact["w_h"].square().sum((1, 2))
    ridges = torch.tensor(
        [model.architecture.ridge for model in training.stack.models], dtype=torch.float64
    )  # type: ignore[attr-defined]
    return losses * (0.5 if task == "regression" else 1.0) + ridges / 2 * weights


def test_a_solved_readout_is_the_least_squares_solution() -> None:
    training = solving(toys.REGRESSION)
    training.run()
    rows = training.data.train.of(training.positions)
    _, saved = training.stack.network.forward_saving(training.stack.learned, rows.x)  # type: ignore[attr-defined]
    features = (
        torch.cat([rows.x, saved.last, torch.ones_like(rows.x[:, :1])], dim=1).double().numpy()
    )
    for i, model in enumerate(training.stack.models):
        ridge = model.architecture.ridge  # type: ignore[attr-defined]
        penalty = (
            np.diag([ridge * rows.x.shape[2]] * 7 + [0.0]) ** 0.5
        )  # as rows of their own, which solves it another way
        matrix, target = (
            np.vstack([features[i].T, penalty]),
            np.concatenate([rows.y[i].numpy(), np.zeros(8)]),
        )
        expected = np.linalg.lstsq(matrix, target, rcond=None)[0]
        learned = {name: tensor[i].numpy() for name, tensor in training.stack.learned.items()}
        solved = np.concatenate(
            [learned["w_x"][4:, :], learned["w_h"], learned["b_x"][4:, :]], axis=1
        )[0]
        np.testing.assert_allclose(solved, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_each_solve_of_a_classification_lowers_the_loss_towards_its_minimum(task: Any) -> None:
    training = solving(toys.dataset(task), ridges=(1e-2, 1e-1))
    before = penalised(training, training.stack.learned)
    for _ in range(150):
        training._solve()
        after = penalised(training, training.stack.learned)
        assert (after <= before + 1e-6).all()
        before = after
    leaves = {
        name: tensor.clone().requires_grad_() for name, tensor in training.stack.learned.items()
    }
    d_w_x, d_b_x, d_w_h = torch.autograd.grad(
        penalised(training, leaves).sum(), [leaves[name] for name in ("w_x", "b_x", "w_h")]
    )
    for gradient in (d_w_x[:, 4:], d_b_x[:, 4:], d_w_h):
        assert gradient.abs().max() < 1e-4


def test_at_a_solved_readout_the_held_gradient_is_that_of_the_projected_loss() -> None:
    training = solving(toys.REGRESSION, ridges=(1e-1,))
    training._solve()
    leaves = {
        name: tensor.clone().requires_grad_() for name, tensor in training.stack.learned.items()
    }
    held = torch.autograd.grad(penalised(training, leaves).sum(), leaves["w_x"])[0][:, :4]
    step = 3e-2
    for unit, column in ((0, 1), (3, 2)):
        ends = []
        for sign in (1, -1):
            training.stack.learned["w_x"].copy_(leaves["w_x"].detach())
            training.stack.learned["w_x"][:, unit, column] += sign * step
            training._solve()  # the readout follows, as in the projected loss
            ends.append(penalised(training, training.stack.learned))
        torch.testing.assert_close(
            (ends[0] - ends[1]) / (2 * step), held[:, unit, column].double(), rtol=2e-2, atol=1e-5
        )


def test_only_the_input_map_is_trained_by_gradients() -> None:
    training = solving(toys.MULTICLASS)
    readouts = []
    step = training.optimiser.step

    def watched(gradient: torch.Tensor) -> None:
        before = training.stack.learned["w_x"].clone(), training.stack.learned["w_h"].clone()
        step(gradient)
        readouts.append(
            torch.equal(before[0][:, 4:], training.stack.learned["w_x"][:, 4:])
            and torch.equal(before[1], training.stack.learned["w_h"])
        )
        assert (before[0][:, :4] != training.stack.learned["w_x"][:, :4]).any()

    training.optimiser.step = watched  # type: ignore[method-assign]
    training.run()
    assert len(readouts) == 4 * 3
    assert all(readouts)


@pytest.mark.parametrize("toy", [toys.REGRESSION, toys.MULTICLASS], ids=lambda toy: toy.task)
def test_a_restored_training_with_solved_readouts_goes_on_bit_for_bit(toy: Dataset) -> None:
    whole, states = solving(toy, epochs=6, select="best"), []
    whole.run(
        lambda training: states.append(
            {key: np.copy(value) for key, value in training.state().items()}
        )
    )
    resumed = solving(toy, epochs=6, select="best")
    resumed.restore(states[2])
    resumed.run()
    assert torch.equal(whole.stack.flat, resumed.stack.flat)
    assert [outcome.metrics for outcome in whole.outcomes()] == [
        outcome.metrics for outcome in resumed.outcomes()
    ]


def test_a_diverged_model_leaves_the_others_their_readouts() -> None:
    training, alone = solving(toys.REGRESSION), solving(toys.REGRESSION)
    training.stack.learned["w_x"][3, 0, 0] = torch.nan
    training.run()
    alone.run()
    assert [outcome.diverged_epoch for outcome in training.outcomes()] == [None, None, None, 1]
    torch.testing.assert_close(training.stack.learned["w_h"][:3], alone.stack.learned["w_h"][:3])


def test_a_readout_needs_a_penalty() -> None:
    with pytest.raises(SpecError, match="ridge = 0; a penalty above 0 is needed"):
        FAMILIES["varpro"].build(RECURRENCE | {"ridge": 0.0})
