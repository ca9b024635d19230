"""What the pictures of a report have in common: a page of axes, and the file."""

from __future__ import annotations

import io
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from frontier_search.frontier.verdict import Verdict
from frontier_search.reports.dark import with_dark_style
from frontier_search.reports.drawing import FONT
from frontier_search.reports.fewer_bytes import with_short_numbers

# colour, shape and fill of a verdict: told apart in grey and with every colour vision
VERDICTS: dict[Verdict, dict[str, Any]] = {
    Verdict.HOLDS: {"marker": "o", "color": "#0072b2", "markerfacecolor": "#0072b2"},
    Verdict.FAILS: {"marker": "X", "color": "#c04a00", "markerfacecolor": "#c04a00"},
    Verdict.OPEN: {"marker": "o", "color": "#5a5a5a", "markerfacecolor": "white"},
    Verdict.SILENT: {"marker": "D", "color": "#5a5a5a", "markerfacecolor": "white"},
}


def page_of_axes(
    width: float, height: float, rows: int = 1, columns: int = 1, **ratios: Any
) -> tuple[Figure, list[list[Axes]]]:
    """Returns a figure of a size in inches, and its axes row by row."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, **ratios)
    return figure, [list(line) for line in axes]


def svg(figure: Figure, dpi: int = 200) -> bytes:
    """Returns a figure as SVG, the same bytes each time. It is dark on a dark screen.

    Args:
        dpi: of the parts that are pixels, such as a matrix.
    """
    buffer = io.BytesIO()
    with matplotlib.rc_context(FONT):
        figure.savefig(buffer, format="svg", metadata={"Date": None}, dpi=dpi)
    return with_dark_style(with_short_numbers(buffer.getvalue()))
