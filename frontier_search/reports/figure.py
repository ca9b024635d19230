"""The frontier as a picture (PNG, matplotlib) and as a page that needs nothing else, not even a network (HTML, plotly).

Neither library's global state is touched: no pyplot, no default renderer.
"""

from __future__ import annotations

import html as markup
import io
import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from frontier_search.errors import SpecError
from frontier_search.files import write_whole
from frontier_search.frontier.frontier import Spread
from frontier_search.reports import words
from frontier_search.reports.chart import Axis, Chart, Point, Split, colour
from frontier_search.search.search import Search
from frontier_search.trial import Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = "osD^vP*Xph<>"  # shapes repeat what colours say, for print in grey
WIDTH_PX, HEIGHT_PX, DPI = 800, 600, 100
PICTURE_LETTERS, PAGE_LETTERS = (
    105,
    80,
)  # of a line below the title; a page among MLflow's files is narrow
NAMED_MEMBERS = 15  # more numbers than that would cover one another


def write(search: Search, trials: Sequence[Trial], split: Split, path: Path) -> None:
    """Draws the frontier into a file.

    Raises:
        SpecError: the file's name ends in neither .png nor .html, its folder cannot be written, or no trial is complete.
    """
    kind = path.suffix.lower()
    if kind not in (".png", ".html"):
        raise SpecError(
            f"cannot draw into {path}: the name must end in .png (a picture) or .html (a page to look around in)."
        )
    chart = Chart.of(search, trials, split)
    try:
        if kind == ".png":
            draw_png(chart, path)
        else:
            write_whole(path, page(chart).encode())
    except OSError as error:
        raise SpecError(f"cannot write {path}: {error.strerror}.") from error


# ---- PNG -----------------------------------------------------------------------------------------------------------------------------


def draw_png(chart: Chart, path: Path) -> None:
    """Writes a picture of 800 x 600 pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture(chart))


def picture(chart: Chart) -> bytes:
    """A PNG of 800 x 600 pixels."""
    from matplotlib.backends.backend_agg import (
        FigureCanvasAgg,
    )  # a third of a second, for this function alone
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_PX / DPI, HEIGHT_PX / DPI), dpi=DPI)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.095, 0.235, 0.88, 0.64))
    lines = textwrap.wrap(chart.subtitle, PICTURE_LETTERS)
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
    return buffer.getvalue()


def _draw_points(axes: Axes, chart: Chart) -> None:
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
        x_bars, y_bars = _bars(p.x for p in strong), _bars(p.y for p in strong)
        axes.errorbar(
            xs, ys, xerr=x_bars, yerr=y_bars, fmt="none", ecolor=colour(index), capsize=3, zorder=4
        )
        axes.scatter(
            xs, ys, s=62, edgecolors="black", linewidths=0.9, zorder=5, label=family, **style
        )
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
    for point in chart.members if len(chart.members) <= NAMED_MEMBERS else ():
        here = (point.x.mean, point.y.mean)
        axes.annotate(
            str(point.trial.number),
            here,
            xytext=(6, 6),
            textcoords="offset points",
            fontsize=8,
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
        axes.set_ylim(min(low, _lowest(chart)), chart.y_limit)
        axes.text(
            0.995,
            0.985,
            _beyond(chart),
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


def _bars(spreads: Any) -> list[float] | None:
    bars = [0.0 if math.isnan(spread.std) else spread.std for spread in spreads]
    return bars if any(bars) else None


def _lowest(chart: Chart) -> float:
    """What the upward axis must reach down to."""
    return min(
        [*(point.y.mean for point in chart.points), *([chart.baseline.y] if chart.baseline else [])]
    )


def _beyond(chart: Chart) -> str:
    return f"{chart.beyond} trial{'s' if chart.beyond > 1 else ''} above this axis"


# ---- HTML ----------------------------------------------------------------------------------------------------------------------------

SYMBOLS = (
    "circle", "square", "diamond", "triangle-up", "triangle-down", "cross",
    "star", "x", "pentagon", "hexagon", "triangle-left", "triangle-right",
)  # fmt: skip


def page(chart: Chart) -> str:
    """A whole HTML page: hover for a trial's number, family, hyperparameters and spread; click a family to hide it."""
    import plotly.graph_objects as go  # half a second, for this function alone

    figure = go.Figure()
    for family, index in chart.families.items():
        own = [p for p in chart.points if p.trial.candidate.family == family]
        faint, strong = [p for p in own if not p.member], [p for p in own if p.member]
        marker = {"color": colour(index), "symbol": SYMBOLS[index % len(SYMBOLS)]}
        figure.add_trace(
            go.Scatter(
                **_trace(faint, chart, family),
                marker={**marker, "size": 7, "opacity": 0.4},
                showlegend=not strong,
            )
        )
        edged, bars = (
            {**marker, "size": 11, "line": {"color": "black", "width": 1}},
            _error_bars(strong, colour(index)),
        )
        figure.add_trace(
            go.Scatter(
                **_trace(strong, chart, family), **bars, marker=edged, showlegend=bool(strong)
            )
        )
    xs, ys = [x for x, _ in chart.staircase], [y for _, y in chart.staircase]
    line = {"color": "#222222", "width": 1.5}
    figure.add_trace(
        go.Scatter(x=xs, y=ys, mode="lines", line=line, name="frontier", hoverinfo="skip")
    )
    figure.data = (figure.data[-1], *figure.data[:-1])  # the line below the points
    if chart.baseline:
        dashed = {"line_dash": "dash", "line_color": "#666666", "line_width": 1, "layer": "below"}
        figure.add_hline(
            chart.baseline.y,
            **dashed,
            annotation_text=markup.escape(chart.baseline.label),
            annotation_position="top left",
        )
    figure.update_layout(**_layout(chart))
    settings = {
        "displaylogo": False,
        "responsive": True,
        "toImageButtonOptions": {"filename": "frontier"},
    }
    body: str = figure.to_html(
        include_plotlyjs=True,
        full_html=True,
        config=settings,
        default_height="94vh",
        div_id="frontier",
    )
    return body.replace("<head>", f"<head><title>{markup.escape(chart.title)}</title>", 1)


def _trace(points: Sequence[Point], chart: Chart, family: str) -> dict[str, Any]:
    return {
        "x": [point.x.mean for point in points],
        "y": [point.y.mean for point in points],
        "mode": "markers",
        "name": markup.escape(family),
        "legendgroup": family,
        "hovertext": [_hover(point, chart) for point in points],
        "hoverinfo": "text",
    }


def _error_bars(points: Sequence[Point], shade: str) -> dict[str, Any]:
    style = {"type": "data", "color": shade, "thickness": 1.5, "width": 4}
    bars = {"error_x": _bars(p.x for p in points), "error_y": _bars(p.y for p in points)}
    return {name: {**style, "array": array} for name, array in bars.items() if array}


def _hover(point: Point, chart: Chart) -> str:
    trial = point.trial
    lines = [
        f"<b>trial {trial.number}</b>{' (frontier)' if point.member else ''}: {markup.escape(trial.candidate.family)}"
    ]
    lines += [
        f"{markup.escape(name)} = {_value(value)}"
        for name, value in trial.candidate.hyperparameters.items()
    ]
    for axis, spread in ((chart.y, point.y), (chart.x, point.x)):
        lines.append(f"{markup.escape(axis.label)}: {_shown(spread, axis)}")
    return "<br>".join(lines)


def _value(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else markup.escape(str(value))


def _shown(spread: Spread, axis: Axis) -> str:
    if axis.objective.known:
        return f"{spread.mean:,.0f}"
    return words.spread(spread)


def _layout(chart: Chart) -> Mapping[str, Any]:
    axis = {"gridcolor": "#E4E4E4", "zeroline": False, "linecolor": "#222222", "ticks": "outside"}
    x = {
        **axis,
        "title": {"text": chart.x.label},
        **(_log_axis([p.x.mean for p in chart.points]) if chart.x.log else {}),
    }
    y = {
        **axis,
        "title": {"text": chart.y.label},
        **(_log_axis([p.y.mean for p in chart.points]) if chart.y.log else {}),
    }
    if chart.y_limit is not None:
        room = 0.05 * chart.y_limit
        y["range"] = [_lowest(chart) - room, chart.y_limit]
    note = f"; {_beyond(chart)}" if chart.y_limit is not None else ""
    lines = textwrap.wrap(chart.subtitle + note, PAGE_LETTERS)
    subtitle = "<br>".join(f"<sup>{markup.escape(line)}</sup>" for line in lines)
    return {
        "title": {
            "text": f"<b>{markup.escape(chart.title)}</b><br>{subtitle}",
            "x": 0.01,
            "xanchor": "left",
        },
        "xaxis": x,
        "yaxis": y,
        "plot_bgcolor": "white",
        "hovermode": "closest",
        "legend": {"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0},
        "margin": {"l": 70, "r": 20, "t": 70 + 16 * len(lines), "b": 175},
        "font": {"family": "system-ui, sans-serif", "size": 13},
    }


def _log_axis(values: Sequence[float]) -> dict[str, Any]:
    """Ticks at 1, 2 and 5 times the powers of ten, written out; plotly's own would read 2, 5, 1000, 2."""
    positive = [value for value in values if value > 0] or [1.0]
    decades = range(
        math.floor(math.log10(min(positive))) - 1, math.ceil(math.log10(max(positive))) + 2
    )
    ticks = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
    return {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:,.12g}" for tick in ticks]}
