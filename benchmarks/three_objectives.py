"""known_size against qNEHVI with three objectives, two of them known, at equal trials.

    python benchmarks/trained_tables.py FOLDER digits          (once)
    python -m pip install -c constraints.txt botorch           (needed by this benchmark alone)
    python benchmarks/three_objectives.py FOLDER [--repetitions 3] [--trials 64]

A replay, as in ``search_quality.py``: the loss, the parameters and the flops of the published
families on a table of real trainings, one trial at a time, all families free. qNEHVI is BoTorch's
reference (Daulton, Balandat and Bakshy, NeurIPS 2021), in its logarithmic form, with a Gaussian
process for each objective, on the same columns and the family as one more column each. It is told
nothing of what is known beforehand. Both begin with the same 8 candidates of known_size's blind
design, and choose among all others of the table (known_size) or 300 of them (qNEHVI). The score is
the share of the hypervolume of the whole table.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from botorch import fit_gpytorch_mll
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.models import ModelListGP, SingleTaskGP
from botorch.sampling import SobolQMCNormalSampler
from gpytorch.mlls import SumMarginalLogLikelihood
from numpy.typing import NDArray
from replayed_tables import Table, trained

from frontier_search.data.datasets import DATASETS
from frontier_search.frontier.pareto import hypervolume, nondominated
from frontier_search.models.editions import family
from frontier_search.sampling.columns import Columns
from frontier_search.sampling.finished import Finished
from frontier_search.sampling.known_size import KnownSize
from frontier_search.sampling.start import EARLY

Array = NDArray[np.float64]

MARKS = (24, 32, 48, 64)
CHOSEN_FROM = 300
SAMPLES = 64


def points_of(table: Table) -> Array:
    """Returns log10 of loss, parameters and flops of every candidate, (n, 3)."""
    dataset = DATASETS[table.name]
    flops = [
        family(each.family)
        .build(each.hyperparameters)
        .size(dataset.n_features, dataset.n_outputs)
        .counts()["flops"]
        for each in table.candidates
    ]
    return np.column_stack([table.points[:, 1], table.points[:, 0], np.log10(flops)])


def known_size(table: Table, points: Array, trials: int, seed: int) -> list[int]:
    def known(candidate: object) -> tuple[float, ...]:
        return tuple(10 ** points[table.position(candidate), 1:])  # type: ignore[arg-type]

    sampler = KnownSize(table.spaces, known, lambda candidate: True, seed)
    order: list[int] = []
    while len(order) < trials:
        finished = [Finished(table.candidates[i], float(10 ** points[i, 0])) for i in order]
        found = sampler.propose("", finished, [])
        assert found is not None
        order.append(table.position(found))
    return order


def qnehvi(table: Table, points: Array, start: list[int], trials: int, seed: int) -> list[int]:
    torch.manual_seed(seed)
    rng, columns = np.random.default_rng(seed), Columns(table.spaces)
    numbers = columns.family_numbers(table.candidates)
    x = np.hstack([columns.rows(table.candidates), np.eye(len(table.spaces))[numbers]])
    rows, y, order = torch.tensor(x), torch.tensor(-points), list(start)
    while len(order) < trials:
        told = y[order]
        mean, deviation = told.mean(dim=0), told.std(dim=0)
        scaled = (told - mean) / deviation
        model = ModelListGP(
            *(SingleTaskGP(rows[order], scaled[:, i : i + 1]) for i in range(points.shape[1]))
        )
        fit_gpytorch_mll(SumMarginalLogLikelihood(model.likelihood, model))
        gain = qLogNoisyExpectedHypervolumeImprovement(
            model,
            ref_point=scaled.min(dim=0).values.tolist(),
            X_baseline=rows[order],
            sampler=SobolQMCNormalSampler(torch.Size([SAMPLES]), seed=seed),
            prune_baseline=True,
        )
        left = np.setdiff1d(np.arange(len(x)), order)
        chosen = rng.choice(left, min(CHOSEN_FROM, len(left)), replace=False)
        with torch.no_grad():
            order.append(int(chosen[int(gain(rows[chosen][:, None]).argmax())]))
    return order


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--table", default="digits")
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--repetitions", type=int, default=3)
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    table = trained(given.table, given.folder)
    points = points_of(table)
    reference = np.r_[np.quantile(points[:, 0], 0.9), points[:, 1:].max(axis=0) + 0.1]
    whole = hypervolume(points[nondominated(points)], reference)
    marks = [mark for mark in MARKS if mark <= given.trials]
    for name in ("known_size", "qNEHVI"):
        shares, seconds = [], 0.0
        for seed in range(given.repetitions):
            start = known_size(table, points, EARLY.blind, seed)
            begin = time.process_time()
            if name == "known_size":
                order = known_size(table, points, given.trials, seed)
            else:
                order = qnehvi(table, points, start, given.trials, seed)
            seconds += time.process_time() - begin
            shares.append([hypervolume(points[order[:mark]], reference) / whole for mark in marks])
        mean = np.mean(shares, axis=0)
        error = np.std(shares, axis=0, ddof=1) / np.sqrt(len(shares)) if len(shares) > 1 else mean
        cells = [f"{mark}: {m:.3f}+-{e:.3f}" for mark, m, e in zip(marks, mean, error, strict=True)]
        each_ms = 1e3 * seconds / given.repetitions / given.trials
        print(
            f"{name:10} {'  '.join(cells)}  {each_ms:.0f} ms of a processor a proposal", flush=True
        )


if __name__ == "__main__":
    main()
