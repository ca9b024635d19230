"""Training a cohort: failures stay with their candidate, checkpoints, and latency."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from frontier_search.data.dataset import TrainingBudget
from frontier_search.models.families import FAMILIES
from frontier_search.objective import OBJECTIVES
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.training.cohort import train_cohort
from frontier_search.training.metrics import latency_ms
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model
from frontier_search.training.train import StackTraining
from frontier_search.trial import Candidate, Cohort
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

COHORT = Cohort(
    0,
    (0, 1, 2, 3),
    (
        Candidate("dense", {"hidden": 4, "learning_rate": 0.01}),
        Candidate("kronecker", {**RESERVOIR, "hidden": 3}),
        Candidate("tests.training.test_cohort:RAISING", {"hidden": 4, "learning_rate": 0.01}),
        Candidate("tests.training.test_cohort:GREEDY", {"hidden": 4, "learning_rate": 0.01}),
    ),
)


class Raises:
    """A network of a family with a bug: its forward pass raises."""

    def __init__(self, models: Any, seeds: Any, n_inputs: int, n_outputs: int, device: Any) -> None:
        self.learned: dict[str, tuple[int, ...]] = {"w": (n_outputs, n_inputs)}

    def initial(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        return {"w": torch.zeros(self.learned["w"])}

    def forward(self, learned: Any, x: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("the family has a bug")


class Hungry(Raises):
    """A network that needs more memory than there is."""

    def forward(self, learned: Any, x: torch.Tensor) -> torch.Tensor:
        return torch.bmm(learned["w"], x) * torch.zeros(1 << 50)


def _family(network: str) -> Any:
    @dataclass(frozen=True)
    class Toy:
        network: str
        shape: int = 0
        rank: int = 0

    return replace(FAMILIES["dense"], build=lambda hyperparameters: Toy(network))


RAISING, GREEDY = (
    _family("tests.training.test_cohort:Raises"),
    _family("tests.training.test_cohort:Hungry"),
)


def test_each_failure_stays_with_its_candidate() -> None:
    trained = train_cohort(
        COHORT, Data(toys.MULTICLASS, SEEDS, CPU), TrainingBudget(2, 16), Checkpoints(None)
    )
    assert trained.outcomes[0].failure is None
    assert [seed.seed for seed in trained.outcomes[0].seeds] == list(SEEDS)
    assert "power of two" in str(trained.outcomes[1].failure)
    assert trained.outcomes[2].failure == "RuntimeError: the family has a bug"
    assert "out of memory" in str(trained.outcomes[3].failure)
    assert set(trained.weights) == {0}


def test_training_continues_from_checkpoints_and_ignores_damaged_ones(tmp_path: Path) -> None:
    data = Data(toys.MULTICLASS, SEEDS, CPU)
    eager = Checkpoints(tmp_path, every_s=0.0)
    cohort = Cohort(0, (0,), COHORT.candidates[:1])
    whole = train_cohort(cohort, data, TrainingBudget(4, 16), eager)
    epochs = []

    class Counting(Checkpoints):
        def save(self, part: str, training: StackTraining, is_last: bool) -> None:
            epochs.append(training.epoch)

    Counting(tmp_path)
    longer = train_cohort(cohort, data, TrainingBudget(6, 16), Counting(tmp_path))
    assert epochs == [5, 6]
    (tmp_path / "0.npz").write_bytes((tmp_path / "0.npz").read_bytes()[:100])
    again = train_cohort(cohort, data, TrainingBudget(6, 16), Counting(tmp_path))
    assert epochs == [5, 6, 1, 2, 3, 4, 5, 6]
    assert [s.metrics for s in again.outcomes[0].seeds] == [
        s.metrics for s in longer.outcomes[0].seeds
    ]
    assert len(whole.weights[0]) == len(SEEDS)


def test_latency_is_a_positive_number_of_milliseconds() -> None:
    data = Data(toys.MULTICLASS, SEEDS, CPU)
    assert latency_ms(Model(0, 101, FAMILIES["dense"].build({"hidden": 4}), 0.01), data) > 0
    trained = train_cohort(
        Cohort(0, (0,), COHORT.candidates[:1]),
        data,
        TrainingBudget(1, 16),
        Checkpoints(None),
        [OBJECTIVES["latency_ms"]],
    )
    assert all(seed.metrics["val_latency_ms"] > 0 for seed in trained.outcomes[0].seeds)
