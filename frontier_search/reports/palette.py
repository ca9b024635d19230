"""The colours of a figure: each family keeps its own in every figure and in MLflow's charts."""

from __future__ import annotations

import io
from collections.abc import Sequence

from frontier_search.models.families import FAMILIES, PUBLISHED

# First the published families, in Paul Tol's "muted" scheme, which people with every common kind of
# colour vision can tell apart. Then colours of his other schemes: each the one furthest, in CIELAB,
# from those before it, from white and from QUIET. No two colours are nearer than 19 units.
# Source: https://sronpersonalpages.nl/~pault/, technical note SRON/EPS/TN/09-002 (2021).
PALETTE = (
    "#332288", "#CC6677", "#117733", "#DDAA33", "#44AA99", "#AA4499", "#88AAEE", "#882255",
    "#999933", "#000000", "#DC050C", "#72190E", "#225555", "#EE7733", "#F7F056", "#222255",
    "#CAE0AB", "#EE3377", "#666633", "#66CCEE", "#1965B0", "#AE76A3", "#663333", "#FFAABB",
    "#FEDA8B", "#A5170E", "#EE8866", "#4EB265", "#997700", "#FB9A29", "#CAACCB", "#FDB366",
    "#AAAA00", "#225522",
)  # fmt: skip
PNG_COLOURS = 128  # enough for every shade of a figure that an eye tells apart
QUIET = "#B8B8B8"  # a trial that is not on the frontier, where only members are coloured


def family_indices(families: Sequence[str]) -> dict[str, int]:
    """Returns the index of each family in the lists of colours and shapes.

    The published families come first, so that their colours never change. Then come the rest of the
    table and the user's own families.
    """
    order = list(dict.fromkeys([*sorted(PUBLISHED), *FAMILIES, *sorted(families)]))
    return {family: order.index(family) for family in sorted(set(families))}


def colour(index: int) -> str:
    """Returns the colour of a family's index, as ``#RRGGBB``; they repeat after the last one."""
    return PALETTE[index % len(PALETTE)]


def with_few_colours(png: bytes) -> bytes:
    """Returns a picture as a PNG with a palette: a third of the bytes, and the same to the eye."""
    from PIL import Image  # matplotlib needs it too, so it is there

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    buffer = io.BytesIO()
    # the palette that covers all colours, and not those of most pixels: a legend has few
    kept = picture.quantize(PNG_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    kept.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
