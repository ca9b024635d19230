"""Measures gradients of wide Kronecker reservoirs: the graph as a matrix, and factor by factor.

    python benchmarks/factored.py

Five models, T = 5, 64 rows of 64 inputs, one thread. The two ways take turns, and the shortest time
of each counts. *Drawing* is what a model takes before its first row: the matrix and its
eigenvalues, or the spectral radius in closed form.
"""

from __future__ import annotations

import time
from typing import Any

import torch

from frontier_search.executors.worker import settle_process
from frontier_search.models.architectures import reservoir
from frontier_search.models.families import FAMILIES
from frontier_search.training.stack import Model, Stack

WIDTHS = (32, 64, 128, 256, 512, 1024)
MODELS, STEPS, ROWS, INPUTS, OUTPUTS, REPEATS = 5, 5, 64, 64, 10, 30
WAYS = {"matrix": 10**9, "factors": 0}  # hidden units above which a graph is factored


class Case:
    """A stack whose graphs are applied in one way."""

    def __init__(self, hidden: int, factored_above: int) -> None:
        point = {"hidden": hidden, "steps": STEPS, "spectral_radius": 0.9, "graph_noise": 0.0}
        reservoir.FACTORED_ABOVE = factored_above
        start = time.perf_counter()
        models = [Model(i, 101, FAMILIES["kronecker"].build(point), 0.01) for i in range(MODELS)]
        self.stack = Stack(models, INPUTS, OUTPUTS, torch.device("cpu"))
        self.drawing_ms = (time.perf_counter() - start) * 1e3 / MODELS
        self.x = torch.randn(MODELS, INPUTS, ROWS)
        self.gradients = {
            name: torch.empty_like(tensor) for name, tensor in self.stack.learned.items()
        }

    def gradient_ms(self) -> float:
        network: Any = self.stack.network
        start = time.perf_counter()
        with torch.no_grad():
            outputs, saved = network.forward_saving(self.stack.learned, self.x)
            network.backward(self.stack.learned, saved, outputs, self.gradients)
        return (time.perf_counter() - start) * 1e3


def main() -> None:
    settle_process()
    print(
        "| H | matrix, ms | factors, ms | times as fast "
        "| drawing a matrix, ms | drawing factors, ms |"
    )
    print("|---:|---:|---:|---:|---:|---:|")
    for hidden in WIDTHS:
        cases = {way: Case(hidden, above) for way, above in WAYS.items()}
        times = {way: [case.gradient_ms()] for way, case in cases.items()}
        for _ in range(REPEATS):
            for way, case in cases.items():
                times[way].append(case.gradient_ms())
        best = {way: min(found) for way, found in times.items()}
        drawing = " | ".join(f"{case.drawing_ms:,.1f}" for case in cases.values())
        gain = best["matrix"] / best["factors"]
        print(
            f"| {hidden} | {best['matrix']:.2f} | {best['factors']:.2f} | {gain:.1f} | {drawing} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
