"""The illustrations of a report."""

from __future__ import annotations

from frontier_search.models.families import FAMILIES
from frontier_search.reports import illustrations


def test_the_graphs_of_any_families_are_drawn() -> None:
    """This includes families with further parameters, and those of images."""
    assert illustrations.graphs(["dense", "conv", "mixer_kronecker"]) is None
    drawn = illustrations.graphs(list(FAMILIES))
    assert drawn is not None
    assert b"<svg" in drawn


def test_families_with_one_graph_share_a_panel() -> None:
    shown = illustrations.distinct(list(FAMILIES))
    assert len(shown) >= 4
    assert any({"kronecker", "leaky_kronecker", "varpro"} <= set(names) for names in shown)
    largest = [drawn[-1] for drawn in shown.values()]
    assert len({matrix.tobytes() for matrix in largest}) == len(shown)
    for drawn in shown.values():
        assert tuple(len(matrix) for matrix in drawn) == illustrations.GRAPH_UNITS
