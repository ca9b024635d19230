"""What every device keeps: it trains to the losses of the CPU, or is refused in a sentence."""

from __future__ import annotations

import pytest
import torch

from frontier_search import FAMILIES, SpecError, TrainingBudget, Where
from frontier_search.executors.devices import DEVICES, usable
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack
from frontier_search.training.train import StackTraining
from tests.support import toys

SEEDS = (101, 202)
POINT = {"hidden": 4, "steps": 2, "spectral_radius": 0.9, "graph_noise": 0.0}


def losses(device: torch.device) -> list[float]:
    """Trains one model on every seed and returns the validation losses."""
    toy = toys.MULTICLASS
    architecture = FAMILIES["kronecker"].build(POINT)
    models = [Model(0, seed, architecture, 1e-2) for seed in SEEDS]
    stack = Stack(models, toy.n_features, toy.n_outputs, device)
    training = StackTraining(stack, Data(toy, SEEDS, device), TrainingBudget(4, 16))
    training.run()
    return [outcome.metrics["val_loss"] for outcome in training.outcomes()]


@pytest.mark.parametrize("device", list(DEVICES))
def test_a_device_trains_as_the_cpu_does_or_says_why_it_cannot(device: str) -> None:
    problem = DEVICES[device]()
    if problem is None:
        expected = pytest.approx(losses(torch.device("cpu")), abs=1e-4)
        assert losses(usable(device)) == expected
    else:
        with pytest.raises(SpecError, match=f"in this process {problem}; leave --gpus-per-cohort"):
            usable(device)


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(SpecError, match="unknown device 'cudda'. Did you mean 'cuda'?"):
        usable("cudda")


def test_a_share_of_a_gpu_asks_for_the_accelerator() -> None:
    assert Where().device == "cpu"
    assert Where(gpus_per_cohort=0.5).device == "cuda"
    assert Where(gpus_per_cohort=1, accelerator="mps").device == "mps"
