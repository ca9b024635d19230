"""The methods that models are compared with, each with a small grid of settings.

A member yields each of its settings with the model that is fitted on one seed's training rows.

Sources: Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning" (2009), chapters 3,
4, 10, 12 and 13. The implementations are scikit-learn's, imported inside the functions so that
readers of stored baselines do not load it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import AnyRows, Task
from frontier_search.errors import ignoring
from frontier_search.frontier.constant import frequencies
from frontier_search.space import Value

Numbers = NDArray[np.float64]
# x (n, d) -> predictions (n,), or probabilities (n, classes) in the order of the class numbers
Predict = Callable[[Numbers], Numbers]
Fit = tuple[dict[str, Value], Predict]  # settings, and the model fitted on one seed's training rows

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
NEIGHBOURS = (1, 5, 15, 50)
COSTS = (1.0, 10.0)  # C
GAMMAS, CLASS_GAMMAS = (1.0, 8.0, 64.0), (1.0, 4.0)  # in units of 1 / (d var x)
FOLDS = 3
TREES = 500  # at most, over all classes together
ROUNDS = (25, 50, 100, 300)
RATE, LEAVES = 0.2, 8


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


def _ridge(task: Task, train: AnyRows, n_classes: int) -> Iterator[Fit]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge

    for penalty in PENALTIES:
        if task == "regression":
            fitted = Ridge(alpha=penalty).fit(train.x, train.y, sample_weight=train.weights)
            yield {"penalty": penalty}, fitted.predict
            continue
        # A fit that has not converged competes with its validation loss like any other.
        with ignoring(ConvergenceWarning):
            model = LogisticRegression(C=1 / penalty, max_iter=300).fit(
                train.x.astype(np.float64), train.y, sample_weight=train.weights
            )
        yield {"penalty": penalty}, _probabilities(model, n_classes)


def _constant(task: Task, train: AnyRows, n_classes: int) -> Iterator[Fit]:
    given: Numbers
    if task == "regression":
        given = np.asarray(np.average(train.y, axis=0, weights=train.weights), dtype=np.float64)
    else:
        given = frequencies(train, n_classes)
    yield {}, lambda x: np.broadcast_to(given, (len(x), *given.shape))


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
            model = SVR(C=cost, gamma=gamma * unit, epsilon=0.05)
            model.fit(x, train.y / scale, sample_weight=train.weights)
            yield settings, partial(_scaled, model, scale)
            continue
        folds = min(FOLDS, int(np.unique(train.y, return_counts=True)[1].min()))
        if folds >= 2:  # a class with one row cannot be calibrated
            calibrated = CalibratedClassifierCV(
                SVC(C=cost, gamma=gamma * unit), ensemble=False, cv=folds
            ).fit(x, train.y, sample_weight=train.weights)
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
    model.fit(train.x, train.y, sample_weight=train.weights)
    staged = model.staged_predict if task == "regression" else model.staged_predict_proba

    def predict(n: int, x: Numbers) -> Numbers:
        # The model is fitted once; this is its prediction after n rounds.
        predicted: Numbers = next(itertools.islice(staged(x), n - 1, None))
        return predicted if task == "regression" else _columns(model, n_classes, predicted)

    for n in rounds:
        yield {"rounds": n, "learning_rate": RATE, "leaves": LEAVES}, partial(predict, n)


METHODS: dict[str, Callable[[Task, AnyRows, int], Iterator[Fit]]] = {
    "constant": _constant,
    "ridge": _ridge,
    "kNN": _neighbours,
    "SVM": _svm,
    "boosting": _boosting,
}
