"""The illustrations of a report."""

from __future__ import annotations

from frontier_search.models.families import FAMILIES
from frontier_search.reports import illustrations


def test_the_graphs_of_any_families_are_drawn() -> None:
    """This includes families with further parameters, and those of images."""
    assert illustrations.graphs(["dense", "conv", "mixer_kronecker"]) is None
    drawn = illustrations.graphs(list(FAMILIES))
    assert drawn is not None
    assert drawn.startswith(b"\x89PNG")
