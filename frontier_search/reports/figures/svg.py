"""The frontier as a vector picture for web pages."""

from __future__ import annotations

from frontier_search.reports.drawing import draw
from frontier_search.reports.figures import FigureFormat

FIGURE = FigureFormat("a vector picture", lambda chart: draw(chart, "svg"))
