"""The frontier as a picture of 800 x 600 pixels.

Matplotlib draws it, without its global state (pyplot).
"""

from __future__ import annotations

import io
import textwrap
from typing import TYPE_CHECKING, Any

from frontier_search.reports.chart import Chart, deviations
from frontier_search.reports.figures import FigureFormat
from frontier_search.reports.palette import colour, with_few_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = "osD^vP*Xph<>"  # a family has a shape too, so that a grey print shows which is which
WIDTH_PX, HEIGHT_PX, DPI = 800, 600, 100
LINE_LETTERS = 105  # the longest line below the title
NAMED_MEMBERS = 15  # the numbers of more members than this would cover one another


def picture(chart: Chart) -> bytes:
    """Returns the chart as a PNG of 800 x 600 pixels."""
    # these take a third of a second to load, and only this function needs them
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_PX / DPI, HEIGHT_PX / DPI), dpi=DPI)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.095, 0.235, 0.88, 0.64))
    lines = textwrap.wrap(chart.subtitle, LINE_LETTERS)
    axes.set_title(
        chart.title, loc="left", fontsize=13, fontweight="bold", pad=10 + 14 * len(lines)
    )
    axes.text(
        0,
        1.025,
        "\n".join(lines),
        transform=axes.transAxes,
        fontsize=9,
        color="#444444",
        va="bottom",
    )
    _draw_points(axes, chart)
    _draw_lines(axes, chart)
    _settle_axes(axes, chart)
    style: dict[str, Any] = {
        "fontsize": 9,
        "frameon": False,
        "handletextpad": 0.3,
        "ncols": 4 if len(chart.families) > 6 else 3,
    }
    figure.legend(*_legend(axes), loc="lower center", bbox_to_anchor=(0.53, 0.005), **style)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return with_few_colours(buffer.getvalue())


def _draw_points(axes: Axes, chart: Chart) -> None:
    """Draws the trials: members large, with error bars and numbers, and the other ones faint."""
    for family, index in chart.families.items():
        style: dict[str, Any] = {"c": colour(index), "marker": MARKERS[index % len(MARKERS)]}
        faint = [p for p in chart.points if p.trial.candidate.family == family and not p.member]
        axes.scatter(
            [p.x.mean for p in faint],
            [p.y.mean for p in faint],
            s=26,
            alpha=0.4,
            linewidths=0,
            zorder=2,
            **style,
        )
        strong = [p for p in chart.members if p.trial.candidate.family == family]
        xs, ys = [p.x.mean for p in strong], [p.y.mean for p in strong]
        x_bars, y_bars = deviations(p.x for p in strong), deviations(p.y for p in strong)
        axes.errorbar(
            xs, ys, xerr=x_bars, yerr=y_bars, fmt="none", ecolor=colour(index), capsize=3, zorder=4
        )
        axes.scatter(
            xs, ys, s=62, edgecolors="black", linewidths=0.9, zorder=5, label=family, **style
        )
    for point in chart.members if len(chart.members) <= NAMED_MEMBERS else ():
        here = (point.x.mean, point.y.mean)
        beside: dict[str, Any] = {"xytext": (6, 6), "textcoords": "offset points"}
        axes.annotate(str(point.trial.number), here, **beside, fontsize=8, zorder=6)


def _draw_lines(axes: Axes, chart: Chart) -> None:
    """Draws the staircase of the frontier and the line of the best baseline."""
    if chart.staircase:
        axes.plot(
            *zip(*chart.staircase, strict=True),
            color="#222222",
            linewidth=1.2,
            zorder=3,
            label="frontier",
        )
    if chart.baseline:
        axes.axhline(chart.baseline.y, color="#666666", linewidth=1, linestyle="--", zorder=1)
        lettering: dict[str, Any] = {
            "xytext": (0, 3),
            "textcoords": "offset points",
            "xycoords": axes.get_yaxis_transform(),
        }
        axes.annotate(
            chart.baseline.label,
            (0.01, chart.baseline.y),
            **lettering,
            fontsize=8,
            color="#444444",
            zorder=6,
        )


def _settle_axes(axes: Axes, chart: Chart) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for axis, which, name in ((chart.x, axes.xaxis, "x"), (chart.y, axes.yaxis, "y")):
        axes.set(**{f"{name}label": axis.label, **({f"{name}scale": "log"} if axis.log else {})})
        if axis.log:
            which.set_major_locator(LogLocator(subs=(1, 2, 5)))
            which.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.12g}"))
            which.set_minor_formatter(NullFormatter())
    axes.grid(color="#E4E4E4", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if chart.y_limit is not None:
        low, _ = axes.get_ylim()
        axes.set_ylim(min(low, chart.lowest), chart.y_limit)
        axes.text(
            0.995,
            0.985,
            chart.beyond_note,
            transform=axes.transAxes,
            fontsize=8,
            ha="right",
            va="top",
            color="#666666",
        )


def _legend(axes: Axes) -> tuple[Any, Any]:
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda i: (labels[i] == "frontier", labels[i]))
    return [handles[i] for i in order], [labels[i] for i in order]


FIGURE = FigureFormat("a picture", picture)
