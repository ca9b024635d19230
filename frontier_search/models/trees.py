"""Decision trees and sums of them, as arrays.

    y(x) = offset + sum over trees of the value of the leaf that x falls into

A tree goes left where x[feature] <= threshold. Source: Breiman et al., "Classification and
Regression Trees" (1984).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.models.family import Size
from frontier_search.models.trainable import Fitted, Hyperparameters

PROGRAM = "frontier_search.models.networks.trees:Trees"
INNER_BYTES = 4 + 2 + 2 + 2  # threshold, feature, the numbers of two children


def arrays_of(
    trees: Sequence[Any], values: Sequence[NDArray[Any]], offset: NDArray[Any], width: int
) -> Fitted:
    """Returns trees of scikit-learn as arrays (T, N), padded to the largest.

    Args:
        trees: ``tree_`` of each.
        values: of each, (nodes, o), of which those of the leaves count.
        offset: (o,).
        width: the values that a leaf holds; the others are 0.
    """
    n = max(tree.node_count for tree in trees)

    def padded(arrays: Sequence[NDArray[Any]], dtype: Any, fill: float) -> NDArray[Any]:
        made = np.full((len(trees), n, *arrays[0].shape[1:]), fill, dtype)
        for row, array in zip(made, arrays, strict=True):
            row[: len(array)] = array
        return made

    own = np.arange(n, dtype=np.int16 if n < 2**15 else np.int32)
    is_leaf = [tree.children_left < 0 for tree in trees]
    left, right = (
        padded(
            [
                np.where(leaf, own[: len(leaf)], getattr(tree, f"children_{side}"))
                for leaf, tree in zip(is_leaf, trees, strict=True)
            ],
            own.dtype,
            0,
        )
        for side in ("left", "right")
    )
    return {
        "feature": padded([np.where(t.feature < 0, 0, t.feature) for t in trees], np.int16, 0),
        "threshold": padded([_below(tree.threshold) for tree in trees], np.float32, 0),
        "left": left,
        "right": right,
        "value": padded(
            [
                np.where(leaf[:, None], value, 0)
                for value, leaf in zip(values, is_leaf, strict=True)
            ],
            np.float32,
            0,
        ),
        "offset": np.asarray(offset, np.float32),
        "depth": np.asarray(max(tree.max_depth for tree in trees)),
        "leaves": np.asarray([int(leaf.sum()) for leaf in is_leaf]),
        "width": np.asarray(width),
    }


def _below(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """Returns the largest float32 that is no larger, which divides float32 rows as the float64."""
    rounded = threshold.astype(np.float32)
    return np.where(rounded > threshold, np.nextafter(rounded, np.float32(-np.inf)), rounded)


def predict(fitted: Fitted, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """Returns outputs (n, o) of rows (n, d)."""
    outputs = np.tile(fitted["offset"].astype(np.float64), (len(x), 1))
    rows = np.arange(len(x))
    for feature, threshold, left, right, value in zip(
        *(fitted[name] for name in ("feature", "threshold", "left", "right", "value")), strict=True
    ):
        node = np.zeros(len(x), np.intp)
        for _ in range(int(fitted["depth"])):
            goes_left = x[rows, feature[node]] <= threshold[node]
            node = np.where(goes_left, left[node], right[node])
        outputs += value[node]
    return outputs


def size(
    hyperparameters: Hyperparameters, n_inputs: int, n_outputs: int, fitted: Fitted | None
) -> Size:
    """Counts a feature and a threshold for each inner node, and the values of each leaf.

    The least tree is one leaf with one value.
    """
    leaves = fitted["leaves"] if fitted is not None else np.ones(1, int)
    depth = int(fitted["depth"]) if fitted is not None else 0
    width = int(fitted["width"]) if fitted is not None else 1
    offset = n_outputs if fitted is not None and fitted["offset"].any() else 0
    inner, outer = int((leaves - 1).sum()), int(leaves.sum())
    scalars = 2 * inner + outer * width + offset
    held = INNER_BYTES * inner + 4 * (outer * width + offset)
    flops = depth * len(leaves) + (len(leaves) - 1) * width + offset
    return Size(raw=scalars, effective=scalars, flops=flops, bytes=held)
