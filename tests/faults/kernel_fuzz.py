"""Trains random stacks in the compiled kernel, for builds that watch memory and arithmetic.

FRONTIER_SEARCH_KERNEL=FOLDER python -m tests.faults.kernel_fuzz STACKS SEED
"""

from __future__ import annotations

import sys
from typing import Any, get_args

import numpy as np

from frontier_search.data.dataset import Task, TrainingBudget
from frontier_search.models.architectures.factored import Factored, Learns
from frontier_search.models.architectures.feedforward import FeedForward
from frontier_search.models.architectures.fixed_input import FixedInput
from frontier_search.models.architectures.low_rank import LowRank
from frontier_search.models.architectures.reservoir import Reservoir
from frontier_search.models.architectures.spline import Spline
from frontier_search.models.families import kronecker, random_sparse
from frontier_search.models.family import Architecture
from frontier_search.training.kernels.epochs import KernelEpochs
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack
from frontier_search.training.train import StackTraining
from tests.contracts.test_families import CPU
from tests.support import toys

SEEDS = (101, 202, 303)
RATES = (1e-30, 1e-3, 1.0, 1e30, float("inf"), float("nan"))


def architectures(rng: np.random.Generator, n_models: int) -> list[Architecture]:
    """Models of one shape, narrow or wide; reservoirs by falling number of steps."""
    kind = rng.random()
    hidden = int(rng.choice([1, 2, 3, 7, 8, 9, 16, 33, 130]))
    if kind < 0.1:
        inner = int(rng.integers(1, hidden + 1))
        return [LowRank(hidden, inner, int(rng.integers(1, 4)))] * n_models
    if kind < 0.3:
        return factored(rng, n_models)
    reservoirs = plain(rng, n_models, hidden)
    cores = [core for core in reservoirs if isinstance(core, Reservoir) and not core.gated]
    if cores and kind < 0.4:
        return [FixedInput(core, 0.5) for core in cores]
    if cores and kind < 0.5:
        basis = int(rng.integers(3, 9))
        return [Spline(core, basis) for core in cores]
    return reservoirs


def factored(rng: np.random.Generator, n_models: int) -> list[Architecture]:
    """Reservoirs with learned factors of one shape."""
    n, levels = int(rng.integers(2, 5)), int(rng.integers(1, 5))
    learns: Any = rng.choice(get_args(Learns))
    rows = tuple(map(tuple, rng.random((n, n)).tolist()))
    steps = sorted((int(t) for t in rng.integers(1, 6, n_models)), reverse=True)
    steps = [steps[0]] * n_models if learns == "rank_one" else steps
    return [Factored(n**levels, t, rows, learns) for t in steps]


def plain(rng: np.random.Generator, n_models: int, hidden: int) -> list[Architecture]:
    """Dense networks, or reservoirs with a fixed graph."""
    if rng.random() < 0.4:
        layers, skip = int(rng.integers(0, 4)), bool(rng.random() < 0.5)
        activation: Any = rng.choice(["tanh", "relu"])
        return [FeedForward(hidden, layers, activation, skip)] * n_models
    steps = sorted((int(t) for t in rng.integers(0, 6, n_models)), reverse=True)
    graph, hidden = (
        (kronecker.GRAPH, int(rng.choice([2, 4, 16, 64, 128, 256])))
        if rng.random() < 0.5
        else (random_sparse.GRAPH, max(hidden, 3))
    )
    kinds: list[dict[str, Any]] = [{}, {"gated": True}, {"leaks": (0.9, 0.2)}, {"graph_noise": 0.1}]
    kind = kinds[rng.integers(len(kinds))]
    return [
        Reservoir(hidden, t, graph, **kind) if t else Reservoir(hidden, 0, **_mixing(kind))
        for t in steps
    ]


def _mixing(kind: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in kind.items() if key != "graph_noise"}


def train(rng: np.random.Generator) -> None:
    """Trains one random stack, and asks for its outcomes."""
    task = str(rng.choice(get_args(Task)))
    toy = toys.dataset(
        task,  # type: ignore[arg-type]
        n_features=int(rng.choice([1, 2, 7, 8, 9, 31, 70])),
        n_rows=int(rng.integers(1, 70)),
        n_classes=int(rng.integers(2, 11)),
    )
    if task == "regression" and rng.random() < 0.5:
        toy = toys.several(toy, int(rng.integers(1, 5)))
    if rng.random() < 0.5:
        toy = toys.weighted(toy)
    data = Data(toy, SEEDS, CPU)
    if rng.random() < 0.2:
        x = data.rows.pool.x
        x[rng.integers(len(x))] = float(rng.choice([np.nan, np.inf]))
    n_models = int(rng.integers(1, 7))
    models = [
        Model(i, int(rng.choice(SEEDS)), architecture, float(rng.choice(RATES)), 0.1 * (i % 2))
        for i, architecture in enumerate(architectures(rng, n_models))
    ]
    select: Any = rng.choice(["best", "last"])
    budget = TrainingBudget(3, int(rng.choice([1, 3, 8, 16, 33, 64, 2**31 - 1])), select)
    stack = Stack(models, toy.n_features, toy.n_outputs, CPU)
    training = StackTraining(stack, data, budget)
    assert isinstance(training.epochs, KernelEpochs)
    training.run()
    training.outcomes()


def main() -> None:
    n_stacks, seed = int(sys.argv[1]), int(sys.argv[2])
    for i in range(n_stacks):
        sys.stdout.write(f"stack {i} of seed {seed}\n")  # the last line names what was found
        sys.stdout.flush()
        train(np.random.default_rng([seed, i]))


if __name__ == "__main__":
    main()
