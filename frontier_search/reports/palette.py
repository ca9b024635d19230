"""The colours of a figure: given to the families in the picture, safe for the colour-blind."""

from __future__ import annotations

from collections.abc import Sequence

from frontier_search.models.families import FAMILIES, PUBLISHED

# Ten colours that were optimised to be told apart with every common kind of colour vision (Petroff,
# "Accessible color sequences for data visualization", arXiv:2107.02270, 2021), then four of Paul
# Tol's (SRON/EPS/TN/09-002, 2021), each the one furthest from those before it and from white. No
# two are nearer than 14 units of CAM02-UCS, whatever the colour vision.
PALETTE = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70",
    "#717581", "#92dadd", "#000000", "#222255", "#663333", "#FEDA8B",
)  # fmt: skip
QUIET = "#B8B8B8"  # a trial that is not on the frontier, where only members are coloured


def family_indices(families: Sequence[str]) -> dict[str, int]:
    """Returns the index of each family of a picture in the lists of colours and shapes.

    Indices are counted from 0, in this order: published families, the rest of the table, the
    user's own. So pictures of the same families have the same colours.
    """
    known = [*sorted(PUBLISHED), *(name for name in FAMILIES if name not in PUBLISHED)]
    present = set(families)
    order = [name for name in known if name in present] + sorted(present.difference(known))
    return {family: index for index, family in enumerate(order)}


def colour(index: int) -> str:
    """Returns the colour of a family's index, as ``#RRGGBB``; they repeat after the last one."""
    return PALETTE[index % len(PALETTE)]
