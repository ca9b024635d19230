"""The illustrations of a report: graphs and spectra, the recurrence, the winner map.

Every function returns a PNG.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from frontier_search.frontier.ownership import Share
from frontier_search.models.architectures.reservoir import Reservoir
from frontier_search.models.families import FAMILIES
from frontier_search.reports import words
from frontier_search.reports.palette import with_few_colours

DPI = 90
GRAPH_UNITS, GRAPH_SEED = 64, 101
SETTINGS: dict[str, Any] = {
    "hidden": GRAPH_UNITS,
    "steps": 1,
    "spectral_radius": 1.0,
    "graph_noise": 0.0,
}


def graphs(families: Sequence[str]) -> bytes | None:
    """Draws the adjacency matrix and the eigenvalues of each family's fixed graph.

    None if no family has a fixed graph.
    """
    drawn = {family: _matrix(family) for family in families}
    shown = {family: matrix for family, matrix in drawn.items() if matrix is not None}
    if not shown:
        return None
    figure, axes = _figure(2.2 * len(shown), 4.6, 2, len(shown))
    for column, (family, matrix) in enumerate(shown.items()):
        above, below = axes[0][column], axes[1][column]
        above.imshow(matrix != 0, cmap="Greys", interpolation="nearest")
        above.set_title(f"{family}\n{np.count_nonzero(matrix)} edges", fontsize=8)
        above.set(xticks=[], yticks=[])
        values = np.linalg.eigvals(matrix)
        below.plot(values.real, values.imag, "o", markersize=2.5, color="#332288", alpha=0.6)
        circle = np.exp(2j * np.pi * np.linspace(0, 1, 100))
        below.plot(circle.real, circle.imag, color="#BBBBBB", linewidth=0.8)
        below.set(
            xlim=(-1.15, 1.15),
            ylim=(-1.15, 1.15),
            aspect="equal",
            xticks=[-1, 0, 1],
            yticks=[-1, 0, 1],
        )
        below.tick_params(labelsize=7)
    axes[1][0].set_ylabel("imaginary part", fontsize=7)
    return _png(figure)


def _matrix(family: str) -> np.ndarray[Any, Any] | None:
    """Returns the graph of a family as SETTINGS make it, or None if it has none."""
    member = FAMILIES[family]
    space = member.default_space((1e-3, 1e-2))
    if not {"steps", "spectral_radius", "graph_noise"} <= set(space.names()):
        return None
    model = member.build(space.smallest() | SETTINGS)  # a family may have further parameters
    return model.matrix(GRAPH_SEED) if isinstance(model, Reservoir) else None


BOXES = (  # of the recurrence: left, bottom, text, whether it is learned
    (0.4, 1.3, "x", False),
    (2.0, 1.3, "W_in, b_in\ntanh", True),
    (4.7, 1.3, "h", False),
    (6.2, 2.4, "fixed graph G\ntanh", False),
    (8.0, 1.3, "h + ·\ntanh", False),
    (10.2, 1.3, "W_out, b_out", True),
)
ARROWS = (  # of the recurrence: start, end
    ((1.25, 1.67), (1.95, 1.67)),
    ((3.75, 1.67), (4.65, 1.67)),
    ((5.55, 1.67), (7.95, 1.67)),
    ((5.3, 2.1), (6.15, 2.7)),
    ((7.95, 2.7), (8.6, 2.1)),
    ((9.75, 1.67), (10.15, 1.67)),
)


def recurrence() -> bytes:
    """Draws the computation of a reservoir as boxes and arrows; learned parts are dark."""
    figure, ((axes,),) = _figure(8.4, 2.5, 1, 1)
    axes.set(xlim=(0, 12), ylim=(0, 3.4))
    axes.axis("off")
    for left, low, text, learned in BOXES:
        width, face = 1.7 if len(text) > 3 else 0.8, "#332288" if learned else "#F2F2F2"
        style: dict[str, Any] = {"facecolor": face, "edgecolor": "#333333"}
        axes.add_patch(FancyBboxPatch((left, low), width, 0.75, boxstyle="round,pad=0.05", **style))
        middle: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8}
        axes.text(
            left + width / 2, low + 0.37, text, color="white" if learned else "black", **middle
        )
    for start, end in ARROWS:
        _arrow(axes, start, end, "#333333")
    _arrow(axes, (8.8, 1.25), (5.1, 1.25), "#AA4499", bend=-0.35)
    axes.text(6.95, 0.42, "T steps", ha="center", fontsize=8, color="#AA4499")
    _arrow(axes, (0.8, 1.25), (11.0, 1.25), "#777777", bend=0.16)
    axes.text(2.6, 0.28, "skip connection: the readout sees x too", fontsize=8, color="#555555")
    return _png(figure)


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    color: str,
    bend: float = 0.0,
) -> None:
    path: dict[str, Any] = {"connectionstyle": f"arc3,rad={bend}", "color": color}
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=10, **path))


def winners(shares: Mapping[str, Mapping[str, Share | None]], title: str) -> bytes:
    """Draws the winner map of two groups: a row a dataset, a column a range of parameters.

    A cell is blue if the first group owns more, and red if the second one does.

    Args:
        shares: dataset -> range -> the first group's share of what the two groups own together, or
            None if no model is in the range. The typical seed's share is drawn.
    """
    rows, columns = list(shares), list(next(iter(shares.values())))
    figure, ((axes,),) = _figure(2.6 + 1.9 * len(columns), 0.9 + 0.33 * len(rows), 1, 1)
    cells = [[shares[row][column] for column in columns] for row in rows]
    values = np.array([[cell.typical if cell else np.nan for cell in line] for line in cells])
    axes.imshow(np.ma.masked_invalid(values), cmap="RdBu", vmin=0, vmax=1, aspect="auto")
    for i, line in enumerate(cells):
        for j, cell in enumerate(line):
            dark = cell is not None and not np.isnan(cell.typical) and abs(cell.typical - 0.5) > 0.3
            axes.text(
                j,
                i,
                _cell(cell),
                ha="center",
                va="center",
                fontsize=7.5,
                color="white" if dark else "black",
            )
    axes.set_xticks(range(len(columns)), columns, fontsize=8)
    axes.set_yticks(range(len(rows)), rows, fontsize=8)
    axes.set_title(title, fontsize=9, loc="left")
    return _png(figure)


def _cell(share: Share | None) -> str:
    if share is None:
        return "no such model"
    return words.share(share, empty="neither owns any")


def _figure(
    width: float, height: float, rows: int, columns: int
) -> tuple[Figure, list[list[Axes]]]:
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, [list(line) for line in figure.subplots(rows, columns, squeeze=False)]


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return with_few_colours(buffer.getvalue())
