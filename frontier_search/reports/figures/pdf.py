"""The frontier as a vector picture for print."""

from __future__ import annotations

from frontier_search.reports.drawing import draw
from frontier_search.reports.figures import FigureFormat

FIGURE = FigureFormat("a picture for print", lambda chart: draw(chart, "pdf"))
