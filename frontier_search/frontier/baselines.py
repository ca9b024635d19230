"""Baselines: the losses of well-known methods of any size, on the rows and seeds of the trials.

ridge       ridge regression; for classes, logistic regression with the same penalty
kNN         k nearest neighbours, with equal weights or weights of 1 / distance
SVM         support vectors with a Gaussian kernel; for classes, with probabilities from three-fold
            calibration (Platt 1999)
boosting    gradient-boosted trees on histograms

A method's settings are chosen from a small grid by the validation loss, averaged over the seeds, as
a trial is chosen. The test rows decide nothing.

Sources: Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning" (2009), chapters 3,
4, 10, 12 and 13. The implementations are scikit-learn's, imported inside the functions so that
readers of stored baselines do not load it.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import AnyRows, Dataset, Task
from frontier_search.objective import with_derived
from frontier_search.space import Value

Numbers = NDArray[np.float64]
# x (n, d) -> predictions (n,), or probabilities (n, classes) in the order of the class numbers
Predict = Callable[[Numbers], Numbers]
Fit = tuple[dict[str, Value], Predict]  # settings, and the model fitted on one seed's training rows

# Smaller probabilities count as this one. A single neighbour gives probabilities of 0, and an
# infinite log loss cannot be compared.
SURE = 1e-4
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
NEIGHBOURS = (1, 5, 15, 50)
COSTS = (1.0, 10.0)  # C
GAMMAS, CLASS_GAMMAS = (1.0, 8.0, 64.0), (1.0, 4.0)  # in units of 1 / (d var x)
FOLDS = 3
TREES = 500  # at most, over all classes together
ROUNDS = (25, 50, 100, 300)
RATE, LEAVES = 0.2, 8


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
        methods: of ``METHODS``; all of them if none is named.

    Raises:
        SpecError: the dataset's rows are not available.
    """
    from threadpoolctl import threadpool_limits  # scikit-learn needs it, so it is there

    # with as many threads as processors, boosting waited for minutes on a machine that was busy
    with threadpool_limits(1):
        return _measured(dataset, seeds, methods or tuple(METHODS))


def _measured(
    dataset: Dataset, seeds: Sequence[int], methods: Sequence[str]
) -> tuple[Baseline, ...]:
    measured: dict[tuple[str, tuple[tuple[str, Value], ...]], list[SeedMetrics]] = {}
    for seed in seeds:
        split = dataset.split(seed)
        for name in methods:
            method = METHODS[name]
            for settings, predict in method(dataset.task, split.train, max(2, dataset.n_outputs)):
                metrics = {
                    f"{part}_{metric}": value
                    for part, rows in (("val", split.val), ("test", split.test))
                    for metric, value in _metrics(
                        dataset.task, predict(rows.x.astype(np.float64)), rows.y
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


def best(baselines: Sequence[Baseline]) -> Baseline:
    """Returns the baseline with the lowest mean validation loss over seeds."""
    return min(baselines, key=lambda baseline: baseline.mean("val_loss"))


def _metrics(task: Task, predicted: Numbers, y: NDArray[Any]) -> dict[str, float]:
    """Returns means over rows, as training measures them, with probabilities of at least SURE."""
    if task == "regression":
        return with_derived({"loss": float(np.mean((predicted - y) ** 2))}, task)
    classes = y.astype(np.int64)
    given = np.clip(predicted[np.arange(len(classes)), classes], SURE, 1.0)
    error = float(np.mean(predicted.argmax(axis=1) != classes))
    return with_derived({"loss": float(-np.mean(np.log(given))), "error": error}, task)


def _probabilities(model: Any, n_classes: int) -> Predict:
    return lambda x: _columns(model, n_classes, model.predict_proba(x))


def _columns(model: Any, n_classes: int, given: Numbers) -> Numbers:
    """Returns probabilities with a column for every class, (n, n_classes).

    Args:
        given: (n, number of classes among the model's training rows).
    """
    probabilities = np.zeros((len(given), n_classes))
    probabilities[:, model.classes_.astype(np.int64)] = given
    return probabilities


# ---- the methods: each yields settings with the fitted model ------------------------------------


def _ridge(task: Task, train: AnyRows, n_classes: int) -> Iterator[Fit]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge

    for penalty in PENALTIES:
        if task == "regression":
            yield {"penalty": penalty}, Ridge(alpha=penalty).fit(train.x, train.y).predict
            continue
        with warnings.catch_warnings():
            # A fit that has not converged competes with its validation loss like any other.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = LogisticRegression(C=1 / penalty, max_iter=300).fit(
                train.x.astype(np.float64), train.y
            )
        yield {"penalty": penalty}, _probabilities(model, n_classes)


def _neighbours(task: Task, train: AnyRows, n_classes: int) -> Iterator[Fit]:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    for k, weights in itertools.product(NEIGHBOURS, ("uniform", "distance")):
        if k > len(train):
            continue
        if task == "regression":
            yield (
                {"k": k, "weights": weights},
                KNeighborsRegressor(k, weights=weights).fit(train.x, train.y).predict,
            )
        else:
            yield (
                {"k": k, "weights": weights},
                _probabilities(
                    KNeighborsClassifier(k, weights=weights).fit(train.x, train.y), n_classes
                ),
            )


def _svm(task: Task, train: AnyRows, n_classes: int) -> Iterator[Fit]:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC, SVR

    if train.y.ndim > 1:  # it predicts one number
        return
    x = train.x.astype(np.float64)
    unit = 1 / (x.shape[1] * max(float(x.var()), 1e-12))
    for cost, gamma in itertools.product(COSTS, GAMMAS if task == "regression" else CLASS_GAMMAS):
        settings: dict[str, Value] = {"C": cost, "gamma": gamma}
        if task == "regression":
            scale = float(train.y.std()) or 1.0
            model = SVR(C=cost, gamma=gamma * unit, epsilon=0.05).fit(x, train.y / scale)
            yield settings, partial(_scaled, model, scale)
            continue
        folds = min(FOLDS, int(np.unique(train.y, return_counts=True)[1].min()))
        if folds >= 2:  # a class with one row cannot be calibrated
            calibrated = CalibratedClassifierCV(
                SVC(C=cost, gamma=gamma * unit), ensemble=False, cv=folds
            ).fit(x, train.y)
            yield settings, _probabilities(calibrated, n_classes)


def _scaled(model: Any, scale: float, x: Numbers) -> Numbers:
    predicted: Numbers = scale * model.predict(x)
    return predicted


def _boosting(task: Task, train: AnyRows, n_classes: int) -> Iterator[Fit]:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    trees_a_round = n_classes if task == "multiclass" else 1
    rounds = [ROUNDS[0], *(n for n in ROUNDS[1:] if n * trees_a_round <= TREES)]
    kind = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    model = kind(
        learning_rate=RATE,
        max_leaf_nodes=LEAVES,
        max_iter=rounds[-1],
        early_stopping=False,
        random_state=0,
    )
    model.fit(train.x, train.y)
    staged = model.staged_predict if task == "regression" else model.staged_predict_proba

    def predict(n: int, x: Numbers) -> Numbers:
        # The model is fitted once; this is its prediction after n rounds.
        predicted: Numbers = next(itertools.islice(staged(x), n - 1, None))
        return predicted if task == "regression" else _columns(model, n_classes, predicted)

    for n in rounds:
        yield {"rounds": n, "learning_rate": RATE, "leaves": LEAVES}, partial(predict, n)


METHODS: dict[str, Callable[[Task, AnyRows, int], Iterator[Fit]]] = {
    "ridge": _ridge,
    "kNN": _neighbours,
    "SVM": _svm,
    "boosting": _boosting,
}
