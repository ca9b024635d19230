"""boosted_trees: a sum of small decision trees, fitted one after another by scikit-learn.

Source: Friedman, "Greedy function approximation: a gradient boosting machine" (2001), algorithm 1.
Parameters: two an inner node (feature, threshold) and one a leaf, known after fitting.
"""

from pathlib import Path

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
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

    kind = GradientBoostingRegressor if problem.task == "regression" else GradientBoostingClassifier
    shrinkage = float(hyperparameters["shrinkage"])
    several = rows.y.ndim > 1  # targets, each of which has a sum of its own
    columns = rows.y.T if several else rows.y[None]
    made = [
        kind(
            n_estimators=int(hyperparameters["n_trees"]),
            max_depth=int(hyperparameters["depth"]),
            learning_rate=shrinkage,
            random_state=seed,
        ).fit(rows.x, y)
        for y in columns
    ]
    grown = [
        (each.tree_, target + k)
        for target, fitted in enumerate(made)
        for row in fitted.estimators_
        for k, each in enumerate(row)
    ]
    values = []
    for tree, k in grown:
        value = np.zeros((tree.node_count, problem.n_outputs))
        value[:, k] = shrinkage * tree.value[:, 0, 0]
        values.append(value)
    # the logits of the shares of classes, or the mean of each target
    start = np.concatenate([fitted._raw_predict_init(rows.x[:1])[0] for fitted in made])
    return trees.arrays_of([tree for tree, _ in grown], values, start, width=1)


TRAINABLE = Trainable(trees.size, fit, trees.predict, program=trees.PROGRAM)

FAMILY = Family(
    name="boosted_trees",
    summary="control: a sum of small trees, grown one after another",
    source="Friedman 2001",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=fitting(TRAINABLE),
    fitted=True,
)
