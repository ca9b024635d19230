"""The frontier as an interactive page in one file, which needs no network. Plotly draws it."""

from __future__ import annotations

import html as markup
import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from frontier_search.frontier.frontier import Spread
from frontier_search.reports import words
from frontier_search.reports.axis import Axis, bar
from frontier_search.reports.chart import Chart, Panel, Point
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

    panel = chart.panels[0]
    figure = go.Figure([go.Scatter(**trace) for trace in _traces(chart, panel)])
    if panel.baseline:
        dashed = {"line_dash": "dash", "line_color": "#666666", "line_width": 1, "layer": "below"}
        figure.add_hline(
            panel.baseline.y,
            **dashed,
            annotation_text=markup.escape(panel.baseline.label),
            annotation_position="top left",
        )
    figure.update_layout(**_layout(chart, panel))
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


def _traces(chart: Chart, panel: Panel) -> Iterator[dict[str, Any]]:
    """Yields what is drawn, the lowest layer first: band, staircase, two traces a family."""
    yield from _band(panel)
    yield {
        "x": [x for x, _ in panel.staircase],
        "y": [y for _, y in panel.staircase],
        "mode": "lines",
        "line": {"color": "#222222", "width": 1.5},
        "name": "frontier",
        "hoverinfo": "skip",
    }
    for family, index in chart.families.items():
        own = [p for p in panel.points if p.trial.candidate.family == family]
        faint, strong = [p for p in own if not p.member], [p for p in own if p.member]
        marker = {"color": colour(index), "symbol": SYMBOLS[index % len(SYMBOLS)]}
        yield {
            **_trace(faint, panel, family),
            "marker": {**marker, "size": 7, "opacity": 0.4},
            "showlegend": not strong,
        }
        yield {
            **_trace(strong, panel, family),
            **_error_bars(strong, panel, colour(index)),
            "marker": {
                **marker,
                "symbol": [marker["symbol"] + ("" if p.sure else "-open") for p in strong],
                "size": 11,
                "line": {"color": "black", "width": [1 if p.sure else 2 for p in strong]},
            },
            "showlegend": bool(strong),
        }


def _band(panel: Panel) -> Iterator[dict[str, Any]]:
    """Yields the two edges of the band, the upper one filled down to the lower one."""
    if panel.band is None:
        return
    begin, end = panel.y_range
    right = max(point.x.mean for point in panel.points)
    edge = {"line": {"width": 0, "shape": "hv"}, "mode": "lines", "hoverinfo": "skip"}
    for values, name in ((panel.band.low, ""), (panel.band.high, "90 % of fresh seeds")):
        ys = [*values.clip(begin, end).tolist(), float(values[-1].clip(begin, end))]
        shown: dict[str, Any] = {"name": name} if name else {"showlegend": False}
        fill = {"fill": "tonexty", "fillcolor": "rgba(120, 120, 120, 0.2)"} if name else {}
        yield {"x": [*panel.band.sizes.tolist(), right], "y": ys, **edge, **shown, **fill}


def _trace(points: Sequence[Point], panel: Panel, family: str) -> dict[str, Any]:
    return {
        "x": [point.x.mean for point in points],
        "y": [point.y.mean for point in points],
        "mode": "markers",
        "name": markup.escape(family),
        "legendgroup": family,
        "hovertext": [_hover(point, panel) for point in points],
        "hoverinfo": "text",
    }


def _error_bars(points: Sequence[Point], panel: Panel, shade: str) -> dict[str, Any]:
    """Returns one standard error to each side; nothing on an axis without errors."""
    style = {"type": "data", "color": shade, "thickness": 1.5, "width": 4, "symmetric": False}
    found = {}
    for name, axis in (("x", panel.x), ("y", panel.y)):
        spreads = [getattr(point, name) for point in points]
        ends = [(spread.mean, *bar(spread, axis)) for spread in spreads]
        up, down = [high - mean for mean, _, high in ends], [mean - low for mean, low, _ in ends]
        if any(up):
            found[f"error_{name}"] = {**style, "array": up, "arrayminus": down}
    return found


def _hover(point: Point, panel: Panel) -> str:
    trial, mark = point.trial, " (frontier)" if point.member else ""
    lines = [f"<b>trial {trial.number}</b>{mark}: {markup.escape(trial.candidate.family)}"]
    lines += [
        f"{markup.escape(name)} = {_value(value)}"
        for name, value in trial.candidate.hyperparameters.items()
    ]
    for axis, spread in ((panel.y, point.y), (panel.x, point.x)):
        lines.append(f"{markup.escape(axis.label)}: {_shown(spread, axis)}")
    if point.member and point.chance is not None:
        lines.append(f"chance of being a member on fresh seeds: {point.chance:.2f}")
    return "<br>".join(lines)


def _value(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else markup.escape(str(value))


def _shown(spread: Spread, axis: Axis) -> str:
    if axis.objective.known:
        return f"{spread.mean:,.0f}"
    return words.spread(spread)


def _layout(chart: Chart, panel: Panel) -> Mapping[str, Any]:
    axis = {"gridcolor": "#E4E4E4", "zeroline": False, "linecolor": "#222222", "ticks": "outside"}
    x, y = (
        {
            **axis,
            "title": {"text": drawn.label},
            **(_log_axis(values) if drawn.log else {}),
        }
        for drawn, values in (
            (panel.x, [p.x.mean for p in panel.points]),
            (panel.y, [p.y.mean for p in panel.points]),
        )
    )
    y["range"] = [panel.y.scaled(end) for end in panel.y_range]
    note = f"; {panel.beyond_note}" if panel.beyond else ""
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
