"""Solved readouts: they are at the minimum, and gradients train only the input map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from frontier_search.data.dataset import Dataset, TrainingBudget
from frontier_search.errors import SpecError
from frontier_search.models.families import FAMILIES
from frontier_search.training import loss
from frontier_search.training.epochs import TorchEpochs
from frontier_search.training.rows import Data, StackedRows
from frontier_search.training.stack import Model, Stack
from frontier_search.training.train import StackTraining
from tests.support import toys
from tests.support.recurrences import CPU, RECURRENCE

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


def torch_epochs(training: StackTraining) -> TorchEpochs:
    assert isinstance(training.epochs, TorchEpochs)
    return training.epochs


def all_training_rows(training: StackTraining) -> StackedRows:
    (rows,) = training.data.chunks("train", 1 << 30)
    return rows.of(training.data.positions(training.stack))


def penalised(training: StackTraining, learned: dict[str, torch.Tensor]) -> torch.Tensor:
    """Returns what the readout minimises, (M,), in float64."""
    rows = all_training_rows(training)
    task = training.data.dataset.task
    exact = {name: tensor.double() for name, tensor in learned.items()}
    core = training.stack.network.core  # type: ignore[attr-defined]
    core.graph = core.graph.double()
    outputs = core.forward(exact, rows.x.double())
    core.graph = core.graph.float()
    losses = loss.row_losses(
        task, outputs, rows.y.double() if task != "multiclass" else rows.y
    ).mean(dim=1)
    weights = exact["w_x"][:, 4:].square().sum((1, 2)) + exact["w_h"].square().sum((1, 2))
    models = training.stack.models
    ridge = [model.architecture.ridge for model in models]  # type: ignore[attr-defined]
    ridges = torch.tensor(ridge, dtype=torch.float64)
    return losses * (0.5 if task == "regression" else 1.0) + ridges / 2 * weights


def test_a_solved_readout_is_the_least_squares_solution() -> None:
    training = solving(toys.REGRESSION)
    training.run()
    rows = all_training_rows(training)
    _, saved = training.stack.network.forward_saving(training.stack.learned, rows.x)  # type: ignore[attr-defined]
    features = (
        torch.cat([rows.x, saved.last, torch.ones_like(rows.x[:, :1])], dim=1).double().numpy()
    )
    for i, model in enumerate(training.stack.models):
        ridge = model.architecture.ridge  # type: ignore[attr-defined]
        # The penalty as rows of the least-squares problem: another way to solve it.
        penalty = np.diag([ridge * rows.x.shape[2]] * 7 + [0.0]) ** 0.5
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
        torch_epochs(training)._solve()
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
    torch_epochs(training)._solve()
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
            torch_epochs(training)._solve()  # the readout follows, as in the projected loss
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
def test_a_restored_training_with_solved_readouts_ends_in_the_same_bits(toy: Dataset) -> None:
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


def test_a_diverged_model_does_not_change_another_models_readout() -> None:
    training, alone = solving(toys.REGRESSION), solving(toys.REGRESSION)
    training.stack.learned["w_x"][3, 0, 0] = torch.nan
    training.run()
    alone.run()
    assert [outcome.diverged_epoch for outcome in training.outcomes()] == [None, None, None, 1]
    torch.testing.assert_close(training.stack.learned["w_h"][:3], alone.stack.learned["w_h"][:3])


def test_a_readout_needs_a_penalty() -> None:
    with pytest.raises(SpecError, match="ridge = 0; a penalty above 0 is needed"):
        FAMILIES["varpro"].build(RECURRENCE | {"ridge": 0.0})
