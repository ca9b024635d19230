"""The workload of the benchmark as a user of the peers writes it; the search is ``workload.yaml``.

It has an Optuna define-by-run space (``suggest``), one ``nn.Module`` for each seed,
``torch.optim.Adam``, and a plain loop over minibatches without a DataLoader (``train_one``). The
equations are those of ``frontier_search.models.architectures``, which also draw the fixed graphs.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import yaml
from torch import Tensor, nn
from torch.nn import functional

from frontier_search.data.dataset import Rows
from frontier_search.data.datasets import DATASETS
from frontier_search.models.families import FAMILIES
from frontier_search.space import Choice, Float, Int, SearchSpace

if TYPE_CHECKING:
    from optuna import Trial

SEARCH_FILE = Path(__file__).with_name("workload.yaml")
SEARCH: dict[str, Any] = yaml.safe_load(SEARCH_FILE.read_text())

DATASET = DATASETS[SEARCH["dataset"]]
SEEDS: tuple[int, ...] = tuple(SEARCH["seeds"])
EPOCHS: int = SEARCH["epochs"]
BATCH_SIZE: int = SEARCH["batch_size"]
OBJECTIVES: tuple[str, ...] = tuple(SEARCH["objectives"])  # both minimised
WORKERS = 2  # processes that train, each on one thread
SPACES: dict[str, SearchSpace] = {
    family: SearchSpace.from_spec(spec)[0] for family, spec in SEARCH["families"].items()
}

Params = dict[str, Any]  # the family's name under "family", and its hyperparameters


def suggest(trial: Trial) -> Params:
    """Suggests a family, then its own parameters. A parameter of one value is not suggested."""
    family = str(trial.suggest_categorical("family", list(SPACES)))
    params: Params = {"family": family}
    for name, parameter in SPACES[family]:
        match parameter:
            case Float(low, high, log):
                params[name] = trial.suggest_float(name, low, high, log=log)
            case Int(low, high, log):
                params[name] = trial.suggest_int(name, low, high, log=log)
            case Choice((only,)):
                params[name] = only
            case Choice(values):
                params[name] = trial.suggest_categorical(name, list(values))
    return params


class Dense(nn.Module):
    """Two ReLU hidden layers."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.first = nn.Linear(DATASET.n_features, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.readout = nn.Linear(hidden, DATASET.n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.readout(torch.relu(self.second(torch.relu(self.first(x)))))  # type: ignore[no-any-return]


class Reservoir(nn.Module):
    """Learned input and output maps around ``steps`` updates through a fixed graph, a buffer."""

    graph: Tensor

    def __init__(self, hidden: int, steps: int, graph: Tensor) -> None:
        super().__init__()
        self.steps = steps
        self.input = nn.Linear(DATASET.n_features, hidden)
        self.readout = nn.Linear(DATASET.n_features + hidden, DATASET.n_outputs)
        self.register_buffer("graph", graph)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.input(x))
        for _ in range(self.steps):
            h = torch.tanh(h + torch.tanh(h @ self.graph.T))
        return self.readout(torch.cat([x, h], dim=1))  # type: ignore[no-any-return]


def build(params: Params, seed: int) -> nn.Module:
    """Returns the model of one seed, with first weights as ``nn.Linear`` draws them."""
    torch.manual_seed(seed)
    family = params["family"]
    hyperparameters = {name: value for name, value in params.items() if name != "family"}
    if family == "dense":
        return Dense(params["hidden"])
    architecture: Any = FAMILIES[family].build(hyperparameters)
    return Reservoir(
        params["hidden"], params.get("steps", 0), torch.from_numpy(architecture.matrix(seed))
    )


@dataclass(frozen=True)
class Tensors:
    """One split as tensors: x (n, 64) float32, y (n,) int64."""

    x: Tensor
    y: Tensor

    @staticmethod
    def of(rows: Rows) -> Tensors:
        return Tensors(torch.from_numpy(rows.x), torch.from_numpy(rows.y))


@functools.cache
def tensors(seed: int) -> tuple[Tensors, Tensors, Tensors]:
    """Returns the three splits of a seed, cached so that a process splits the data once."""
    split = DATASET.split(seed)
    return Tensors.of(split.train), Tensors.of(split.val), Tensors.of(split.test)


def prepare() -> None:
    """Sets one thread and splits the rows of all seeds; a training process calls it once."""
    torch.set_num_threads(1)
    for seed in SEEDS:
        tensors(seed)


@torch.no_grad()
def mean_loss(model: nn.Module, rows: Tensors) -> float:
    """Returns the mean cross-entropy, in nats."""
    return functional.cross_entropy(model(rows.x), rows.y).item()


def train_one(params: Params, seed: int, epochs: int = EPOCHS) -> dict[str, float]:
    """Trains one model and keeps the epoch with the smallest validation loss.

    Returns:
        val_loss and test_loss of that epoch, in nats, and params, the number of learned scalars.
    """
    train, val, test = tensors(seed)
    model = build(params, seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=params["learning_rate"])
    best_loss, best = float("inf"), model.state_dict()
    for _ in range(epochs):
        order = torch.randperm(len(train.y))
        x, y = train.x[order], train.y[order]
        for start in range(0, len(y), BATCH_SIZE):
            optimiser.zero_grad()
            loss = functional.cross_entropy(
                model(x[start : start + BATCH_SIZE]), y[start : start + BATCH_SIZE]
            )
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        val_loss = mean_loss(model, val)
        if val_loss < best_loss:
            best_loss, best = (
                val_loss,
                {name: tensor.clone() for name, tensor in model.state_dict().items()},
            )
    model.load_state_dict(best)
    n_params = sum(parameter.numel() for parameter in model.parameters())
    return {"val_loss": best_loss, "test_loss": mean_loss(model, test), "params": n_params}


def train_all(params: Params) -> dict[str, float]:
    """Trains one trial: a model for each seed, one after another.

    Returns:
        loss and test_loss, means over the seeds, in nats, and params.
    """
    outcomes = [train_one(params, seed) for seed in SEEDS]
    return {
        "loss": sum(outcome["val_loss"] for outcome in outcomes) / len(outcomes),
        "test_loss": sum(outcome["test_loss"] for outcome in outcomes) / len(outcomes),
        "params": outcomes[0]["params"],
    }
