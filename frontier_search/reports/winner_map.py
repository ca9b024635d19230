"""The winner map: who owns the frontier of each dataset, in each range of parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from frontier_search.frontier.interval import LEVEL
from frontier_search.frontier.ownership import Ownership
from frontier_search.reports.palette import PALETTE
from frontier_search.reports.pictures import page_of_axes, svg

OTHERS = "others"
HATCHES = ("", "////", "\\\\\\\\", "xxx", "|||", "---", "+++")
OTHERS_COLOUR = "#E4E4E4"
ROW_IN = 0.27  # inches that a dataset takes
CLEAR = "★"  # marks an owner that has more than every other one, beyond chance

Map = Mapping[str, Mapping[str, Ownership | None]]


def draw(owned: Map, owners: Sequence[str], level: float = LEVEL) -> bytes:
    """Draws a row a dataset and a column a range of parameters, as SVG.

    A cell is divided among the owners by their shares on the mean losses, which add up to one. It
    names the owner with the largest share, and marks it where it owns more than every other owner
    on so many seeds that chance is excluded.

    Args:
        owned: dataset -> range -> the owners' shares, or None if no model is in the range.
        owners: from left to right; all of them are families of every ``Ownership``.
        level: of the comparison.
    """
    rows, columns = list(owned), list(next(iter(owned.values())))
    legend_in = 0.22 * -(-len(owners) // 3)
    figure, (axes,) = page_of_axes(5.8, ROW_IN * len(rows) + 0.3 + legend_in, 1, len(columns))
    looks = {owner: _look(i, owner) for i, owner in enumerate(owners)}
    for column, panel in zip(columns, axes, strict=True):
        for place, row in enumerate(rows):
            _cell(panel, place, owned[row][column], looks, level)
        panel.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5), xticks=[])
        panel.set_title(column, fontsize=8.5)
        panel.set_yticks(range(len(rows)), rows if panel is axes[0] else [], fontsize=8)
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
    figure.legend(
        handles=[Patch(label=owner, **look) for owner, look in looks.items()],
        loc="outside lower center",
        ncols=3,
        fontsize=8,
        frameon=False,
    )
    return svg(figure)


def _look(index: int, owner: str) -> dict[str, Any]:
    """Returns an owner's colour and hatch, so that a grey print shows who is who."""
    colour = OTHERS_COLOUR if owner == OTHERS else PALETTE[index % len(PALETTE)]
    hatch = "" if owner == OTHERS else HATCHES[index % len(HATCHES)]
    return {"facecolor": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0}


def _cell(
    axes: Axes,
    place: int,
    ownership: Ownership | None,
    looks: Mapping[str, dict[str, Any]],
    level: float,
) -> None:
    words: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8}
    if ownership is None:
        axes.text(0.5, place, "no such model", color="#777777", **words)
        return
    shares = shares_of(ownership)
    if not shares:
        axes.text(0.5, place, "no gain over a constant", color="#777777", **words)
        return
    left, first, middle = 0.0, max(shares, key=lambda owner: shares[owner]), 0.5
    for owner, look in looks.items():
        axes.barh(place, shares[owner], left=left, height=0.86, **look)
        if owner == first:
            middle = min(max(left + shares[owner] / 2, 0.25), 0.75)
        left += shares[owner]
    paper = {"facecolor": "white", "alpha": 0.86, "edgecolor": "none", "boxstyle": "round,pad=0.12"}
    axes.text(middle, place, winner(ownership, level), bbox=paper, **words)


def shares_of(ownership: Ownership) -> dict[str, float]:
    """Returns each owner's share of the frontier of the mean losses; they add up to one.

    It is empty where nobody owns anything. On the mean losses no owner gains from having many
    candidates, of which another one is lucky on each seed.
    """
    first = ownership.volume[0]
    return {} if np.isnan(first).any() else dict(zip(ownership.families, first, strict=True))


def winner(ownership: Ownership, level: float = LEVEL) -> str:
    """Returns the owner with the largest share, and that share: ``dense 0.55``.

    A star follows where it owns more than every other owner beyond chance. It is empty where nobody
    owns anything.
    """
    shares = shares_of(ownership)
    if not shares:
        return ""
    first = max(shares, key=lambda owner: shares[owner])
    clear = len(ownership.beaten(level)[first]) == len(shares) - 1
    return f"{first} {shares[first]:.2f}" + (f" {CLEAR}" if clear else "")
