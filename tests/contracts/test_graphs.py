"""What every fixed graph keeps: its edges are counted in closed form, it is scaled to its radius, a seed decides it."""

from __future__ import annotations

import numpy as np
import pytest

from frontier_search.errors import SpecError
from frontier_search.models.architectures.reservoir import Reservoir
from frontier_search.models.families import FAMILIES, kronecker
from frontier_search.models.family import Architecture
from frontier_search.models.graph import Graph

BASE = {"steps": 3, "spectral_radius": 0.9, "graph_noise": 0.0, "learning_rate": 1e-3}


def built(name: str, **given: float) -> Architecture:
    """A model with some hyperparameters given, the others drawn from the default space."""
    return FAMILIES[name].build(
        FAMILIES[name].default_space((1e-3, 1e-2)).sample(np.random.default_rng(0)) | BASE | given
    )


def has_width(name: str) -> bool:
    """Whether its hidden units are asked for; those of the others are features or patches of an image (tests/models/test_images.py)."""
    return "hidden" in FAMILIES[name].default_space((1e-3, 1e-2)).names()


RECURRENT = [
    name for name in FAMILIES if has_width(name) and getattr(built(name, hidden=4), "graph", None)
]
ANY_WIDTH = [name for name in RECURRENT if built(name, hidden=4).graph.problem(3) is None]  # type: ignore[attr-defined]


def graph_of(name: str, hidden: int, **changes: float) -> tuple[Graph, np.ndarray]:
    architecture = built(name, hidden=hidden, **changes)
    architecture = getattr(architecture, "core", architecture)
    assert isinstance(architecture, Reservoir)
    assert architecture.graph is not None
    return architecture.graph, architecture.matrix(101)


@pytest.mark.parametrize("name", RECURRENT)
@pytest.mark.parametrize("hidden", [2, 4, 8, 16, 64])
def test_edges_and_radius(name: str, hidden: int) -> None:
    for noise in (0.0, 0.1):
        graph, matrix = graph_of(name, hidden, graph_noise=noise)
        assert np.count_nonzero(matrix) == graph.edges(hidden)
        assert np.abs(np.linalg.eigvals(matrix)).max() == pytest.approx(0.9, rel=1e-3)


@pytest.mark.parametrize("name", ANY_WIDTH)
def test_width_need_not_be_a_power_of_two(name: str) -> None:
    for hidden in (1, 3, 5, 12):
        graph, matrix = graph_of(name, hidden)
        assert matrix.shape == (hidden, hidden)
        assert np.count_nonzero(matrix) == graph.edges(hidden)


@pytest.mark.parametrize(
    "name",
    [n for n in RECURRENT if n not in ANY_WIDTH] + ["learned_kronecker", "adapted_kronecker"],
)
@pytest.mark.parametrize("hidden", [0, 1, 3, 12, 63])
def test_kronecker_graphs_say_which_widths_exist(name: str, hidden: int) -> None:
    with pytest.raises(SpecError, match=r"power of two|power of [24]|at least one"):
        built(name, hidden=hidden)


def test_kronecker_is_the_kronecker_power_without_its_diagonal() -> None:
    expected = np.kron(np.kron(kronecker.INITIATOR, kronecker.INITIATOR), kronecker.INITIATOR)
    np.fill_diagonal(expected, 0)
    assert np.array_equal(kronecker.adjacency(8, np.random.default_rng(0)), expected)


def test_permuted_keeps_degrees_and_loses_symmetry() -> None:
    original = kronecker.adjacency(16, np.random.default_rng(0))
    graph, _ = graph_of("kronecker_permuted", 16)
    permuted = graph.adjacency(16, np.random.default_rng(0))
    for axis in (0, 1):
        assert sorted(permuted.sum(axis=axis)) == sorted(original.sum(axis=axis))
    assert not np.array_equal(permuted, permuted.T)


def test_a_seed_decides_a_random_graph() -> None:
    architecture = FAMILIES["random_sparse"].build(BASE | {"hidden": 8})
    assert isinstance(architecture, Reservoir)
    assert np.array_equal(architecture.matrix(1), architecture.matrix(1))
    assert not np.array_equal(architecture.matrix(1), architecture.matrix(2))
