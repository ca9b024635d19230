"""The pictures of a report that are not frontiers."""

from __future__ import annotations

from frontier_search.models.families import FAMILIES
from frontier_search.reports import pictures


def test_the_graphs_of_any_families_can_be_asked_for() -> None:
    """Families with parameters of their own, and those of images, among them."""
    assert pictures.graphs(["dense", "conv", "mixer_kronecker"]) is None
    drawn = pictures.graphs(list(FAMILIES))
    assert drawn is not None
    assert drawn.startswith(b"\x89PNG")
