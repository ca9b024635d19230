"""The frontier as Matplotlib draws it, for every format of a still picture.

Pyplot is not used, because its state is global.
"""

from __future__ import annotations

import importlib
import io
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from frontier_search.reports.axis import Axis, bar
from frontier_search.reports.chart import Chart, Panel, Point
from frontier_search.reports.dark import with_dark_style
from frontier_search.reports.fewer_bytes import with_few_colours, with_short_numbers
from frontier_search.reports.palette import colour
from frontier_search.reports.words import model

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation

MARKERS = "osD^vP*Xph<>d"  # a family has a shape too, so that a grey print shows which is which
WIDTH_IN, HEIGHT_IN, DPI = 8.0, 6.0, 100  # of the first panel; each further one has the same height
FONT: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "svg.hashsalt": "frontier",
    "svg.fonttype": "path",
}
LINE_LETTERS = 105  # the longest line below the title
TITLE_LETTERS = 60  # the longest line of the title
NAMED_MEMBERS = 15  # the names of more members than this would cover one another


def load() -> None:
    """Imports ahead of time what ``draw`` needs for a picture as SVG."""
    for name in ("matplotlib.backends.backend_svg", "textalloc"):
        importlib.import_module(name)


def draw(chart: Chart, suffix: str) -> bytes:
    """Returns the chart as a file.

    Args:
        suffix: ``png`` (800 x 600 pixels a panel), ``svg`` or ``pdf``.
    """
    # these take a third of a second to load, and only this function needs them
    import matplotlib
    from matplotlib.figure import Figure

    height = HEIGHT_IN * len(chart.panels)
    figure = Figure(figsize=(WIDTH_IN, height), dpi=DPI)
    legend_in = 0.2 * -(-(len(chart.families) + 2) // 4) + 0.1
    for row, panel in enumerate(chart.panels):
        first, last = row == 0, row == len(chart.panels) - 1
        bottom = height - (row + 1) * HEIGHT_IN + 0.75 + legend_in * last
        top = height - row * HEIGHT_IN - (0.3 if not first else _title(figure, chart, height))
        axes = figure.add_axes((0.1, bottom / height, 0.875, (top - bottom) / height))
        _settle_axes(axes, panel)
        _draw_band(axes, panel)
        _draw_points(axes, panel, chart.families)
        _name_members(axes, panel, _draw_lines(axes, panel))
    style: dict[str, Any] = {"fontsize": 9, "frameon": False, "handletextpad": 0.3, "ncols": 4}
    figure.legend(
        *_legend(figure.axes), loc="lower center", bbox_to_anchor=(0.53, 0.03 / height), **style
    )
    buffer = io.BytesIO()
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix)
    with matplotlib.rc_context(FONT):
        figure.savefig(buffer, format=suffix, metadata=undated)
    drawn = buffer.getvalue()
    if suffix == "svg":
        return with_dark_style(with_short_numbers(drawn))
    return with_few_colours(drawn) if suffix == "png" else drawn


def _title(figure: Figure, chart: Chart, height: float) -> float:
    """Writes the title and the subtitle, and returns how much room they take, in inches."""
    title = textwrap.wrap(chart.title, TITLE_LETTERS) or [""]
    lines = textwrap.wrap(chart.subtitle, LINE_LETTERS)
    used = 0.12
    bold: dict[str, Any] = {"fontweight": "bold"}
    grey: dict[str, Any] = {"color": "#444444"}
    for text, size, step, style in ((title, 13, 0.25, bold), (lines, 9, 0.18, grey)):
        for line in text:
            figure.text(0.1, 1 - used / height, line, fontsize=size, va="top", **style)
            used += step
    return used + 0.12


def _draw_band(axes: Axes, panel: Panel) -> None:
    """Draws where the staircase lies on fresh seeds."""
    if panel.band is None:
        return
    begin, end = panel.y_range
    sizes, low, high = panel.band.sizes, panel.band.low, panel.band.high
    right = max(point.x.mean for point in panel.points)
    axes.fill_between(
        [*sizes, right],
        [*low.clip(begin, end), min(max(low[-1], begin), end)],
        [*high.clip(begin, end), min(max(high[-1], begin), end)],
        step="post",
        color="#E2E2E2",
        linewidth=0,
        zorder=1,
        label="90 % of fresh seeds",
    )


def _draw_points(axes: Axes, panel: Panel, families: dict[str, int]) -> None:
    """Draws the trials: members large, with error bars, hollow if unsure, and the others faint."""
    for family, index in families.items():
        shade, marker = colour(index), MARKERS[index % len(MARKERS)]
        own = [p for p in panel.points if p.trial.candidate.family == family]
        faint, strong = [p for p in own if not p.member], [p for p in own if p.member]
        axes.scatter(
            *_places(faint), s=26, c=shade, marker=marker, alpha=0.35, linewidths=0, zorder=2
        )
        for axis, name in ((panel.x, "x"), (panel.y, "y")):
            bars = _bars([getattr(p, name) for p in strong], axis)
            if bars:
                style: dict[str, Any] = {f"{name}err": bars, "fmt": "none", "capsize": 3}
                axes.errorbar(*_places(strong), ecolor=shade, zorder=4, **style)
        for points, fill in (
            ([p for p in strong if p.sure], shade),
            ([p for p in strong if not p.sure], "white"),
        ):
            edge = "black" if fill == shade else shade
            axes.scatter(
                *_places(points),
                s=62,
                c=fill,
                marker=marker,
                edgecolors=edge,
                linewidths=0.9 if fill == shade else 1.8,
                zorder=5,
            )
        known: dict[str, Any] = {"edgecolors": "black"} if strong else {"alpha": 0.35}
        axes.scatter([], [], s=62, c=shade, marker=marker, **known, label=family)
    crossed = [p for p in panel.members if p.dominated]
    axes.scatter(*_places(crossed), s=110, c="black", marker="x", linewidths=1.2, zorder=6)


def _places(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    return [p.x.mean for p in points], [p.y.mean for p in points]


def _bars(spreads: Sequence[Any], axis: Axis) -> list[list[float]] | None:
    """Returns the lengths of the error bars below and above; None if all of them are zero."""
    ends = [(spread.mean, *bar(spread, axis)) for spread in spreads]
    lengths = [[mean - low for mean, low, _ in ends], [high - mean for mean, _, high in ends]]
    return lengths if any(lengths[1]) else None


def _draw_lines(axes: Axes, panel: Panel) -> list[Annotation]:
    """Draws the staircase of the frontier and the horizontal lines; returns the words of these."""
    if panel.staircase:
        line: dict[str, Any] = {"color": "#222222", "linewidth": 1.2, "zorder": 3}
        axes.plot(*zip(*panel.staircase, strict=True), **line, label="frontier")
    lettering: dict[str, Any] = {
        "xytext": (0, 3),
        "textcoords": "offset points",
        "xycoords": axes.get_yaxis_transform(),
        "fontsize": 8,
        "color": "#444444",
        "zorder": 6,
    }
    words = []
    for level in panel.levels:
        dashes = "--" if level is panel.baseline else ":"
        axes.axhline(level.y, color="#666666", linewidth=1, linestyle=dashes, zorder=1)
        words.append(axes.annotate(level.label, (0.01, level.y), **lettering))
    return words


def _name_members(axes: Axes, panel: Panel, words: Sequence[Annotation]) -> None:
    """Writes beside each member which model it is, where no two names cover one another.

    Args:
        words: those of the horizontal lines, which no name covers either.
    """
    named = panel.members
    if not named or len(named) > NAMED_MEMBERS:
        return
    from textalloc import allocate

    xs, ys = _places(named)
    lines = [tuple(zip(*panel.staircase, strict=True))] if panel.staircase else []
    taken = [point for each in words for point in _middle_line(axes, each)]
    allocate(
        axes,
        xs,
        ys,
        [model(point.trial) for point in named],
        x_scatter=[*xs, *(x for x, _ in taken)],
        y_scatter=[*ys, *(y for _, y in taken)],
        x_lines=[list(line[0]) for line in lines],
        y_lines=[list(line[1]) for line in lines],
        textsize=8,
        linecolor="#888888",
        linewidth=0.6,
        min_distance=0.015,
        max_distance=0.15,
        draw_all=False,
        zorder=7,
    )


def _middle_line(axes: Axes, words: Annotation) -> list[tuple[float, float]]:
    """Returns points along the middle of some words, in the units of the axes."""
    box = words.get_window_extent()
    steps = [i / 24 for i in range(25)]
    pixels = [(box.x0 + step * box.width, (box.y0 + box.y1) / 2) for step in steps]
    return [(float(x), float(y)) for x, y in axes.transData.inverted().transform(pixels)]


def _settle_axes(axes: Axes, panel: Panel) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for axis, which, name in ((panel.x, axes.xaxis, "x"), (panel.y, axes.yaxis, "y")):
        axes.set(**{f"{name}label": axis.label, **({f"{name}scale": "log"} if axis.log else {})})
        if axis.log:
            which.set_major_locator(LogLocator(subs=(1, 2, 5)))
            which.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.12g}"))
            which.set_minor_formatter(NullFormatter())
    axes.set_ylim(*panel.y_range)
    xs = [panel.x.scaled(point.x.mean) for point in panel.points]
    room = 0.05 * (max(xs) - min(xs)) or 0.2
    axes.set_xlim(panel.x.value(min(xs) - room), panel.x.value(max(xs) + room))
    axes.grid(color="#EEEEEE", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if panel.beyond:
        axes.text(
            0.995,
            0.985,
            panel.beyond_note,
            transform=axes.transAxes,
            fontsize=8,
            ha="right",
            va="top",
            color="#666666",
        )


def _legend(panels: Sequence[Axes]) -> tuple[list[Any], list[str]]:
    """Returns the handles and names of all panels, each name once: families first."""
    found: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    last = ("frontier", "90 % of fresh seeds")
    order = sorted(found, key=lambda label: (label in last, label))
    return [found[label] for label in order], order
