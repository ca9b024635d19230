"""Measures stacked training against the number of models M, a plain loop and the arithmetic limit.

    python benchmarks/training.py

The unit is milliseconds for each model and epoch. Each row trains models of one shape on the rows
of digits, batch 64, one thread, with the validation loss of every epoch, as a search does.

    plain loop         one nn.Module at a time, torch.optim.Adam, no DataLoader (workload.py)
    M = 1 .. 320       the stacked program of frontier_search
    arithmetic limit   the floating-point operations of an epoch at the rate of a large matrix
                       product on this machine, and every tanh at the rate of one over an array that
                       fits the cache; both rates are measured here
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import workload

from frontier_search.data.dataset import TrainingBudget
from frontier_search.data.datasets import DATASETS
from frontier_search.executors.worker import settle_process
from frontier_search.models.families import FAMILIES
from frontier_search.models.tanh import tanh
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack
from frontier_search.training.train import StackTraining

STACK_SIZES = (1, 5, 20, 80, 320)
EPOCHS, PLAIN_EPOCHS, REPEATS = 2, 5, 3


@dataclass(frozen=True)
class Case:
    """A model whose training is timed."""

    family: str
    hidden: int
    steps: int = 0

    def __str__(self) -> str:
        return f"{self.family} h={self.hidden}" + (f" T={self.steps}" if self.steps else "")

    @property
    def hyperparameters(self) -> dict[str, float | int]:
        recurrent = (
            {"steps": self.steps, "spectral_radius": 0.9, "graph_noise": 0.0} if self.steps else {}
        )
        return {"hidden": self.hidden, "learning_rate": 0.005, **recurrent}


CASES = (
    Case("dense", 8),
    Case("dense", 32),
    Case("no_recurrence", 16),
    Case("kronecker", 16, 5),
    Case("kronecker", 64, 5),
)


def best_ms(action: Callable[[], object], repeats: int) -> float:
    """Returns the shortest of several runs: what the machine can do undisturbed."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1e3)
    return min(times)


def stacked_ms(case: Case, data: Data, n_models: int) -> float:
    architecture = FAMILIES[case.family].build(case.hyperparameters)
    models = [
        Model(i, data.seeds[i % len(data.seeds)], architecture, 0.005) for i in range(n_models)
    ]
    stack = Stack(models, data.dataset.n_features, data.dataset.n_outputs, data.device)
    StackTraining(stack, data, TrainingBudget(1, 64)).run()  # warms the caches

    def train() -> None:
        StackTraining(stack, data, TrainingBudget(EPOCHS, 64)).run()

    return best_ms(train, REPEATS) / EPOCHS / n_models


def plain_ms(case: Case) -> float:
    params = {"family": case.family, **case.hyperparameters}
    workload.train_one(params, 101, epochs=1)  # warms the caches
    return (
        best_ms(lambda: workload.train_one(params, 101, epochs=PLAIN_EPOCHS), REPEATS)
        / PLAIN_EPOCHS
    )


def limit_ms(case: Case, data: Data, flops_per_ms: float, tanh_per_ms: float) -> float:
    """Returns the limit of forward, backward and validation pass, every product dense."""
    d, o, h = data.dataset.n_features, data.dataset.n_outputs, case.hidden
    n_train, n_val = data.sizes["train"], data.sizes["val"]
    if case.family == "dense":
        forward, backward = 2 * (d * h + h * h + h * o), 2 * (d * h + 2 * (h * h + h * o))
        tanhs = 2 * h
    else:
        recurrence = 2 * case.steps * h * h
        forward = 2 * d * (h + o) + recurrence + 2 * h * o
        backward = 2 * d * (h + o) + recurrence + 4 * h * o
        tanhs = h * (2 * case.steps + 1)
    flops = n_train * (forward + backward) + n_val * forward
    return flops / flops_per_ms + (n_train + n_val) * tanhs / tanh_per_ms


def main() -> None:
    settle_process()
    data = Data(DATASETS["digits"], (101, 202, 303, 404, 505), torch.device("cpu"))
    square, cached = torch.randn(1024, 1024), torch.randn(20, 64, 64)
    flops_per_ms = 2 * 1024**3 / best_ms(lambda: square @ square, 20)
    tanh_per_ms = cached.numel() / statistics.median(
        [best_ms(lambda: tanh(cached), 50) for _ in range(3)]
    )
    print(
        f"{flops_per_ms / 1e6:.0f} GFLOP/s in a 1024 x 1024 product, "
        f"{1e6 / tanh_per_ms:.2f} ns a tanh, torch {torch.__version__}, one thread\n"
    )
    print(
        "| milliseconds a model and epoch | plain loop | "
        + " | ".join(f"M = {m}" for m in STACK_SIZES)
        + " | arithmetic limit | plain / best |"
    )
    print("|---|" + "---:|" * (len(STACK_SIZES) + 3))
    for case in CASES:
        plain, limit = plain_ms(case), limit_ms(case, data, flops_per_ms, tanh_per_ms)
        stacked = [stacked_ms(case, data, m) for m in STACK_SIZES]
        cells = [f"{value:.2f}" for value in (plain, *stacked)]
        print(
            f"| {case} | " + " | ".join(cells) + f" | {limit:.3f} | {plain / min(stacked):.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
