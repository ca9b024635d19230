"""The metrics of whole splits are scikit-learn's, with weights and without."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from frontier_search.data.dataset import Task
from frontier_search.objective import OBJECTIVES, OnSplit
from frontier_search.training import scores
from frontier_search.zoo import load

SCORES = [name for name, each in OBJECTIVES.items() if isinstance(each.source, OnSplit)]
SEEDS = st.integers(0, 10_000)
EVEN = st.booleans()


def measured(name: str, task: Task, outputs: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    """Returns the second of two models' value; the first one sees other rows."""
    source = OBJECTIVES[name].source
    assert isinstance(source, OnSplit)
    stack = [torch.from_numpy(np.stack([each[::-1], each])) for each in (outputs, y, w)]
    units = torch.full((2, outputs.shape[1]), 3.0)
    return float(load(source.measure)(task, stack[0].mT, stack[1], stack[2], units)[1])  # type: ignore[operator]


def expected(name: str, task: Task, outputs: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    if task == "regression":
        own = {
            "rmse": lambda t, p: 3 * metrics.root_mean_squared_error(t, p, sample_weight=w),
            "mae": lambda t, p: 3 * metrics.mean_absolute_error(t, p, sample_weight=w),
            "r2_loss": lambda t, p: 1 - metrics.r2_score(t, p, sample_weight=w),
            "quantile_10": lambda t, p: (
                3 * metrics.mean_pinball_loss(t, p, sample_weight=w, alpha=0.1)
            ),
            "quantile_90": lambda t, p: (
                3 * metrics.mean_pinball_loss(t, p, sample_weight=w, alpha=0.9)
            ),
        }[name]
        columns = y.reshape(len(y), -1).T
        return float(np.mean([own(*each) for each in zip(columns, outputs.T, strict=True)]))
    logits = torch.from_numpy(outputs).mT[None]
    p = scores.probabilities(task, logits)[0].T.numpy()
    guessed = p.argmax(axis=1)
    if name == "balanced_error":
        return 1 - float(metrics.balanced_accuracy_score(y, guessed, sample_weight=w))
    if name == "f1_loss":
        average = "binary" if task == "binary" else "macro"
        return 1 - float(metrics.f1_score(y, guessed, average=average, sample_weight=w))
    if name == "auc_loss":
        areas = [
            metrics.roc_auc_score(y == label, column, sample_weight=w)
            for label, column in ([(1, outputs[:, 0])] if task == "binary" else enumerate(p.T))
        ]
        return 1 - float(np.mean(areas))
    return float(
        metrics.brier_score_loss(
            y, p[:, 1] if task == "binary" else p, sample_weight=w, scale_by_half=task == "binary"
        )
    )


@pytest.mark.parametrize("name", SCORES)
@given(seed=SEEDS, even=EVEN, several=st.booleans())
def test_a_score_is_scikit_learns(name: str, seed: int, even: bool, several: bool) -> None:
    rng = np.random.default_rng(seed)
    n, task = 30, "regression"
    if OBJECTIVES[name].targets == "classes":
        task = "multiclass" if several else "binary"
    width = 1 if task == "binary" or not several else 3
    outputs = rng.normal(size=(n, width))
    if task == "binary":
        outputs = outputs.round(1)  # with ties
    if task == "regression":
        y = rng.normal(size=(n, width)) if several else rng.normal(size=n)
    else:
        y = rng.permutation(np.arange(n) % (2 if task == "binary" else 3))
    w = np.ones(n) if even else rng.uniform(0.1, 2.0, n)
    given_task: Task = task  # type: ignore[assignment]
    value = measured(name, given_task, outputs, y, w)
    assert value == pytest.approx(expected(name, given_task, outputs, y, w), abs=1e-9)


def test_a_class_without_rows_decides_nothing() -> None:
    outputs = torch.eye(3)[None]
    y, w, units = torch.tensor([[0, 1, 1]]), torch.ones(1, 3), torch.ones(1, 3)
    found = scores.class_errors("multiclass", outputs, y, w, units)[0]
    assert found[:2].tolist() == [0.0, 0.5]
    assert found[2].isnan()
    assert float(scores.balanced_error("multiclass", outputs, y, w, units)) == 0.25
    one = scores.auc_loss("binary", outputs[:, :1], torch.zeros(1, 3), w, units)
    assert one.isnan().all()
