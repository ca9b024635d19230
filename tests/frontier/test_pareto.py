"""Dominance against its definition; hypervolume against closed forms and two other algorithms."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from frontier_search.frontier.pareto import hypervolume, nondominated

Points = NDArray[np.float64]


def point_sets(max_points: int = 8, max_objectives: int = 4) -> st.SearchStrategy[Points]:
    """Points on a coarse grid, so that ties and duplicates are common."""
    shapes = st.tuples(st.integers(0, max_points), st.integers(1, max_objectives))
    return shapes.flatmap(
        lambda shape: hnp.arrays(np.float64, shape, elements=st.integers(0, 6).map(float))
    )


def dominates(a: Points, b: Points) -> bool:
    return bool((a <= b).all() and (a < b).any())


def by_inclusion_and_exclusion(points: Points, corner: Points) -> float:
    """The volume of a union of boxes: each subset of boxes meets in a box."""
    total = 0.0
    for size in range(1, len(points) + 1):
        for subset in itertools.combinations(points, size):
            total -= (-1) ** size * float(np.prod(np.maximum(corner - np.max(subset, axis=0), 0)))
    return total


@given(point_sets(20))
def test_nondominated_equals_its_definition(points: Points) -> None:
    expected = [not any(dominates(other, point) for other in points) for point in points]
    assert nondominated(points).tolist() == expected


@given(point_sets(20))
def test_every_other_point_is_dominated_by_a_member(points: Points) -> None:
    mask = nondominated(points)
    assert mask.any() or not len(points)
    assert all(any(dominates(member, point) for member in points[mask]) for point in points[~mask])


@given(point_sets(12), st.randoms(use_true_random=False))
def test_order_does_not_matter(points: Points, random: object) -> None:
    order = list(range(len(points)))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert nondominated(points[order]).tolist() == nondominated(points)[order].tolist()
    corner = np.full(points.shape[1], 7.0)
    assert hypervolume(points[order], corner) == pytest.approx(hypervolume(points, corner))


@given(point_sets(12), st.data())
def test_equal_points_are_members_together_and_add_no_volume(
    points: Points, data: st.DataObject
) -> None:
    if not len(points):
        return
    i = data.draw(st.integers(0, len(points) - 1))
    doubled = np.vstack([points, points[i : i + 1]])
    assert nondominated(doubled).tolist() == [*nondominated(points), nondominated(points)[i]]
    corner = np.full(points.shape[1], 7.0)
    assert hypervolume(doubled, corner) == pytest.approx(hypervolume(points, corner))


@given(point_sets(12), st.data())
def test_a_dominated_point_changes_nothing(points: Points, data: st.DataObject) -> None:
    if not len(points):
        return
    worse = points[data.draw(st.integers(0, len(points) - 1))] + data.draw(
        st.sampled_from([0.5, 1.0, 3.0])
    )
    more = np.vstack([points, worse])
    assert nondominated(more).tolist() == [*nondominated(points), False]
    corner = np.full(points.shape[1], 7.0)
    assert hypervolume(more, corner) == pytest.approx(hypervolume(points, corner))


@given(point_sets(12), st.data())
def test_another_point_never_reduces_the_volume(points: Points, data: st.DataObject) -> None:
    point = data.draw(hnp.arrays(np.float64, (1, points.shape[1]), elements=st.floats(-1, 7)))
    corner = np.full(points.shape[1], 7.0)
    assert hypervolume(np.vstack([points, point]), corner) >= hypervolume(points, corner) - 1e-9


@given(point_sets(6), st.data())
def test_hypervolume_is_the_volume_of_a_union_of_boxes(points: Points, data: st.DataObject) -> None:
    corner = data.draw(hnp.arrays(np.float64, points.shape[1], elements=st.floats(1, 8)))
    inside = points[(points < corner).all(axis=1)]
    assert hypervolume(points, corner) == pytest.approx(
        by_inclusion_and_exclusion(inside, corner), abs=1e-9
    )


@given(point_sets(8, 3), st.floats(0.1, 10), st.floats(-5, 5))
def test_hypervolume_scales_with_the_axes_and_ignores_their_origin(
    points: Points, scale: float, shift: float
) -> None:
    corner, factors = np.full(points.shape[1], 7.0), np.ones(points.shape[1])
    factors[0] = scale
    assert hypervolume(points * factors + shift, corner * factors + shift) == pytest.approx(
        scale * hypervolume(points, corner), abs=1e-6
    )


def test_one_objective_is_a_length() -> None:
    assert hypervolume([[3.0], [1.5], [2.0]], [4.0]) == 2.5


def test_two_objectives_are_a_staircase() -> None:
    n = 50
    points = [(i / n, 1 - i / n) for i in range(n + 1)]
    assert hypervolume(points, [1.0, 1.0]) == pytest.approx(0.5 * (1 - 1 / n))
    assert hypervolume([[1, 3], [2, 2], [3, 1]], [4, 4]) == 6.0


def test_three_objectives_under_a_plane() -> None:
    # Points with i + j + k = n on a grid of 1/n. The (n + 2)(n + 1) n / 6 cells below the plane
    # are not dominated.
    n = 6
    points = [(i / n, j / n, (n - i - j) / n) for i in range(n + 1) for j in range(n + 1 - i)]
    assert hypervolume(points, [1.0, 1.0, 1.0]) == pytest.approx(
        1 - (n + 2) * (n + 1) * n / 6 / n**3
    )
    assert hypervolume([[1, 2, 3], [3, 1, 2], [2, 3, 1]], [4, 4, 4]) == 3 * 6 - 3 * 2 + 1


@pytest.mark.parametrize("n_objectives", [1, 2, 3, 4, 5])
def test_hypervolume_against_monte_carlo(n_objectives: int) -> None:
    rng = np.random.default_rng(n_objectives)
    points, darts = rng.random((12, n_objectives)), rng.random((200_000, n_objectives))
    hit = np.zeros(len(darts), dtype=bool)
    for point in points:
        hit |= (darts >= point).all(axis=1)
    share = hit.mean()
    assert hypervolume(points, np.ones(n_objectives)) == pytest.approx(
        share, abs=5 * math.sqrt(0.25 / len(darts))
    )


def test_points_that_are_not_finite_are_no_members_and_add_no_volume() -> None:
    points = [[1.0, 1.0], [math.nan, 0.0], [-math.inf, 0.0], [0.0, math.inf], [0.5, 2.0]]
    assert nondominated(points).tolist() == [True, False, False, False, True]
    assert hypervolume(points, [3.0, 3.0]) == hypervolume([points[0], points[4]], [3.0, 3.0]) == 4.5


def test_no_point_and_points_beyond_the_reference_have_no_volume() -> None:
    assert hypervolume(np.empty((0, 2)), [1.0, 1.0]) == 0.0
    assert hypervolume([[1.0, 0.0], [0.0, 2.0]], [1.0, 1.0]) == 0.0
    assert nondominated(np.empty((0, 3))).tolist() == []


@pytest.mark.parametrize("losses", [[1.0, 2.0], 3.0, [[[1.0]]]])
def test_a_wrong_shape_says_which_is_needed(losses: object) -> None:
    with pytest.raises(ValueError, match=r"\(n_points, n_objectives\) is needed"):
        nondominated(losses)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"\(n_points, n_objectives\) is needed"):
        hypervolume(losses, [1.0])  # type: ignore[arg-type]
