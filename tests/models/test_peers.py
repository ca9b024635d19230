"""The models that the benchmarks' peers train are those of the families beside them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from frontier_search.models.families import FAMILIES
from frontier_search.training.stack import Model, Stack

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SEED = 101
VALUES = {"hidden": 8, "steps": 3, "learning_rate": 0.01}  # of what a space leaves open


@pytest.fixture(scope="module")
def workload() -> Iterator[ModuleType]:
    name = "workload"
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # its dataclasses look it up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[name]


def give(layer: nn.Linear, weight: torch.Tensor, bias: torch.Tensor) -> None:
    """Gives a layer the weights of one of our models: (o, d) and (o, 1)."""
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias[:, 0])


def copy(learned: dict[str, torch.Tensor], module: Any, hidden: int) -> None:
    """Copies the learned weights of our only model of a stack into a peer's module."""
    one = {name: tensor[0] for name, tensor in learned.items()}
    if "w_x" in one:
        w_out = torch.cat([one["w_x"][hidden:], one["w_h"]], dim=1)
        give(module.input, one["w_x"][:hidden], one["b_x"][:hidden])
        give(module.readout, w_out, one["b_x"][hidden:])
    else:
        for layer, linear in enumerate([module.first, module.second, module.readout]):
            give(linear, one[f"weight_{layer}"], one[f"bias_{layer}"])


@pytest.mark.parametrize("family", ["dense", "kronecker", "random_sparse", "no_recurrence"])
def test_a_peer_has_the_outputs_and_the_size_of_ours(workload: ModuleType, family: str) -> None:
    assert set(workload.SPACES) == {"dense", "kronecker", "random_sparse", "no_recurrence"}
    given = {
        name: VALUES.get(name, getattr(parameter, "values", (None,))[0])
        for name, parameter in workload.SPACES[family]
    }
    architecture = FAMILIES[family].build(given)
    n_inputs, n_outputs = workload.DATASET.n_features, workload.DATASET.n_outputs
    model = Model(0, SEED, architecture, given["learning_rate"])
    stack = Stack([model], n_inputs, n_outputs, torch.device("cpu"))
    module = workload.build({"family": family, **given}, SEED)
    copy(stack.learned, module, given["hidden"])
    x = torch.randn(50, n_inputs, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours = stack.network.forward(stack.learned, x.T[None])[0].T
        torch.testing.assert_close(module(x), ours, rtol=1e-5, atol=1e-6)
    assert sum(each.numel() for each in module.parameters()) == stack.n_learned
