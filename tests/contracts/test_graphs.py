"""What every fixed graph keeps: edges counted in closed form, a spectral radius, one draw a seed.

The graphs come from the table of families: those of every recurrent family that has a width.
``tests/models/test_images.py`` tests the graphs on the features or patches of an image.
"""

from __future__ import annotations

import numpy as np
import pytest

from frontier_search.errors import SpecError
from frontier_search.models.architectures.reservoir import Reservoir
from frontier_search.models.families import FAMILIES
from frontier_search.models.family import Architecture

RATES = (1e-3, 1e-2)
BASE = {"inner": 1, "steps": 3, "spectral_radius": 0.9, "graph_noise": 0.0, "learning_rate": 1e-3}
WIDE = [name for name in FAMILIES if "hidden" in FAMILIES[name].default_space(RATES).names()]


def built(name: str, **given: float) -> Architecture:
    """A model with some hyperparameters given, the others drawn from the default space."""
    space = FAMILIES[name].default_space(RATES)
    return FAMILIES[name].build(space.sample(np.random.default_rng(0)) | BASE | given)


def reservoir(name: str, hidden: int, **given: float) -> Reservoir:
    architecture = built(name, hidden=hidden, **given)
    core = getattr(architecture, "core", architecture)
    assert isinstance(core, Reservoir)
    return core


def exists(name: str, hidden: int) -> bool:
    try:
        built(name, hidden=hidden)
    except SpecError:
        return False
    return True


RECURRENT = [name for name in WIDE if getattr(built(name, hidden=4), "graph", None)]
ANY_WIDTH = [name for name in RECURRENT if exists(name, hidden=3)]
SOME_WIDTHS = [name for name in WIDE if not exists(name, hidden=3)]


@pytest.mark.parametrize("name", RECURRENT)
@pytest.mark.parametrize("hidden", [2, 4, 8, 16, 64])
def test_edges_and_radius(name: str, hidden: int) -> None:
    for noise in (0.0, 0.1):
        core = reservoir(name, hidden, graph_noise=noise)
        matrix = core.matrix(101)
        assert core.graph is not None
        assert np.count_nonzero(matrix) == core.graph.edges(hidden)
        assert np.abs(np.linalg.eigvals(matrix)).max() == pytest.approx(0.9, rel=1e-3)


@pytest.mark.parametrize("name", ANY_WIDTH)
def test_width_need_not_be_a_power_of_two(name: str) -> None:
    for hidden in (1, 3, 5, 12):
        core = reservoir(name, hidden)
        matrix = core.matrix(101)
        assert core.graph is not None
        assert matrix.shape == (hidden, hidden)
        assert np.count_nonzero(matrix) == core.graph.edges(hidden)


@pytest.mark.parametrize("name", SOME_WIDTHS)
@pytest.mark.parametrize("hidden", [0, 1, 3, 12, 63])
def test_a_graph_of_some_widths_names_them(name: str, hidden: int) -> None:
    with pytest.raises(SpecError, match=r"power of two|power of [24]|at least one"):
        built(name, hidden=hidden)


@pytest.mark.parametrize("name", RECURRENT)
def test_a_seed_draws_one_graph(name: str) -> None:
    core = reservoir(name, hidden=8)
    assert np.array_equal(core.matrix(1), core.matrix(1))
