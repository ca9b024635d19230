"""Models of a user's own, stacked by us and in the loop that their author would write.

    python benchmarks/own_module.py [--models 16]

Prints models a second for five modules, with 16 seeds of each, on random rows. Both sides train in
this process with one thread, the same rows, batches and optimiser (AdamW). The loop has no
DataLoader. Times exclude imports and the examination of a module.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from frontier_search import Dataset, Rows, Split, TrainingBudget
from frontier_search.models.architectures.own_module import OwnModule
from frontier_search.models.examination import examine
from frontier_search.models.families import FAMILIES
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack
from frontier_search.training.train import StackTraining

D, CLASSES, ROWS, BATCH, EPOCHS = 64, 10, 1024, 64, 3
SPACE = {"hidden": [32]}
SIDE = 8


class MLP(nn.Sequential):
    def __init__(self, n_inputs: int, n_outputs: int, hidden: int) -> None:
        super().__init__(
            nn.Linear(n_inputs, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(hidden, n_outputs),
        )


class CNN(nn.Module):
    def __init__(self, n_inputs: int, n_outputs: int, hidden: int) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(1, 8, 3), nn.Linear(8 * 9, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.first(x.view(-1, 1, SIDE, SIDE)).relu()
        found: Tensor = self.last(nn.functional.max_pool2d(maps, 2).flatten(1))
        return found


class GRU(nn.Module):
    def __init__(self, n_inputs: int, n_outputs: int, hidden: int) -> None:
        super().__init__()
        self.gru, self.last = nn.GRU(SIDE, hidden, batch_first=True), nn.Linear(hidden, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.last(self.gru(x.view(-1, SIDE, SIDE))[0][:, -1])
        return found


class Attention(nn.Module):
    def __init__(self, n_inputs: int, n_outputs: int, hidden: int) -> None:
        super().__init__()
        self.embed = nn.Linear(SIDE, hidden)
        self.attention = nn.MultiheadAttention(hidden, 2, dropout=0.1, batch_first=True)
        self.last = nn.Linear(hidden, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x.view(-1, SIDE, SIDE))
        found: Tensor = self.last((h + self.attention(h, h, h, need_weights=False)[0]).mean(1))
        return found


class Residual(nn.Module):
    def __init__(self, n_inputs: int, n_outputs: int, hidden: int) -> None:
        super().__init__()
        self.first = nn.Linear(n_inputs, hidden)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(hidden), nn.Linear(hidden, hidden), nn.ReLU())
            for _ in range(3)
        )
        self.last = nn.Linear(hidden, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = x + block(x)
        found: Tensor = self.last(x)
        return found


MODULES = (MLP, CNN, GRU, Attention, Residual)


def split(seed: int) -> Split:
    rng = np.random.default_rng(seed)

    def rows(n: int) -> Rows:
        x = rng.standard_normal((n, D)).astype(np.float32)
        return Rows(x, (np.abs(x[:, :CLASSES]).argmax(1)).astype(np.int64))

    return Split(rows(ROWS), rows(64), rows(64))


DATASET = Dataset(
    "random", "multiclass", D, CLASSES, "nats", "drawn", TrainingBudget(EPOCHS, BATCH), split
)


def looped(kind: Callable[[int, int, int], nn.Module], data: Data) -> None:
    """Trains a module of each seed, one after another."""
    for i, seed in enumerate(data.seeds):
        torch.manual_seed(seed)
        net = kind(D, CLASSES, SPACE["hidden"][0]).train()
        optimiser = torch.optim.AdamW(net.parameters(), 0.01, weight_decay=0.0)
        for epoch in range(1, EPOCHS + 1):
            net.train()
            for batch in data.minibatches(epoch, BATCH):
                optimiser.zero_grad()
                loss = nn.functional.cross_entropy(net(batch.x[i].T), batch.y[i])
                loss.backward()
                optimiser.step()
            net.eval()
            with torch.no_grad():
                for batch in data.chunks("val", 256):
                    nn.functional.cross_entropy(net(batch.x[i].T), batch.y[i]).item()


def stacked(architecture: OwnModule, data: Data) -> None:
    models = [Model(0, seed, architecture, 0.01) for seed in data.seeds]
    stack = Stack(models, D, CLASSES, torch.device("cpu"))
    StackTraining(stack, data, TrainingBudget(EPOCHS, BATCH)).run()


def seconds(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--models", type=int, default=16)
    n = options.parse_args().models
    torch.set_num_threads(1)
    data = Data(DATASET, tuple(range(1, n + 1)), torch.device("cpu"))
    for epoch in range(1, EPOCHS + 1):  # draws the orders, which both sides share
        data.order(epoch)
    print(f"| {n} models of each | models a second, a loop | stacked | times as fast |")
    print("| --- | ---: | ---: | ---: |")
    for kind in MODULES:
        made = FAMILIES[f"own_module:{kind.__name__}"].build({"hidden": SPACE["hidden"][0]})
        assert isinstance(made, OwnModule)
        note = "" if examine(made, D, CLASSES).stacked else " (trained one by one)"
        stacked(made, Data(DATASET, (1, 2), torch.device("cpu")))  # loads what it needs
        # in turns, and the best of each, because other processes may disturb one of them
        pairs = [
            (seconds(lambda k=kind: looped(k, data)), seconds(lambda m=made: stacked(m, data)))
            for _ in range(3)
        ]
        alone, together = (n / min(times) for times in zip(*pairs, strict=True))
        name = f"{kind.__name__}{note}"
        print(f"| {name} | {alone:.1f} | {together:.1f} | {together / alone:.1f} |", flush=True)


if __name__ == "__main__":
    main()
