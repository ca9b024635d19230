"""The figures of a report other than frontiers."""

from __future__ import annotations

from frontier_search.models.families import FAMILIES
from frontier_search.reports import report_figures


def test_the_graphs_of_any_families_are_drawn() -> None:
    """This includes families with further parameters, and those of images."""
    assert report_figures.graphs(["dense", "conv", "mixer_kronecker"]) is None
    drawn = report_figures.graphs(list(FAMILIES))
    assert drawn is not None
    assert drawn.startswith(b"\x89PNG")
