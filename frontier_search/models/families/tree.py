"""tree: one decision tree, fitted by scikit-learn.

Source: Breiman et al., "Classification and Regression Trees" (1984).
Parameters: two an inner node (feature, threshold) and o a leaf, known after fitting.
"""

from pathlib import Path
from typing import Any

import numpy as np

from frontier_search.data.dataset import Rows
from frontier_search.models import trees
from frontier_search.models.family import Family
from frontier_search.models.trainable import (
    Fitted,
    Hyperparameters,
    Problem,
    Trainable,
    fitting,
)


def fit(hyperparameters: Hyperparameters, rows: Rows, problem: Problem, seed: int) -> Fitted:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind = DecisionTreeRegressor if problem.task == "regression" else DecisionTreeClassifier
    depth, least = int(hyperparameters["depth"]), int(hyperparameters["min_samples_leaf"])
    made = kind(max_depth=depth, min_samples_leaf=least, random_state=seed).fit(rows.x, rows.y)
    tree = made.tree_
    if problem.task == "regression":
        values = tree.value[:, :, 0]  # (nodes, targets)
    else:
        values = _logits(tree, made.classes_.astype(int), problem)
    return trees.arrays_of([tree], [values], np.zeros(problem.n_outputs), problem.n_outputs)


def _logits(tree: Any, classes: Any, problem: Problem) -> Any:
    """Returns the logits of each node, with one row of every class added (Laplace)."""
    counts = np.zeros((tree.node_count, max(2, problem.n_outputs)))
    counts[:, classes] = tree.value[:, 0] * tree.n_node_samples[:, None]
    logs = np.log(counts + 1)
    return logs[:, 1:] - logs[:, :1] if problem.task == "binary" else logs - logs[:, :1]


TRAINABLE = Trainable(trees.size, fit, trees.predict, program=trees.PROGRAM)

FAMILY = Family(
    name="tree",
    summary="control: one decision tree",
    source="Breiman et al. 1984",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=fitting(TRAINABLE),
    fitted=True,
)
