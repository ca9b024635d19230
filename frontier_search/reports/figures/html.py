"""The frontier as an interactive page in one file, which needs no network. Plotly draws it."""

from __future__ import annotations

import html as markup
import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from frontier_search.frontier.frontier import Spread
from frontier_search.reports import words
from frontier_search.reports.chart import Axis, Chart, Point, deviations
from frontier_search.reports.figures import FigureFormat
from frontier_search.reports.palette import colour

LINE_LETTERS = 80  # the longest line below the title; MLflow shows the page in a narrow frame
SYMBOLS = (
    "circle", "square", "diamond", "triangle-up", "triangle-down", "cross",
    "star", "x", "pentagon", "hexagon", "triangle-left", "triangle-right",
)  # fmt: skip


def page(chart: Chart) -> str:
    """Returns the chart as a whole HTML page.

    Hovering over a point shows its trial: number, family, hyperparameters and values. A click on a
    family hides it.
    """
    import plotly.graph_objects as go  # imported here, because it takes half a second

    figure = go.Figure([go.Scatter(**trace) for trace in _traces(chart)])
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


def _traces(chart: Chart) -> Iterator[dict[str, Any]]:
    """Yields what is drawn, the lowest layer first: the staircase, then two traces a family."""
    yield {
        "x": [x for x, _ in chart.staircase],
        "y": [y for _, y in chart.staircase],
        "mode": "lines",
        "line": {"color": "#222222", "width": 1.5},
        "name": "frontier",
        "hoverinfo": "skip",
    }
    for family, index in chart.families.items():
        own = [p for p in chart.points if p.trial.candidate.family == family]
        faint, strong = [p for p in own if not p.member], [p for p in own if p.member]
        marker = {"color": colour(index), "symbol": SYMBOLS[index % len(SYMBOLS)]}
        yield {
            **_trace(faint, chart, family),
            "marker": {**marker, "size": 7, "opacity": 0.4},
            "showlegend": not strong,
        }
        yield {
            **_trace(strong, chart, family),
            **_error_bars(strong, colour(index)),
            "marker": {**marker, "size": 11, "line": {"color": "black", "width": 1}},
            "showlegend": bool(strong),
        }


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
    bars = {"error_x": deviations(p.x for p in points), "error_y": deviations(p.y for p in points)}
    return {name: {**style, "array": array} for name, array in bars.items() if array}


def _hover(point: Point, chart: Chart) -> str:
    trial, mark = point.trial, " (frontier)" if point.member else ""
    lines = [f"<b>trial {trial.number}</b>{mark}: {markup.escape(trial.candidate.family)}"]
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
        y["range"] = [chart.lowest - room, chart.y_limit]
    note = f"; {chart.beyond_note}" if chart.y_limit is not None else ""
    lines = textwrap.wrap(chart.subtitle + note, LINE_LETTERS)
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
    """Returns a logarithmic axis with ticks at 1, 2 and 5 times the powers of ten, in full.

    Plotly's own ticks would read 2, 5, 1000, 2.
    """
    positive = [value for value in values if value > 0] or [1.0]
    decades = range(
        math.floor(math.log10(min(positive))) - 1, math.ceil(math.log10(max(positive))) + 2
    )
    ticks = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
    return {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:,.12g}" for tick in ticks]}


FIGURE = FigureFormat("an interactive page", lambda chart: page(chart).encode())
