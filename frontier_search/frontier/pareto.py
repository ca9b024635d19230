"""Dominance and hypervolume of minimised points, shape (n_points, n_objectives).

Sources: Deb, Multi-Objective Optimization using Evolutionary Algorithms (2001), for dominance;
While, Bradstreet and Barone, "A Fast Way of Calculating Exact Hypervolumes" (2012), for the
recursion over exclusive volumes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def _points(losses: ArrayLike) -> NDArray[np.float64]:
    points = np.asarray(losses, dtype=np.float64)
    if points.ndim != 2:
        raise ValueError(f"losses has shape {points.shape}; (n_points, n_objectives) is needed")
    return points


def nondominated(losses: ArrayLike) -> NDArray[np.bool_]:
    """Returns which points no other point dominates.

    a dominates b when a <= b in every objective and a < b in one. Equal points do not dominate each
    other, so both stay. A point that is not finite is never a member and dominates nothing.

    Args:
        losses: (n_points, n_objectives), minimised.

    Returns:
        (n_points,) mask.
    """
    points = _points(losses)
    mask = np.asarray(np.isfinite(points).all(axis=1))
    if points.shape[1] == 2:
        mask[mask] = _staircase(points[mask])
        return mask
    finite = points[mask]
    mask[mask] = [
        not ((finite <= point).all(axis=1) & (finite < point).any(axis=1)).any() for point in finite
    ]
    return mask


def _staircase(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Returns the mask for two objectives in n log n steps.

    By rising first objective, a member is below every second objective before it.
    """
    order = np.lexsort((points[:, 1], points[:, 0]))
    first, second = points[order, 0], points[order, 1]
    lowest = np.minimum.accumulate(second)
    best_before = np.concatenate([[np.inf], lowest[:-1]])
    twin = np.concatenate([[False], (first[1:] == first[:-1]) & (second[1:] == second[:-1])])
    member = second < best_before
    for i in np.flatnonzero(twin):  # a point that equals its neighbour shares its neighbour's fate
        member[i] = member[i - 1]
    mask = np.empty(len(points), dtype=np.bool_)
    mask[order] = member
    return mask


def hypervolume(losses: ArrayLike, reference: ArrayLike) -> float:
    """Returns the volume that the points dominate, up to a reference point.

    Args:
        losses: (n_points, n_objectives), minimised.
        reference: (n_objectives,); a point that is not below it in every objective adds nothing.

    Returns:
        the volume, in the product of the objectives' units.
    """
    points, corner = _points(losses), np.asarray(reference, dtype=np.float64)
    inside = np.isfinite(points).all(axis=1) & (points < corner).all(axis=1)
    points = np.unique(points[inside], axis=0)
    return _volume(points[nondominated(points)], corner) if len(points) else 0.0


def _volume(points: NDArray[np.float64], corner: NDArray[np.float64]) -> float:
    """Returns the volume of a sorted set of mutually non-dominated points.

    In two dimensions it is the staircase, above that the recursion of While et al.
    """
    if points.shape[1] == 1:
        return float(corner[0] - points.min())
    if points.shape[1] == 2:
        points = points[np.argsort(points[:, 0])]
        ceilings = np.concatenate([[corner[1]], points[:-1, 1]])
        return float(((corner[0] - points[:, 0]) * (ceilings - points[:, 1])).sum())
    total = 0.0
    for i, point in enumerate(points):
        limited = np.maximum(points[i + 1 :], point)  # the later points' boxes inside this one's
        shared = (
            _volume(np.unique(limited[nondominated(limited)], axis=0), corner)
            if len(limited)
            else 0.0
        )
        total += float(np.prod(corner - point)) - shared
    return total
