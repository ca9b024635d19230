"""The frontier as a picture of 800 x 600 pixels for each pair of objectives."""

from __future__ import annotations

from frontier_search.reports.drawing import draw
from frontier_search.reports.figures import FigureFormat

FIGURE = FigureFormat("a picture", lambda chart: draw(chart, "png"))
