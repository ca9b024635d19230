"""Forest plots: the claims by the share of seeds that speak for them, and the ratios of losses."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from frontier_search.frontier.interval import Interval
from frontier_search.frontier.verdict import Verdict
from frontier_search.reports.pictures import VERDICTS, page_of_axes, svg

LINE_IN = 0.145  # inches that a line of words takes
WIDTH_IN = 5.8  # two of them stand beside each other on a page of 1,280 pixels
LETTERS = 46  # the longest line of a label
TICKS = (
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    0.7,
    0.9,
    1.0,
    1.1,
    1.5,
    2.0,
    5.0,
    10.0,
    20.0,
    50.0,
    100.0,
)


@dataclass(frozen=True)
class Row:
    """A line of a forest plot.

    Attributes:
        words: what stands to its left.
        note: what stands to its right.
        value: where its sign is drawn; nan for nothing.
        interval: of the value.
        others: further values, drawn small.
        limit: of a ratio: below it the statement holds.
    """

    words: str
    note: str
    verdict: Verdict
    value: float
    interval: Interval
    others: tuple[float, ...] = ()
    limit: float = 1.0


def claims(rows: Sequence[Row]) -> bytes:
    """Draws the share of seeds, 0 to 1, that speak for the weakest part of each claim, as SVG."""
    figure, axes, _ = _page(rows)
    axes.set(xlim=(-0.04, 1.04), xlabel="share of seeds that speak for it")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    axes.axvline(0.5, color="#333333", linewidth=0.9, zorder=1)
    return svg(figure)


def span(rows: Sequence[Row]) -> tuple[float, float]:
    """Returns where an axis of ratios begins and ends that shows all of some rows, and 1."""
    ends = [end for row in rows for end in (row.value, row.limit, *_known(row.interval))]
    inside = [end for end in (*ends, 1.0) if 0 < end < math.inf]
    room = max(1.05, (max(inside) / min(inside)) ** 0.04)
    return min(inside) / room, max(inside) * room


def ratios(rows: Sequence[Row], within: tuple[float, float]) -> bytes:
    """Draws the ratio of two paired losses of each part on a logarithmic axis, as SVG.

    Args:
        within: where the axis begins and ends.
    """
    figure, axes, places = _page(rows)
    axes.set(xscale="log", xlim=within, xlabel="ratio of losses, first / second")
    axes.axvline(1.0, color="#333333", linewidth=0.9, zorder=1)
    for place, row in zip(places, rows, strict=True):
        if row.limit != 1.0:
            axes.plot([row.limit] * 2, [place - 0.6, place + 0.6], color="#333333", linewidth=0.9)
    shown = [tick for tick in TICKS if within[0] <= tick <= within[1]]
    axes.set_xticks(_apart(shown, within), minor=False)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    return svg(figure)


def _known(interval: Interval) -> tuple[float, ...]:
    return (interval.low, interval.high) if interval.known else ()


def _apart(ticks: Sequence[float], within: tuple[float, float]) -> list[float]:
    """Returns those of some ticks whose names do not touch on a logarithmic axis; 1 stays."""
    whole = math.log(within[1] / within[0])
    kept: list[float] = []
    for tick in sorted(ticks, key=lambda tick: abs(math.log(tick))):
        if all(abs(math.log(tick / other)) > 0.14 * whole for other in kept):
            kept.append(tick)
    return kept


def _page(rows: Sequence[Row]) -> tuple[Figure, Axes, list[float]]:
    """Returns a figure with labels on the left, and the place of each row on its axes."""
    labels = [textwrap.wrap(row.words, LETTERS) or [""] for row in rows]
    heights = [0.55 + len(lines) for lines in labels]  # in lines of words
    places, used = [], 0.0
    for height in heights:
        places.append(used + height / 2)
        used += height
    figure, ((left, axes),) = page_of_axes(
        WIDTH_IN, used * LINE_IN + 0.55, 1, 2, width_ratios=(1.25, 1.0), sharey=True
    )
    left.axis("off")
    left.set(xlim=(0, 1), ylim=(used, 0))
    for place, lines, row in zip(places, labels, rows, strict=True):
        words: dict[str, Any] = {"fontsize": 8, "va": "center", "linespacing": 1.15}
        left.text(0, place, "\n".join(lines), **words, ha="left")
        axes.text(1.03, place, row.note, **words, ha="left", transform=axes.get_yaxis_transform())
        _draw(axes, place, row)
    axes.tick_params(left=False, labelleft=False, labelsize=8)
    axes.xaxis.label.set_fontsize(8.5)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", color="#EEEEEE", linewidth=0.7)
    axes.set_axisbelow(True)
    return figure, axes, places


def _draw(axes: Axes, place: float, row: Row) -> None:
    look = VERDICTS[row.verdict]
    axes.plot(row.others, [place] * len(row.others), "|", color="#999999", markersize=5, zorder=2)
    if row.interval.known:
        ends = [row.interval.low, row.interval.high]
        axes.plot(ends, [place] * 2, color=look["color"], linewidth=1.3, zorder=3)
    axes.plot([row.value], [place], linestyle="none", markersize=6.5, zorder=4, **look)
