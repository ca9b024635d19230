"""Fits the coefficients of ``export.costs`` to what was measured."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from frontier_search.export.body import numbers, shape, weighed
from frontier_search.export.integer.plan import IntegerPlan
from frontier_search.export.plan import Plan

AnyPlan = Plan | IntegerPlan
RIDGE = 1.0  # in the fit of what numbers add to the bytes of a shape


def fitted(
    rows: Sequence[dict[str, float]],
    values: NDArray[np.float64],
    relative: bool = True,
    known: Mapping[str, float] | None = None,
    added: Collection[str] = (),
) -> dict[str, float]:
    """Returns coefficients of at least 0, of the smallest squared error.

    Args:
        known: coefficients that are kept; only those of ``added`` are fitted. None: all are.
    """
    keys = sorted({key for row in rows for key in row if known is None or key in added})
    kept = known or {}
    rest = values - [sum(kept.get(key, 0.0) * count for key, count in row.items()) for row in rows]
    matrix = np.array([[row.get(key, 0.0) for key in keys] for row in rows])
    weights = 1 / values if relative else np.ones(len(values))
    found, _ = optimize.nnls(matrix * weights[:, None], rest * weights)
    found_each = {
        key: float(f"{value:.6g}") for key, value in zip(keys, found, strict=True) if value
    }
    return {**kept, **found_each}


def of_shapes(
    plans: Sequence[AnyPlan], sizes: NDArray[np.float64], kept: Mapping[str, float] | None
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Returns the bytes of each shape of a model's own function, and what its numbers add.

    Of a shape: its bytes without what numbers add, and the fewest and the most that were measured.

    Args:
        kept: what numbers add, if it was measured before.
    """
    counts = [numbers(each) for each in plans]
    names = sorted({name for each in counts for name in each})
    matrix = np.array([[each.get(name, 0.0) for name in names] for each in counts])
    groups: dict[str, list[int]] = {}
    for i, each in enumerate(plans):
        groups.setdefault(shape(each), []).append(i)
    within, rest = matrix.copy(), sizes.copy()
    for members in groups.values():
        within[members] -= matrix[members].mean(axis=0)
        rest[members] -= sizes[members].mean()
    if kept is None:
        normal = within.T @ within + RIDGE * np.eye(len(names))
        solved = np.linalg.solve(normal, within.T @ rest)
        kept = {name: round(float(value), 3) for name, value in zip(names, solved, strict=True)}
    added = np.array([weighed(each, kept) for each in counts])
    measured = {
        name: [
            round(float((sizes[members] - added[members]).mean()), 2),
            *(int(end(sizes[members])) for end in (np.min, np.max)),
        ]
        for name, members in groups.items()
    }
    return measured, dict(kept)


def depths_of(plans: Sequence[AnyPlan], over: NDArray[np.float64]) -> dict[str, float]:
    """Returns for each function the deepest stack below the blocks of plans that call only it and
    shallower ones."""
    found: dict[str, float] = {}
    names = sorted({name for each in plans for name in each.functions})
    for name in names:
        found[name] = float(
            min(o for each, o in zip(plans, over, strict=True) if name in each.functions)
        )
    return found
