"""Particular fixed graphs: the Kronecker power, its permuted control, and a random graph."""

from __future__ import annotations

import numpy as np

from frontier_search.models.families import kronecker, kronecker_permuted, random_sparse


def test_kronecker_is_the_kronecker_power_without_its_diagonal() -> None:
    expected = np.kron(np.kron(kronecker.INITIATOR, kronecker.INITIATOR), kronecker.INITIATOR)
    np.fill_diagonal(expected, 0)
    assert np.array_equal(kronecker.adjacency(8, np.random.default_rng(0)), expected)


def test_permuted_keeps_degrees_and_loses_symmetry() -> None:
    original = kronecker.adjacency(16, np.random.default_rng(0))
    permuted = kronecker_permuted.adjacency(16, np.random.default_rng(0))
    for axis in (0, 1):
        assert sorted(permuted.sum(axis=axis)) == sorted(original.sum(axis=axis))
    assert not np.array_equal(permuted, permuted.T)


def test_two_seeds_draw_two_random_graphs() -> None:
    matrices = [random_sparse.GRAPH.matrix(8, 0.9, 0.0, seed) for seed in (1, 1, 2)]
    assert np.array_equal(matrices[0], matrices[1])
    assert not np.array_equal(matrices[1], matrices[2])
