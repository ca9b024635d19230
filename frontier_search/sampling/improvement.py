"""The expected hypervolume improvement of a point whose other objectives are known: exact.

Only the loss y is uncertain. A point with known objectives s and loss y adds to the hypervolume,
for every s' at or above s in all of them, the amount by which y lies below the front's level L(s'):
the lowest loss of a front point at or below s'. L is constant on boxes. So

    EHVI(x) = sum over boxes of |box above s| EI(L of the box)
    EI(l) = (l - mean) Phi(z) + deviation phi(z),  z = (l - mean) / deviation

With one known objective the boxes are the steps of a staircase.

Source: Emmerich, Giannakoglou and Naujoks (IEEE TEC 2006), for the case in which the other
objectives have no variance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Front:
    """The level of a front over the known objectives, box by box.

    Attributes:
        low, high: (boxes, k) corners. The lowest are -inf, the highest the reference.
        level: (boxes,) the loss that a point in the box must fall below.
    """

    low: Array
    high: Array
    level: Array

    @staticmethod
    def of(known: Array, losses: Array, known_reference: Array, loss_reference: float) -> Front:
        """Returns the front of some points, of which any number may be dominated.

        Args:
            known: (n, k) known objectives.
            losses: (n,).
            known_reference: (k,) beyond which nothing counts.
            loss_reference: above which nothing counts.
        """
        counts = (known < known_reference).all(axis=1) & (losses < loss_reference)
        known, losses = known[counts], losses[counts]
        edges = [
            np.r_[-np.inf, np.unique(column), end]
            for column, end in zip(known.T, known_reference, strict=True)
        ]
        level = _levels(known, losses[None], [edge[1:-1] for edge in edges], loss_reference)[0]
        low = _corners([edge[:-1] for edge in edges])
        high = _corners([edge[1:] for edge in edges])
        if len(edges) > 1:  # boxes side by side of one level are one box: a tenth is left of them
            begins = np.ones(level.shape, dtype=bool)
            begins[..., 1:] = level[..., 1:] != level[..., :-1]
            ends = np.ones(level.shape, dtype=bool)
            ends[..., :-1] = begins[..., 1:]
            return Front(low[begins.ravel()], high[ends.ravel()], level[begins])
        return Front(low, high, level.ravel())

    def expected_improvement(self, mean: Array, deviation: Array, known: Array) -> Array:
        """Returns the expected hypervolume improvement of each point, (m,).

        Args:
            mean, deviation: (m,) of the losses.
            known: (m, k) known objectives.
        """
        levels, box_level = np.unique(self.level, return_inverse=True)
        z = (levels[None] - mean[:, None]) / deviation[:, None]
        density = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
        below = deviation[:, None] * (z * ndtr(z) + density)
        width = np.ones((len(mean), len(self.level)))
        for i in range(known.shape[1]):
            start = np.maximum(self.low[None, :, i], known[:, None, i])
            width *= np.clip(self.high[None, :, i] - start, 0.0, None)
        return np.asarray((width * below[:, box_level]).sum(axis=1))


def volumes(known: Array, losses: Array, known_reference: Array, loss_reference: float) -> Array:
    """Returns the hypervolume of points with each of several draws of their losses, (draws,).

    Args:
        known: (n, k) known objectives.
        losses: (draws, n).
        known_reference, loss_reference: beyond which nothing counts.
    """
    counts = (known < known_reference).all(axis=1)
    known, losses = known[counts], losses[:, counts]
    axes = [np.unique(column) for column in known.T]
    level = _levels(known, losses, axes, loss_reference)
    depth = np.maximum(loss_reference - level, 0.0)
    for axis, end in zip(reversed(axes), known_reference[::-1], strict=True):
        depth = depth[..., 1:] @ np.diff(np.r_[axis, end])  # before the first nothing lies below
    return np.asarray(depth)


def nondominated(known: Array, losses: Array) -> NDArray[np.int64]:
    """Returns the positions of the points that no other point beats or equals in all objectives.

    Of equal points the first counts. They are in the order of their known objectives.
    """
    order = np.lexsort((losses, *known.T[::-1]))
    if known.shape[1] == 1:
        best_before = np.r_[np.inf, np.minimum.accumulate(losses[order])[:-1]]
        return np.asarray(order[losses[order] < best_before])
    points, kept = np.column_stack([known, losses]), list[int]()
    for i in order.tolist():
        if not (points[kept] <= points[i]).all(axis=1).any():
            kept.append(i)
    return np.array(kept, dtype=np.int64)


def _levels(known: Array, losses: Array, axes: list[Array], loss_reference: float) -> Array:
    """Returns the lowest loss of the points at or below each box, with each draw of their losses.

    Args:
        known: (n, k).
        losses: (draws, n).
        axes: the different values of each known objective, rising.

    Returns:
        (draws, boxes along the first known objective, ...); one more than its values along each.
    """
    shape = (len(losses), *(len(axis) + 1 for axis in axes))
    level = np.full(shape, loss_reference)
    place = [np.searchsorted(axis, column) + 1 for axis, column in zip(axes, known.T, strict=True)]
    np.minimum.at(level, (slice(None), *place), losses)
    for axis in range(1, len(shape)):
        np.minimum.accumulate(level, axis=axis, out=level)
    return level


def _corners(edges: list[Array]) -> Array:
    return np.stack([axis.ravel() for axis in np.meshgrid(*edges, indexing="ij")], axis=1)
