"""The illustrations of a report."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from frontier_search.models.families import FAMILIES
from frontier_search.reports import illustrations
from frontier_search.reports.palette import PALETTE, with_few_colours


def test_the_graphs_of_any_families_are_drawn() -> None:
    """This includes families with further parameters, and those of images."""
    assert illustrations.graphs(["dense", "conv", "mixer_kronecker"]) is None
    drawn = illustrations.graphs(list(FAMILIES))
    assert drawn is not None
    assert b"<svg" in drawn


def test_families_with_one_graph_share_a_panel() -> None:
    shown = illustrations.distinct(list(FAMILIES))
    assert len(shown) >= 4
    assert any({"kronecker", "leaky_kronecker", "varpro"} <= set(names) for names in shown)
    largest = [drawn[-1] for drawn in shown.values()]
    assert len({matrix.tobytes() for matrix in largest}) == len(shown)
    for drawn in shown.values():
        assert tuple(len(matrix) for matrix in drawn) == illustrations.GRAPH_UNITS


def test_a_picture_with_few_colours_keeps_the_colour_of_each_family() -> None:
    colours = [tuple(bytes.fromhex(colour[1:])) for colour in PALETTE]
    rng = np.random.default_rng(0)
    pixels = rng.integers(225, 256, (200, 200, 3), dtype=np.uint8)  # many shades, nearly white
    for i, colour in enumerate(colours):
        pixels[3 * i : 3 * i + 2, :2] = colour
    whole = io.BytesIO()
    Image.fromarray(pixels).save(whole, "PNG")
    few = io.BytesIO(with_few_colours(whole.getvalue()))
    kept = np.asarray(Image.open(few).convert("RGB")).astype(int)
    assert len(few.getvalue()) < len(whole.getvalue()) / 2
    for i, colour in enumerate(colours):
        assert abs(kept[3 * i, 0] - colour).max() <= 8
