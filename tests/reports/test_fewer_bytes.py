"""Pictures with fewer bytes: the same to the eye."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from frontier_search.reports.fewer_bytes import with_few_colours, with_short_numbers
from frontier_search.reports.palette import PALETTE

XLINK = "{http://www.w3.org/1999/xlink}href"
SVG = "{http://www.w3.org/2000/svg}"


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


@settings(max_examples=25)  # each is drawn; every number of a picture is one more example
@given(
    st.lists(st.floats(0, 1e5), min_size=2, max_size=20), st.text("abc xyz 0.1234567", max_size=20)
)
def test_a_shorter_svg_has_the_same_parts_and_every_name_that_it_refers_to(
    values: list[float], title: str
) -> None:
    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot(values, "o-", label="a name")
    axes.set_title(title, rotation=30)
    axes.legend()
    axes.bar([0], [1], hatch="//")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    whole, shorter = buffer.getvalue(), with_short_numbers(buffer.getvalue())
    before, after = ET.fromstring(whole), ET.fromstring(shorter)
    assert len(shorter) < 0.9 * len(whole)
    tags = [each.tag for each in before.iter() if "metadata" not in each.tag and SVG in each.tag]
    assert [each.tag for each in after.iter()] == tags
    names = {each.get("id") for each in after.iter()}
    referred = {each.get(XLINK, "#")[1:] for each in after.iter(f"{SVG}use")}
    referred |= {part.partition(")")[0] for part in shorter.decode().split("url(#")[1:]}
    assert referred
    assert referred <= names


def test_a_shorter_svg_keeps_scales_and_colours_and_rounds_coordinates() -> None:
    svg = (
        b'<svg xmlns="x"><metadata>by</metadata><defs><path id="DejaVu-1" d="M 1.23456 -2.5"'
        b' transform="scale(0.015625)"/></defs>\n  <use xlink:href="#DejaVu-1"'
        b' transform="translate(63.623047 0)"/><g id="axes" style="fill: #ff0000; opacity: 0.125"/>'
        b"</svg>"
    )
    assert with_short_numbers(svg) == (
        b'<svg xmlns="x"><defs><path id="i0" d="M 1.23 -2.5" transform="scale(0.015625)"/></defs>\n'
        b'<use xlink:href="#i0" x="63.62"/><g style="fill:#ff0000;opacity:0.125"/></svg>'
    )
