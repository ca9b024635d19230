"""The illustrations of a report, as SVG: the fixed graphs, their spectra, the recurrence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from numpy.typing import NDArray

from frontier_search.models.architectures.reservoir import Reservoir
from frontier_search.models.families import FAMILIES
from frontier_search.reports.pictures import page_of_axes, svg

GRAPH_UNITS, GRAPH_SEED = (4, 16, 64), 101  # units of the graphs that are drawn
ACROSS = 6  # the most graphs in a row
SETTINGS: dict[str, Any] = {"steps": 1, "spectral_radius": 1.0, "graph_noise": 0.0}
Graphs = tuple[NDArray[np.float64], ...]  # of one family, one for each number of units


def graphs(families: Sequence[str]) -> bytes | None:
    """Draws each distinct graph at several depths, and its eigenvalues at the largest one.

    Families with the same graph share a panel. None if no family has a fixed graph.
    """
    shown = distinct(families)
    if not shown:
        return None
    bands, depths = -(-len(shown) // ACROSS), len(GRAPH_UNITS) + 1
    columns = min(len(shown), ACROSS)
    figure, axes = page_of_axes(1.9 * columns, 1.95 * depths * bands, depths * bands, columns)
    for panel in (panel for line in axes for panel in line):
        panel.axis("off")
    for place, (names, drawn) in enumerate(shown.items()):
        top, column = place // ACROSS * depths, place % ACROSS
        for row, matrix in enumerate(drawn):
            _matrix(axes[top + row][column], matrix, ",\n".join(names) if row == 0 else "")
        _spectrum(axes[top + len(drawn)][column], drawn[-1])
    return svg(figure)


def distinct(families: Sequence[str]) -> dict[tuple[str, ...], Graphs]:
    """Returns the families that share a graph -> that graph at each number of units."""
    found: dict[tuple[bytes, ...], tuple[list[str], Graphs]] = {}
    for family in families:
        drawn = _graphs(family)
        if drawn is not None:
            key = tuple(matrix.tobytes() for matrix in drawn)
            found.setdefault(key, ([], drawn))[0].append(family)
    return {tuple(names): drawn for names, drawn in found.values()}


def _graphs(family: str) -> Graphs | None:
    """Returns the graphs of a family as SETTINGS make them, or None if it has none."""
    member = FAMILIES[family]
    space = member.default_space((1e-3, 1e-2))
    if not {"hidden", *SETTINGS} <= set(space.names()):
        return None
    drawn = []
    for units in GRAPH_UNITS:  # a family may have further parameters
        model = member.build(space.smallest() | SETTINGS | {"hidden": units})
        core = getattr(model, "core", model)  # of a model that is more than its reservoir
        if not isinstance(core, Reservoir):
            return None
        drawn.append(np.asarray(core.matrix(GRAPH_SEED), dtype=np.float64))
    return tuple(drawn)


def _matrix(axes: Axes, matrix: NDArray[np.float64], title: str) -> None:
    axes.axis("on")
    axes.imshow(matrix != 0, cmap="Greys", interpolation="nearest")
    edges = f"{len(matrix)} units, {np.count_nonzero(matrix):,} edges"
    axes.set_title(f"{title}\n{edges}" if title else edges, fontsize=8)
    axes.set(xticks=[], yticks=[])


def _spectrum(axes: Axes, matrix: NDArray[np.float64]) -> None:
    axes.axis("on")
    values = np.linalg.eigvals(matrix)
    axes.plot(values.real, values.imag, "o", markersize=2.5, color="#222255", alpha=0.6)
    circle = np.exp(2j * np.pi * np.linspace(0, 1, 100))
    axes.plot(circle.real, circle.imag, color="#BBBBBB", linewidth=0.8)
    ticks = [-1, 0, 1]
    axes.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal", xticks=ticks, yticks=ticks)
    axes.tick_params(labelsize=7)
    axes.set_title(f"eigenvalues, {len(matrix)} units", fontsize=8)


BOXES = (  # of the recurrence: left, bottom, text, whether it is learned
    (0.4, 1.3, "$x$", False),
    (2.0, 1.3, "$W_\\mathrm{in}$, $b_\\mathrm{in}$\ntanh", True),
    (4.7, 1.3, "$h$", False),
    (6.2, 2.4, "fixed graph $G$\ntanh", False),
    (8.0, 1.3, "$h + \\cdot$\ntanh", False),
    (10.2, 1.3, "$W_\\mathrm{out}$, $b_\\mathrm{out}$", True),
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
    """Draws the computation of a reservoir as boxes and arrows; learned parts are coloured."""
    figure, ((axes,),) = page_of_axes(8.4, 2.5)
    axes.set(xlim=(0, 12), ylim=(0, 3.4))
    axes.axis("off")
    for left, low, text, learned in BOXES:
        width, face = 1.7 if len(text) > 3 else 0.8, "#222255" if learned else "#F2F2F2"
        style: dict[str, Any] = {"facecolor": face, "edgecolor": "#333333"}
        axes.add_patch(FancyBboxPatch((left, low), width, 0.75, boxstyle="round,pad=0.05", **style))
        middle: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8}
        axes.text(
            left + width / 2, low + 0.37, text, color="white" if learned else "black", **middle
        )
    for start, end in ARROWS:
        _arrow(axes, start, end, "#333333")
    _arrow(axes, (8.8, 1.25), (5.1, 1.25), "#832db6", bend=-0.35)
    axes.text(6.95, 0.88, "$T$ steps", ha="center", fontsize=8, color="#832db6")
    _arrow(axes, (0.8, 1.25), (11.0, 1.25), "#777777", bend=0.16)
    axes.text(2.6, 0.28, "skip connection: the readout sees $x$ too", fontsize=8, color="#555555")
    return svg(figure)


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    color: str,
    bend: float = 0.0,
) -> None:
    path: dict[str, Any] = {"connectionstyle": f"arc3,rad={bend}", "color": color}
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=10, **path))
