"""svm: support vector machines with a Gaussian kernel, one a class, fitted by scikit-learn.

    f_k(x) = sum_i a_ki exp(-gamma |x - s_i|^2) + b_k,    logit_k = p_k f_k + q_k

Source: Cortes and Vapnik, "Support-vector networks" (1995); Platt, "Probabilistic outputs for
support vector machines" (1999) for p and q, on decisions of three folds.
Parameters: the support vectors, their weights, b, p, q and gamma, known after fitting.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Rows
from frontier_search.models.family import Family, Size
from frontier_search.models.trainable import (
    Fitted,
    Hyperparameters,
    Problem,
    Trainable,
    fitting,
)

FOLDS = 3


def fit(hyperparameters: Hyperparameters, rows: Rows, problem: Problem, seed: int) -> Fitted:
    from sklearn.svm import SVC, SVR

    gamma = float(hyperparameters["gamma"]) / problem.n_inputs
    cost, n = float(hyperparameters["cost"]), len(rows)
    if problem.task == "regression":
        share = float(hyperparameters["epsilon"])
        machines = [
            (SVR(C=cost, gamma=gamma, epsilon=share * float(y.std())).fit(rows.x, y), 1.0, 0.0)
            for y in rows.y.reshape(n, -1).T
        ]
    else:
        classes = [1] if problem.task == "binary" else range(problem.n_outputs)
        machines = [_calibrated(SVC(C=cost, gamma=gamma), rows.x, rows.y == k) for k in classes]
    weights = np.zeros((len(machines), n))
    for row, (machine, scale, _) in zip(weights, machines, strict=True):
        row[machine.support_] = scale * machine.dual_coef_[0]
    used = weights.any(axis=0)
    bias = [scale * machine.intercept_[0] + shift for machine, scale, shift in machines]
    return {
        "support": rows.x[used].astype(np.float32),
        "weight": weights[:, used].astype(np.float32),
        "bias": np.asarray(bias, np.float32),
        "gamma": np.asarray(gamma, np.float32),
        "one_a_class": np.asarray(problem.task == "multiclass"),
    }


def _calibrated(machine: Any, x: NDArray[Any], y: NDArray[Any]) -> tuple[Any, float, float]:
    """Returns a fitted machine, and the scale and the shift that make its decision a logit."""
    from sklearn.calibration import CalibratedClassifierCV

    if min(y.sum(), (~y).sum()) < FOLDS:
        return machine.fit(x, y), 1.0, 0.0
    made = CalibratedClassifierCV(machine, method="sigmoid", cv=FOLDS, ensemble=False).fit(x, y)
    (calibrated,) = made.calibrated_classifiers_
    sigmoid = calibrated.calibrators[0]
    return calibrated.estimator, -float(sigmoid.a_), -float(sigmoid.b_)


def predict(fitted: Fitted, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """Returns outputs (n, o) of rows (n, d)."""
    support = fitted["support"].astype(np.float64)
    squares = (x**2).sum(1)[:, None] + (support**2).sum(1) - 2 * x.astype(np.float64) @ support.T
    kernel = np.exp(-fitted["gamma"] * squares.clip(0))
    outputs = kernel @ fitted["weight"].T.astype(np.float64) + fitted["bias"]
    # one machine a class gives chances that add up to 1 after their division by the sum
    return np.asarray(-np.logaddexp(0, -outputs) if fitted["one_a_class"] else outputs)


def size(
    hyperparameters: Hyperparameters, n_inputs: int, n_outputs: int, fitted: Fitted | None
) -> Size:
    """Counts the support vectors of all machines once, and a weight of each in each machine."""
    n = len(fitted["support"]) if fitted is not None else 0
    used = int(np.count_nonzero(fitted["weight"])) if fitted is not None else 0
    scalars = n * n_inputs + used + n_outputs + 1
    held = 4 * (n * n_inputs + n * n_outputs + n_outputs + 1)
    flops = n * (3 * n_inputs + 2) + 2 * n * n_outputs
    return Size(raw=scalars, effective=scalars, flops=flops, bytes=held)


TRAINABLE = Trainable(
    size, fit, predict, program="frontier_search.models.networks.kernel_machine:KernelMachine"
)

FAMILY = Family(
    name="svm",
    summary="control: support vector machines with a Gaussian kernel",
    source="Cortes and Vapnik 1995",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=fitting(TRAINABLE),
    fitted=True,
)
