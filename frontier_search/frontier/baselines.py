"""Baselines: the losses of well-known methods of any size, on the rows and seeds of the trials.

ridge       ridge regression; for classes, logistic regression with the same penalty
constant    the mean of the training targets, or the frequencies of their classes
kNN         k nearest neighbours, with equal weights or weights of 1 / distance
SVM         support vectors with a Gaussian kernel; for classes, with probabilities from three-fold
            calibration (Platt 1999)
boosting    gradient-boosted trees on histograms

A method's settings are chosen from a small grid by the validation loss, averaged over the seeds, as
a trial is chosen. The test rows decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import AnyRows, Dataset, Rows, Task
from frontier_search.frontier.methods import METHODS, Numbers
from frontier_search.machine import one_thread_for_matrices
from frontier_search.objective import with_derived
from frontier_search.space import Value

# Smaller probabilities count as this one. A single neighbour gives probabilities of 0, and an
# infinite log loss cannot be compared.
SURE = 1e-4
ENOUGH = 500_000  # numbers in the training inputs of a reference


@dataclass(frozen=True)
class SeedMetrics:
    """The metrics of one seed on val and test, with the keys of ``SeedOutcome.metrics``."""

    seed: int
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Baseline:
    """One method with its best settings.

    Attributes:
        name: ridge, kNN, SVM or boosting.
        hyperparameters: the settings, chosen on validation, the same for all seeds.
        seeds: in the order of ``measure_baselines``'s argument.
    """

    name: str
    hyperparameters: Mapping[str, Value]
    seeds: tuple[SeedMetrics, ...]

    def mean(self, metric: str) -> float:
        """Returns a metric, e.g. ``"test_loss"``, as a mean over seeds."""
        return float(np.mean([seed.metrics[metric] for seed in self.seeds]))

    def means(self) -> dict[str, Value]:
        """Returns the settings, with ``params`` of a reference, and every metric's mean."""
        return dict(self.hyperparameters) | {key: self.mean(key) for key in self.seeds[0].metrics}

    def to_json(self) -> dict[str, Any]:
        seeds = [{"seed": seed.seed, **seed.metrics} for seed in self.seeds]
        return {"name": self.name, "hyperparameters": dict(self.hyperparameters), "seeds": seeds}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Baseline:
        seeds = [
            SeedMetrics(seed["seed"], {key: value for key, value in seed.items() if key != "seed"})
            for seed in data["seeds"]
        ]
        return Baseline(data["name"], dict(data["hyperparameters"]), tuple(seeds))


def measure_baselines(
    dataset: Dataset, seeds: Sequence[int], methods: Sequence[str] = ()
) -> tuple[Baseline, ...]:
    """Fits methods to a dataset. A method that needs more rows than there are is left out.

    Args:
        methods: of ``METHODS``; all but the constant if none is named.

    Raises:
        SpecError: the dataset's rows are not available.
    """
    from threadpoolctl import threadpool_limits

    # with as many threads as processors, boosting waited for minutes on a machine that was busy
    with threadpool_limits(1):
        return _measured(dataset, seeds, methods or tuple(METHODS)[1:])


def measure_references(dataset: Dataset, seeds: Sequence[int]) -> tuple[Baseline, ...]:
    """Fits what every model is compared with: a constant, and a linear model.

    It takes at most seconds: of a large table some of the training rows are enough, and one seed
    if all have the same split.

    Raises:
        SpecError: the dataset's rows are not available.
    """
    same = dataset.population == "one split" and dataset.split(seeds[0]).train.x.size > ENOUGH
    # of BLAS only: models may train meanwhile, in the threads of OpenMP
    with one_thread_for_matrices():
        found = _measured(dataset, seeds[:1] if same else seeds, ("constant", "ridge"), ENOUGH)
    width = {"constant": 1, "ridge": dataset.n_features + 1}
    named = [
        replace(
            one,
            name="linear" if one.name == "ridge" else one.name,
            hyperparameters={
                **one.hyperparameters,
                "params": width[one.name] * dataset.n_outputs,
            },
        )
        for one in found
    ]
    if not same:
        return tuple(named)
    return tuple(
        replace(one, seeds=tuple(replace(one.seeds[0], seed=seed) for seed in seeds))
        for one in named
    )


def _measured(
    dataset: Dataset, seeds: Sequence[int], methods: Sequence[str], most: int | None = None
) -> tuple[Baseline, ...]:
    """Fits methods.

    Args:
        most: numbers in the training inputs; of more, every so many-th row is fitted.
    """
    measured: dict[tuple[str, tuple[tuple[str, Value], ...]], list[SeedMetrics]] = {}
    for seed in seeds:
        split = dataset.split(seed)
        for name in methods:
            method = METHODS[name]
            train = split.train if most is None else _some(split.train, most)
            for settings, predict in method(dataset.task, train, max(2, dataset.n_outputs)):
                metrics = {
                    f"{part}_{metric}": value
                    for part, rows in (("val", split.val), ("test", split.test))
                    for metric, value in _metrics(
                        dataset.task, predict(rows.x.astype(np.float64)), rows.y, rows.weights
                    ).items()
                }
                measured.setdefault((name, tuple(settings.items())), []).append(
                    SeedMetrics(seed, metrics)
                )
    baselines = [
        Baseline(name, dict(settings), tuple(outcomes))
        for (name, settings), outcomes in measured.items()
        if len(outcomes) == len(seeds)
    ]
    return tuple(
        best([one for one in baselines if one.name == name])
        for name in dict.fromkeys(one.name for one in baselines)
    )


def _some(rows: AnyRows, most: int) -> AnyRows:
    """Returns rows with at most so many numbers, evenly from all of them."""
    width = rows.x.shape[1]
    step = -(-len(rows) * width // most)
    if step == 1:
        return rows
    weights = rows.weights
    return Rows(rows.x[::step], rows.y[::step], None if weights is None else weights[::step])


def best(baselines: Sequence[Baseline]) -> Baseline:
    """Returns the baseline with the lowest mean validation loss over seeds."""
    return min(baselines, key=lambda baseline: baseline.mean("val_loss"))


def _metrics(
    task: Task, predicted: Numbers, y: NDArray[Any], weights: NDArray[Any] | None = None
) -> dict[str, float]:
    """Returns means over rows, as training measures them, with probabilities of at least SURE."""

    def mean(values: NDArray[Any]) -> float:
        return float(np.average(values, axis=0, weights=weights).mean())

    if task == "regression":
        return with_derived({"loss": mean((predicted - y) ** 2)}, task)
    classes = y.astype(np.int64)
    given = np.clip(predicted[np.arange(len(classes)), classes], SURE, 1.0)
    error = mean(predicted.argmax(axis=1) != classes)
    return with_derived({"loss": -mean(np.log(given)), "error": error}, task)
