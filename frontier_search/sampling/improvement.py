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
        low = _corners([edge[:-1] for edge in edges])
        high = _corners([edge[1:] for edge in edges])
        covers = (known[None] <= low[:, None]).all(axis=2)
        level = np.where(covers, losses[None], loss_reference).min(axis=1, initial=loss_reference)
        return Front(low, high, level)

    def volume(self, loss_reference: float) -> float:
        """Returns the hypervolume of the front."""
        inside = self.level < loss_reference  # where a point lies below, so that no corner is -inf
        widths = (self.high[inside] - self.low[inside]).prod(axis=1)
        return float((widths * (loss_reference - self.level[inside])).sum())

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


def _corners(edges: list[Array]) -> Array:
    return np.stack([axis.ravel() for axis in np.meshgrid(*edges, indexing="ij")], axis=1)
