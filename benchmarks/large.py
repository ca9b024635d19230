"""Measures large tables: the whole command, an epoch beside a plain PyTorch loop, and memory.

    python benchmarks/large.py [table] [images] [--rows N] [--no-command]

    table    1,000,000 rows of 20 features, binary
    images   50,000 rows of 784 pixels (uint8), ten classes

First one epoch of one dense network of 32 units in this process: the kernel, the stacked torch
program, and a plain loop (nn.Module, torch.optim.Adam, no DataLoader), in processor seconds of one
thread, beside the memory of this process. Then `frontier-search run FILE` in a process of its own:
seconds until the first cohort is recorded, and the largest memory of the whole process tree, in
which pages that processes share count once (PSS).
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1]))  # the checkout, wherever this is started

from benchmarks.measure import psutil, tree
from frontier_search.data.dataset import Dataset, Task, TrainingBudget
from frontier_search.data.pool import Pool
from frontier_search.data.splitting import split_pool
from frontier_search.executors.worker import settle_process
from frontier_search.models.families import FAMILIES
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack
from frontier_search.training.train import StackTraining

SEEDS = (101, 202, 303, 404, 505)
HIDDEN, BATCH_SIZE, RATE = 32, 64, 1e-3
SEARCH = ("--objectives", "loss,params", "--families", "dense", "--trials", "16", "--epochs", "1")
INTERVAL_S = 0.5

Arrays = tuple[NDArray[Any], NDArray[Any]]


def table(n_rows: int) -> Arrays:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((n_rows, 20), dtype=np.float32)
    return x, (x[:, 0] * x[:, 1] + np.sin(3 * x[:, 2]) > 0).astype(np.int64)


def images(n_rows: int) -> Arrays:
    rng = np.random.default_rng(2)
    y = rng.integers(0, 10, n_rows)
    faces = rng.integers(0, 256, (10, 28, 28))
    noise = rng.integers(0, 256, (n_rows, 28, 28))
    return ((faces[y] + 3 * noise) // 4).astype(np.uint8), y


KINDS: dict[str, tuple[Callable[[int], Arrays], int, int]] = {  # rows, and outputs
    "table": (table, 1_000_000, 1),
    "images": (images, 50_000, 10),
}


def dataset(x: NDArray[Any], y: NDArray[Any], n_outputs: int) -> Dataset:
    """The rows, once, as a dataset of a pool."""
    task: Task = "binary" if n_outputs == 1 else "multiclass"
    pixels = x.dtype == np.uint8
    flat = x.reshape(len(x), -1).astype(np.float32)
    pool = Pool(
        flat / 255 if pixels else flat, y.astype(np.float32 if n_outputs == 1 else np.int64)
    )
    return Dataset(
        "large", task, flat.shape[1], n_outputs, "nats", "", TrainingBudget(1, BATCH_SIZE),
        lambda seed: split_pool(pool, task, seed, scaled=pixels),
    )  # fmt: skip


def epoch_s(data: Data, n_models: int, compiled: bool) -> float:
    """Returns the processor seconds of one epoch of a stack."""
    dataset = data.dataset
    architecture = FAMILIES["dense"].build({"hidden": HIDDEN})
    models = [Model(i, SEEDS[i % len(SEEDS)], architecture, RATE) for i in range(n_models)]
    stack = Stack(models, dataset.n_features, dataset.n_outputs, data.device)
    training = StackTraining(stack, data, TrainingBudget(1, BATCH_SIZE), compiled)
    data.order(1)  # drawn once for all stacks
    start = time.process_time()
    training.epochs.run(1)
    return time.process_time() - start


def plain_s(data: Data) -> float:
    """Returns the processor seconds of one epoch of the same model in a plain loop."""
    split, d, o = data.dataset.split(SEEDS[0]), data.dataset.n_features, data.dataset.n_outputs
    x, y = torch.from_numpy(split.train.x), torch.from_numpy(split.train.y)
    val_x, val_y = torch.from_numpy(split.val.x), torch.from_numpy(split.val.y)
    layers = [nn.Linear(d, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(HIDDEN, o))
    mean = nn.BCEWithLogitsLoss() if o == 1 else nn.CrossEntropyLoss()
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)

    def loss(rows: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        outputs = model(rows)
        value: torch.Tensor = mean(outputs[:, 0] if o == 1 else outputs, targets)
        return value

    start = time.process_time()
    order = torch.randperm(len(y))
    for batch in order.split(BATCH_SIZE):
        optimiser.zero_grad()
        loss(x[batch], y[batch]).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        loss(val_x, val_y)
    return time.process_time() - start


def measure_epochs(kind: str, n_rows: int) -> None:
    make, _, n_outputs = KINDS[kind]
    data = Data(dataset(*make(n_rows), n_outputs), SEEDS, torch.device("cpu"))
    copy_mb = data.rows.pool.x.nbytes / 1e6
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    shape = f"{n_rows:,} rows of {data.dataset.n_features} features"
    print(f"\n{kind}: {shape}, one copy {copy_mb:.0f} MB")
    print("\n| models | kernel, s an epoch and model | torch, stacked | a plain loop |")
    print("|---:|---:|---:|---:|")
    plain = plain_s(data)
    for n_models in (1, 5):
        kernel = epoch_s(data, n_models, True) / n_models
        stacked = epoch_s(data, n_models, False) / n_models
        print(f"| {n_models} | {kernel:.2f} | {stacked:.2f} | {plain:.2f} |", flush=True)
    after_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(
        f"\nMemory of this process: {before_mb:.0f} MB with the rows made, then {after_mb:.0f} MB."
    )


def measure_command(kind: str, n_rows: int) -> None:
    make = KINDS[kind][0]
    with tempfile.TemporaryDirectory() as name:
        file, home = Path(name) / "rows.npz", Path(name) / "home"
        x, y = make(n_rows)
        np.savez(file, X=x, y=y)
        del x, y
        command = [sys.executable, "-m", "frontier_search", "run", "--dataset", str(file)]
        flags = [*SEARCH, "--seeds", "5", "--home", str(home), "--no-mirror"]
        begin = time.time()
        process = subprocess.Popen([*command, *flags], stdout=subprocess.DEVNULL)
        first, peak, most = 0.0, 0.0, 0.0
        while process.poll() is None:
            used = [mb for each in tree(psutil.Process(process.pid)) if (mb := pss_mb(each.pid))]
            peak, most = max(peak, sum(used)), max(most, max(used, default=0.0))
            journal = next(home.glob("*/journal.log"), None)
            if not first and journal and b'"outcome"' in journal.read_bytes():
                first = time.time() - begin
            time.sleep(INTERVAL_S)
        print(
            f"\nThe command: first cohort after {first:.0f} s, the end after "
            f"{time.time() - begin:.0f} s, {peak:.0f} MB in all processes, {most:.0f} MB in one "
            f"(exit code {process.returncode})."
        )


def pss_mb(pid: int) -> float:
    """Returns the memory of a process, of which shared pages count in part; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1e3


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kinds", nargs="*", default=list(KINDS), metavar="table|images")
    parser.add_argument("--rows", type=int, help="fewer rows than the full size")
    parser.add_argument("--no-command", action="store_true", help="only the epochs")
    options = parser.parse_args()
    settle_process()
    for kind in options.kinds:
        n_rows = options.rows or KINDS[kind][1]
        measure_epochs(kind, n_rows)
        if not options.no_command:
            measure_command(kind, n_rows)


if __name__ == "__main__":
    main()
