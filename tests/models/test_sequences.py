"""Families of sequences against their definitions, written plainly, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from frontier_search.data.dataset import TrainingBudget
from frontier_search.errors import SpecError
from frontier_search.models.families import FAMILIES, SEQUENCES
from frontier_search.models.network import HandWritten
from frontier_search.search.reading import read_search
from frontier_search.search.spaces import data_problem
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack
from frontier_search.training.train import StackTraining
from tests.support import toys

CPU = torch.device("cpu")
N_ROWS = 6


def stack_of(name: str, steps: int, n_outputs: int = 2, **given: Any) -> Stack:
    """One model of a family, whose space is sampled where nothing is given."""
    family = FAMILIES[name]
    space = family.default_space((1e-3, 1e-2), given.pop("channels", 2))
    point = space.sample(np.random.default_rng(3)) | given
    architecture = family.build(point)
    n_inputs = steps * int(point["input_channels"])
    return Stack([Model(0, 101, architecture, 1e-2)], n_inputs, n_outputs, CPU)


def rows_of(steps: int, channels: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(steps)
    return torch.randn(N_ROWS, steps, channels, generator=generator)


def outputs_of(stack: Stack, rows: Tensor) -> Tensor:
    """Returns (n, o) for rows (n, T, C)."""
    x = rows.flatten(1).T[None].contiguous()
    return stack.network.forward(stack.learned, x)[0].T


def pooled(states: list[Tensor], how: str) -> Tensor:
    return states[-1] if how == "last" else torch.stack(states).mean(dim=0)


def read(w: Mapping[str, Tensor], states: list[Tensor], how: str) -> Tensor:
    return pooled(states, how) @ w["w_out"][0].T + w["b_out"][0, :, 0]


@pytest.mark.parametrize("how", ["last", "mean"])
def test_gru_is_pytorchs(how: str) -> None:
    stack, rows = stack_of("gru", 7, hidden=4, pooling=how), rows_of(7)
    w, reference = stack.learned, nn.GRU(2, 4, batch_first=True)
    with torch.no_grad():
        reference.weight_ih_l0.copy_(w["w_x"][0])
        reference.weight_hh_l0.copy_(w["w_h"][0])
        reference.bias_ih_l0.copy_(w["b"][0, :, 0])
        reference.bias_hh_l0.zero_()
        reference.bias_hh_l0[8:] = w["d"][0, :, 0]
        states = list(reference(rows)[0].unbind(1))
    torch.testing.assert_close(outputs_of(stack, rows), read(w, states, how), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("how", ["last", "mean"])
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_fast_grnn_is_as_published(how: str, share: float) -> None:
    stack, rows = stack_of("fast_grnn", 7, hidden=4, pooling=how, rank_share=share), rows_of(7)
    w = {name: tensor[0] for name, tensor in stack.learned.items()}
    u = w["u"] if share == 1 else w["u_1"] @ w["u_2"]
    zeta, nu = torch.sigmoid(w["zeta"][0, 0]), torch.sigmoid(w["nu"][0, 0])
    h, states = torch.zeros(N_ROWS, 4), []
    for x in rows.unbind(1):
        both = x @ w["w"].T + h @ u.T
        z, c = torch.sigmoid(both + w["b_z"][:, 0]), torch.tanh(both + w["b_c"][:, 0])
        h = (zeta * (1 - z) + nu) * c + z * h
        states.append(h)
    expected = read(stack.learned, states, how)
    torch.testing.assert_close(outputs_of(stack, rows), expected, rtol=1e-4, atol=1e-5)


@given(
    steps=st.integers(1, 12),
    kernel=st.integers(1, 4),
    layers=st.integers(1, 3),
    how=st.sampled_from(["last", "mean"]),
)
def test_conv_1d_is_pytorchs_with_zeros_before_the_sequence(
    steps: int, kernel: int, layers: int, how: str
) -> None:
    shape = {"filters": 3, "kernel": kernel, "layers": layers, "pooling": how}
    stack, rows = stack_of("conv_1d", steps, **shape), rows_of(steps)
    maps = rows.mT
    for layer in range(layers):
        reach = (kernel - 1) * 2**layer
        maps = torch.nn.functional.conv1d(
            torch.nn.functional.pad(maps, (reach, 0)),
            stack.learned[f"k_{layer}"][0].permute(1, 2, 0),
            stack.learned[f"b_{layer}"][0, :, 0],
            dilation=2**layer,
        ).relu()
    expected = read(stack.learned, list(maps.unbind(2)), how)
    torch.testing.assert_close(outputs_of(stack, rows), expected, rtol=1e-4, atol=1e-5)


@given(
    steps=st.integers(1, 9),
    kernel=st.integers(1, 5),
    layers=st.integers(1, 3),
    how=st.sampled_from(["last", "mean"]),
)
def test_gradients_of_conv_1d_are_autograds(steps: int, kernel: int, layers: int, how: str) -> None:
    given = {"filters": 3, "kernel": kernel, "layers": layers, "pooling": how}
    stack = stack_of("conv_1d", steps, **given)
    x = rows_of(steps).flatten(1).T[None].contiguous()
    leaves = {name: t.detach().requires_grad_() for name, t in stack.learned.items()}
    expected = torch.autograd.grad(
        stack.network.forward(leaves, x).square().sum(), list(leaves.values())
    )
    gradients = {name: torch.full_like(t, torch.nan) for name, t in stack.learned.items()}
    assert isinstance(stack.network, HandWritten)
    with torch.no_grad():
        outputs, saved = stack.network.forward_saving(stack.learned, x)
        stack.network.backward(stack.learned, saved, 2 * outputs, gradients)
    for gradient, reference in zip(gradients.values(), expected, strict=True):
        torch.testing.assert_close(gradient, reference, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("how", ["last", "mean"])
@pytest.mark.parametrize("graph", ["kronecker", "random_sparse", "dense_random"])
@pytest.mark.parametrize("readout", ["solved", "trained"])
def test_echo_state_is_its_equation(how: str, graph: str, readout: str) -> None:
    stack = stack_of("echo_state", 7, hidden=8, pooling=how, graph=graph, leak=0.3, readout=readout)
    rows, model = rows_of(7), stack.models[0].architecture
    features = stack.network.features  # type: ignore[attr-defined]
    w_in, b_in = features.weights[0], features.bias[0, :, 0]
    assert w_in.abs().max() <= model.input_scale  # type: ignore[attr-defined]
    g = torch.from_numpy(model.core.matrix(101))  # type: ignore[attr-defined]
    h, states = torch.zeros(N_ROWS, 8), []
    for x in rows.unbind(1):
        h = 0.7 * h + 0.3 * torch.tanh(x @ w_in.T + b_in + h @ g.T)
        states.append(torch.cat([x, h], dim=1))
    w, b = stack.learned["w"][0], stack.learned["b"][0, :, 0]
    expected = pooled(states, how) @ w.T + b
    torch.testing.assert_close(outputs_of(stack, rows), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("delays", [1, 3, 40])
def test_last_values_is_ridge_regression_on_a_delay_line(delays: int) -> None:
    toy = toys.dataset("regression", n_features=18, n_rows=200)
    stack = stack_of("last_values", 9, 1, delays=delays, ridge=1e-3)
    data = Data(toy, [101], CPU)
    StackTraining(stack, data, TrainingBudget(1, 16)).run()
    rows = toy.split(101).train
    x = rows.x[:, -2 * min(delays, 9) :].astype(np.float64)
    x = np.column_stack([x, np.ones(len(x))])
    penalty = 1e-3 * np.diag([1.0] * (x.shape[1] - 1) + [0.0])
    solution = np.linalg.solve(x.T @ x / len(x) + penalty, x.T @ rows.y / len(x))
    found = np.append(stack.learned["w"][0, 0].numpy(), stack.learned["b"][0, 0, 0].item())
    np.testing.assert_allclose(found, solution, atol=1e-5)


@pytest.mark.parametrize("name", ["echo_state", "last_values"])
def test_a_solution_of_a_regression_is_final_and_does_not_depend_on_interruptions(
    name: str,
) -> None:
    toy = toys.dataset("regression", n_features=18)

    def training() -> StackTraining:
        stack = stack_of(name, 9, 1)
        return StackTraining(stack, Data(toy, [101], CPU), TrainingBudget(4, 16, "last"))

    whole, first, resumed = training(), training(), training()
    whole.run()
    first.run(last=2)
    assert resumed.restore(first.state())
    resumed.run()
    assert torch.equal(whole.stack.flat, resumed.stack.flat)
    assert torch.equal(whole.stack.flat, first.stack.flat)
    assert len(np.unique(whole.val_losses())) == 1
    assert np.isnan(whole.train_losses()).all()


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_a_solved_classifier_comes_close_to_the_least_loss(task: Any) -> None:
    """What gradients find in the same model, given long, is no better than a thousandth."""
    toy = replace(toys.dataset(task, n_features=18, n_rows=100), learning_rate=(0.1, 0.1))
    losses = {}
    for readout, epochs in (("solved", 60), ("trained", 400)):
        stack = stack_of(
            "echo_state", 9, toy.n_outputs, hidden=4, readout=readout, ridge=1e-6, pooling="last"
        )
        training = StackTraining(stack, Data(toy, [101], CPU), TrainingBudget(epochs, 100, "last"))
        training.run()
        losses[readout] = training.outcomes()[0].metrics["train_loss"]
    assert losses["solved"] <= losses["trained"] + 1e-3


@pytest.mark.parametrize("name", SEQUENCES)
def test_rows_that_are_no_sequences_are_refused(name: str) -> None:
    assert "takes sequences; 'toy' holds none" in str(data_problem(name, toys.REGRESSION))
    sequences = replace(toys.REGRESSION, sequence=(3, 1))
    assert data_problem(name, sequences) is None


def test_a_space_takes_the_channels_from_the_dataset() -> None:
    spec = {"name": "a", "dataset": "lorenz", "trials": 2, "seeds": 1}
    families = dict(read_search(spec | {"families": ["gru", "last_values"]})["families"])
    assert {space.smallest()["input_channels"] for space in families.values()} == {3}
    with pytest.raises(SpecError, match="a step of this dataset has 3, so leave it out"):
        read_search(spec | {"families": {"gru": {"input_channels": 2}}})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"graph": "ring"}, "unknown graph 'ring'"),
        ({"pooling": "max"}, "pooling = 'max'; allowed are last, mean"),
        ({"readout": "guessed"}, "unknown readout 'guessed'"),
        ({"leak": 0.0}, "a leak is above 0 and at most 1"),
        ({"hidden": 3, "graph": "kronecker"}, "power of two"),
    ],
)
def test_an_impossible_echo_state_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        stack_of("echo_state", 5, **changed)
