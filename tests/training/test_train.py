"""Stacked training against torch's own modules and optimiser."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from frontier_search.data.dataset import TrainingBudget
from frontier_search.models.architectures.reservoir import Reservoir
from frontier_search.models.families import FAMILIES
from frontier_search.models.tanh import differentiable_tanh
from frontier_search.seeds import ORDER_STREAM
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack
from frontier_search.training.train import StackTraining
from tests.support import toys

CPU = torch.device("cpu")
SEEDS = (101, 202)
RESERVOIR = {
    "hidden": 4,
    "steps": 3,
    "spectral_radius": 0.9,
    "graph_noise": 0.0,
    "learning_rate": 0.01,
}


class PlainReservoir(nn.Module):
    """The recurrence as its paper writes it, with nn.Linear and torch.tanh."""

    def __init__(
        self, graph: np.ndarray, n_inputs: int, n_outputs: int, steps: int, gated: bool
    ) -> None:
        super().__init__()
        hidden = len(graph)
        self.w_in, self.w_out = nn.Linear(n_inputs, hidden), nn.Linear(n_inputs + hidden, n_outputs)
        self.gate = nn.Parameter(torch.zeros(())) if gated else None
        self.graph, self.steps = torch.from_numpy(graph), steps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.tanh(self.w_in(x))
        for _ in range(self.steps):
            update = torch.tanh(h + torch.tanh(h @ self.graph.T))
            z = 1.0 if self.gate is None else torch.sigmoid(self.gate)
            h = (1 - z) * h + z * update
        return self.w_out(torch.cat([x, h], dim=1))


def plain_twin(model: Model, stack: Stack, name: str) -> nn.Module:
    """Returns a module of torch's own with the weights of a stack's only model."""
    learned = {key: tensor[0] for key, tensor in stack.learned.items()}
    with torch.no_grad():
        if name.startswith("dense"):
            layers = sorted(key for key in learned if key.startswith("weight"))
            linears = [nn.Linear(learned[key].shape[1], learned[key].shape[0]) for key in layers]
            for key, linear in zip(layers, linears, strict=True):
                linear.weight.copy_(learned[key])
                linear.bias.copy_(learned[key.replace("weight", "bias")][:, 0])
            phi = nn.Tanh if name == "dense_tanh" else nn.ReLU
            parts: list[nn.Module] = [part for linear in linears for part in (linear, phi())]
            return nn.Sequential(*parts[:-1])
        architecture = model.architecture
        assert isinstance(architecture, Reservoir)
        twin = PlainReservoir(
            architecture.matrix(model.seed), 3, 3, architecture.steps, architecture.gated
        )
        hidden = architecture.hidden
        twin.w_in.weight.copy_(learned["w_x"][:hidden])
        twin.w_in.bias.copy_(learned["b_x"][:hidden, 0])
        twin.w_out.weight.copy_(torch.cat([learned["w_x"][hidden:], learned["w_h"]], dim=1))
        twin.w_out.bias.copy_(learned["b_x"][hidden:, 0])
        return twin


@pytest.mark.parametrize(
    "name",
    [
        "dense",
        "dense_tanh",
        "dense_adamw",
        "dense_deep",
        "kronecker",
        "gated_kronecker",
        "random_sparse",
        "no_recurrence",
    ],
)
def test_it_equals_torch_modules_and_adamw(name: str) -> None:
    data, epochs, decay = (
        Data(toys.MULTICLASS, (101,), CPU),
        20,
        0.05 if name == "dense_adamw" else 0.0,
    )
    model = Model(0, 101, FAMILIES[name].build(RESERVOIR), 0.01, decay)
    stack = Stack([model], 3, 3, CPU)
    twin = plain_twin(model, stack, name)
    training = StackTraining(stack, data, TrainingBudget(epochs, 16, "last"))
    training.run()
    optimiser = torch.optim.AdamW(twin.parameters(), lr=0.01, weight_decay=decay)
    rows = toys.MULTICLASS.split(101)
    x, y = torch.from_numpy(rows.train.x), torch.from_numpy(rows.train.y)
    for epoch in range(1, epochs + 1):
        order = torch.from_numpy(
            np.random.default_rng([101, ORDER_STREAM, epoch]).permutation(len(x))
        )
        for batch in order.split(16):
            optimiser.zero_grad()
            nn.functional.cross_entropy(twin(x[batch]), y[batch]).backward()
            optimiser.step()
    with torch.no_grad():
        outputs = twin(torch.from_numpy(rows.val.x))
    expected = nn.functional.cross_entropy(outputs, torch.from_numpy(rows.val.y)).item()
    measured = training.outcomes()[0].metrics
    assert measured["val_loss"] == pytest.approx(expected, abs=1e-5)
    assert measured["val_accuracy"] == pytest.approx(
        (outputs.argmax(1).numpy() == rows.val.y).mean()
    )
    assert measured["val_error"] == pytest.approx(1 - measured["val_accuracy"])


def test_select_best_reports_the_epoch_with_the_smallest_validation_loss() -> None:
    data = Data(toys.MULTICLASS, SEEDS, CPU)

    def outcome(epochs: int, select: Any) -> Any:
        training = StackTraining(
            Stack([Model(0, 101, FAMILIES["dense"].build({"hidden": 8}), 0.1)], 3, 3, CPU),
            data,
            TrainingBudget(epochs, 16, select),
        )
        training.run()
        return training.outcomes()[0]

    curve = [outcome(epochs, "last").metrics["val_loss"] for epochs in range(1, 31)]
    best = outcome(30, "best")
    # Below 30 because the model overfits; otherwise the test would show nothing.
    assert best.epoch == int(np.argmin(curve)) + 1 < 30
    assert best.metrics["val_loss"] == pytest.approx(min(curve), abs=1e-6)
    assert outcome(30, "last").epoch == 30


def test_a_divergence_is_noticed_and_does_not_affect_other_models() -> None:
    data = Data(toys.REGRESSION, SEEDS, CPU)
    healthy, wild = (
        Model(i, 101, FAMILIES["dense"].build({"hidden": 4}), rate)
        for i, rate in enumerate((0.01, 1e30))
    )
    together = StackTraining(Stack([healthy, wild], 3, 1, CPU), data, TrainingBudget(4, 16))
    together.run()
    alone = StackTraining(Stack([healthy], 3, 1, CPU), data, TrainingBudget(4, 16))
    alone.run()
    first, second = together.outcomes()
    assert second.diverged_epoch == 1
    assert first.diverged_epoch is None
    assert first.metrics["val_loss"] == pytest.approx(
        alone.outcomes()[0].metrics["val_loss"], abs=1e-6
    )


def test_a_restored_training_continues_bit_for_bit() -> None:
    data, models = (
        Data(toys.MULTICLASS, SEEDS, CPU),
        [Model(0, seed, FAMILIES["kronecker"].build(RESERVOIR), 0.02) for seed in SEEDS],
    )
    whole = StackTraining(Stack(models, 3, 3, CPU), data, TrainingBudget(8, 16))
    states = []
    whole.run(
        lambda training: states.append(
            {key: np.copy(value) for key, value in training.state().items()}
        )
    )
    resumed = StackTraining(Stack(models, 3, 3, CPU), data, TrainingBudget(8, 16))
    resumed.restore(states[2])
    resumed.run()
    assert torch.equal(whole.stack.flat, resumed.stack.flat)
    assert [o.metrics for o in whole.outcomes()] == [o.metrics for o in resumed.outcomes()]


def test_a_network_without_a_handwritten_gradient_trains_by_autograd() -> None:
    class ByAutograd:
        def __init__(self, inner: Any) -> None:
            self.inner, self.learned = inner, inner.learned

        def forward(self, learned: Any, x: torch.Tensor) -> torch.Tensor:
            return (
                torch.bmm(
                    learned["weight_1"],
                    differentiable_tanh(torch.bmm(learned["weight_0"], x) + learned["bias_0"]),
                )
                + learned["bias_1"]
            )

    from frontier_search.models.architectures.feedforward import FeedForward

    data, results = Data(toys.MULTICLASS, SEEDS, CPU), []
    for wrap in (lambda network: network, ByAutograd):
        stack = Stack([Model(0, 101, FeedForward(4, 1, "tanh"), 0.02)], 3, 3, CPU)
        stack.network = wrap(stack.network)
        training = StackTraining(stack, data, TrainingBudget(5, 16))
        training.run()
        results.append(training.outcomes()[0].metrics["val_loss"])
    assert results[0] == pytest.approx(results[1], abs=1e-5)
