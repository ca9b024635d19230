"""What every family keeps.

Counts equal the tensors, gradients are right and reach every scalar, stacking changes nothing, and
graphs stay fixed. The members come from the table.
"""

from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np
import pytest
import torch

from frontier_search.data.dataset import Dataset, Task, TrainingBudget
from frontier_search.errors import SpecError
from frontier_search.models.families import FAMILIES
from frontier_search.models.network import HandWritten
from frontier_search.training import loss
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack, group
from frontier_search.training.train import StackTraining
from tests.support import toys

SEEDS = (101, 202)
CPU = torch.device("cpu")


NARROW = {  # each is used if the family has it
    "inner": 2,
    "hidden": 4,
    "channels": 2,
    "grid": 2,
    "layers": 2,
    "channel_hidden": 4,
    "token_hidden": 2,
    "filters": 2,
    "kernel": 3,
    "input_channels": 2,
}
SIDE = 8  # pixels of an edge, for families of images
STEPS = 9  # of two channels, for families of sequences


def n_inputs_of(name: str) -> int:
    if FAMILIES[name].sequence:
        return STEPS * 2
    return SIDE * SIDE if FAMILIES[name].image else 3


def toy_for(name: str, task: Any) -> Dataset:
    if FAMILIES[name].sequence:
        return toys.dataset(task, n_features=STEPS * 2)
    return toys.dataset(task, side=SIDE if FAMILIES[name].image else None)


def sampled(name: str, n: int, **fixed: Any) -> list[dict[str, Any]]:
    """n points of a family's default space; some parameters are fixed if the family has them."""
    space = FAMILIES[name].default_space((1e-3, 1e-2))
    rng = np.random.default_rng(7)
    return [
        space.sample(rng) | {key: value for key, value in fixed.items() if key in space.names()}
        for _ in range(n)
    ]


def models(name: str, points: list[dict[str, Any]]) -> list[Model]:
    return [
        Model(i, seed, FAMILIES[name].build(p), p["learning_rate"], p.get("weight_decay", 0.0))
        for i, p in enumerate(points)
        for seed in SEEDS
    ]


def stack_of(name: str, n: int = 4) -> Stack:
    return Stack(group(models(name, sampled(name, n, **NARROW)))[0], n_inputs_of(name), 2, CPU)


@pytest.fixture(params=[name for name in FAMILIES if not FAMILIES[name].fitted])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_member_is_named_and_sourced(name: str) -> None:
    family = FAMILIES[name]
    assert family.name == name
    assert family.summary
    assert family.source


@pytest.mark.parametrize(
    ("n_inputs", "n_outputs"), [(1, 1), (3, 2), (10, 1), (64, 10), (121, 1), (784, 10)]
)
def test_counts_equal_the_tensors(name: str, n_inputs: int, n_outputs: int) -> None:
    for point in sampled(name, 8):
        if FAMILIES[name].image and n_inputs < SIDE * SIDE:
            with pytest.raises(
                SpecError, match="no square image|have at most a grid of 1|has at most a grid of 1"
            ):
                FAMILIES[name].build(point).size(n_inputs, n_outputs)
            continue
        architecture = FAMILIES[name].build(point)
        size = architecture.size(n_inputs, n_outputs)
        stack = Stack([Model(0, 101, architecture, 1e-3)], n_inputs, n_outputs, CPU)
        assert (
            size.raw
            == stack.flat.numel()
            == sum(math.prod(shape) for shape in stack.network.learned.values())
        )
        assert 0 < size.effective <= size.raw
        assert size.bytes >= 4 * size.raw
        assert size.flops > 0


def test_every_learned_scalar_gets_a_gradient(name: str) -> None:
    """A ReLU unit may be off for all rows under one seed; no scalar is stuck under every seed."""
    (point,) = sampled(name, 1, **NARROW)
    seeds = range(1, 17)
    architecture = FAMILIES[name].build(point)
    stack = Stack([Model(0, seed, architecture, 1e-3) for seed in seeds], n_inputs_of(name), 2, CPU)
    leaves = {
        key: tensor.detach().clone().requires_grad_() for key, tensor in stack.learned.items()
    }
    x = torch.randn(len(seeds), n_inputs_of(name), 64, generator=torch.Generator().manual_seed(0))
    outputs = stack.network.forward(leaves, x)
    for key, gradient in zip(
        leaves, torch.autograd.grad(outputs.square().sum(), list(leaves.values())), strict=True
    ):
        assert (gradient != 0).any(dim=0).all(), f"{key} has scalars that cannot learn"


def test_handwritten_gradient_is_autograds(name: str) -> None:
    stack = stack_of(name)
    network = stack.network
    if not isinstance(network, HandWritten):
        pytest.skip("differentiated by autograd")
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(len(stack.models), n_inputs_of(name), 16, generator=generator)
    d = torch.randn(len(stack.models), 2, 16, generator=generator)
    leaves = {
        key: tensor.detach().clone().requires_grad_() for key, tensor in stack.learned.items()
    }
    expected = torch.autograd.grad((network.forward(leaves, x) * d).sum(), list(leaves.values()))
    gradients = {key: torch.full_like(tensor, torch.nan) for key, tensor in stack.learned.items()}
    with torch.no_grad():
        outputs, saved = network.forward_saving(stack.learned, x)
        network.backward(stack.learned, saved, d, gradients)
    torch.testing.assert_close(outputs, network.forward(stack.learned, x), rtol=1e-5, atol=1e-6)
    for gradient, reference in zip(gradients.values(), expected, strict=True):
        torch.testing.assert_close(gradient, reference, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("task", get_args(Task))
def test_a_stack_equals_its_models_trained_alone(name: str, task: Any) -> None:
    toy = toy_for(name, task)
    # Grouped convolutions sum in another order, and Adam amplifies it where a gradient vanishes.
    within = 1e-4 if FAMILIES[name].image else 1e-5
    data, budget = Data(toy, SEEDS, CPU), TrainingBudget(3, 16)
    together = models(name, sampled(name, 4, **NARROW))
    losses: dict[tuple[int, int], float] = {}
    for stack in group(together):
        training = StackTraining(Stack(stack, toy.n_features, toy.n_outputs, CPU), data, budget)
        training.run()
        losses |= {
            (m.candidate, m.seed): o.metrics["val_loss"]
            for m, o in zip(stack, training.outcomes(), strict=True)
        }
    for model in together:
        alone = StackTraining(Stack([model], toy.n_features, toy.n_outputs, CPU), data, budget)
        alone.run()
        assert alone.outcomes()[0].metrics["val_loss"] == pytest.approx(
            losses[model.candidate, model.seed], abs=within
        )


def test_same_seed_same_result_and_graphs_never_change(name: str) -> None:
    data = Data(toy_for(name, "multiclass"), SEEDS, CPU)
    results = []
    for _ in range(2):
        stack = Stack(group(models(name, sampled(name, 3, **NARROW)))[0], n_inputs_of(name), 3, CPU)
        graph = getattr(stack.network, "graph", torch.zeros(0)).clone()
        training = StackTraining(stack, data, TrainingBudget(3, 16))
        training.run()
        assert torch.equal(graph, getattr(stack.network, "graph", torch.zeros(0)))
        results.append(stack.flat.clone())
    assert torch.equal(*results)


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("task", get_args(Task))
def test_training_stays_on_its_device(name: str, task: Any, device: str) -> None:
    """The meta device has no values. An epoch that reads one, and would make a GPU wait, raises."""
    toy, place = toy_for(name, task), torch.device(device)
    data = Data(toy, SEEDS, place)
    stack = Stack(
        group(models(name, sampled(name, 3, **NARROW)))[0], toy.n_features, toy.n_outputs, place
    )
    # a whole minibatch and the smaller last one, twice
    training = StackTraining(stack, data, TrainingBudget(2, 32), compiled=False)
    training.run()
    tensors = [
        stack.flat,
        training.epochs.gradient,  # type: ignore[attr-defined]
        *training.selection.tensors().values(),
    ]
    tensors += [
        value
        for value in vars(stack.network).values()
        if isinstance(value, torch.Tensor) and value.dim() > 1
    ]
    assert training.epoch == 2
    assert {tensor.device.type for tensor in tensors} == {device}


def test_a_seed_gives_every_candidate_of_a_shape_the_same_first_weights(name: str) -> None:
    stack = stack_of(name)
    for tensor in stack.learned.values():
        by_seed = {
            seed: [tensor[i] for i, m in enumerate(stack.models) if m.seed == seed]
            for seed in SEEDS
        }
        assert all(
            torch.equal(weights[0], other) for weights in by_seed.values() for other in weights
        )


def test_loss_gradient_is_autograds() -> None:
    generator = torch.Generator().manual_seed(2)
    for task, n_outputs in (("regression", 1), ("binary", 1), ("multiclass", 4)):
        outputs = torch.randn(3, n_outputs, 8, generator=generator, requires_grad=True)
        targets = torch.randint(0, max(2, n_outputs), (3, 8), generator=generator)
        targets = targets if task == "multiclass" else targets.float()
        expected = torch.autograd.grad(
            loss.row_losses(task, outputs, targets).mean(dim=1).sum(), outputs
        )[0]  # type: ignore[arg-type]
        torch.testing.assert_close(loss.gradient(task, outputs.detach().clone(), targets), expected)  # type: ignore[arg-type]
