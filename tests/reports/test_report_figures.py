"""The pictures of a report that are not frontiers."""

from __future__ import annotations

from frontier_search.models.families import FAMILIES
from frontier_search.reports import report_figures


def test_the_graphs_of_any_families_can_be_asked_for() -> None:
    """Families with parameters of their own, and those of images, among them."""
    assert report_figures.graphs(["dense", "conv", "mixer_kronecker"]) is None
    drawn = report_figures.graphs(list(FAMILIES))
    assert drawn is not None
    assert drawn.startswith(b"\x89PNG")
