"""Pictures on a dark screen: what stands out on white paper stands out on dark paper too."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.frontier.verdict import UNKNOWN, Verdict
from frontier_search.reports import forest
from frontier_search.reports.dark import (
    INK,
    LEAST_CONTRAST,
    PAPER,
    contrast,
    in_the_dark,
    with_dark_style,
)
from frontier_search.reports.forest import Row
from frontier_search.reports.palette import PALETTE
from frontier_search.reports.pictures import VERDICTS
from tests.reports.test_chart import distances

greys = st.integers(0, 255).map(lambda level: "#" + f"{level:02x}" * 3)
colours = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


def test_contrast_is_that_of_the_guidelines() -> None:
    """The examples of WCAG: black on white, and the lightest grey that may be read on white."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.005)


def test_paper_and_ink_change_places() -> None:
    assert in_the_dark("#ffffff") == PAPER
    assert in_the_dark("#000000") == INK
    assert contrast(INK, PAPER) > 12


@given(greys, greys)
def test_greys_are_turned_over(one: str, other: str) -> None:
    assert (one < other) <= (in_the_dark(one) >= in_the_dark(other))


@given(colours)
def test_every_colour_is_one_that_can_be_drawn(colour: str) -> None:
    dark = in_the_dark(colour)
    assert len(dark) == 7
    assert 0 <= int(dark[1:], 16) <= 0xFFFFFF


@pytest.mark.parametrize("paper", ["#ffffff", PAPER])
def test_every_verdict_stands_out_from_its_paper(paper: str) -> None:
    for look in VERDICTS.values():
        shown = look["color"] if paper == "#ffffff" else in_the_dark(look["color"])
        assert contrast(shown, paper) >= LEAST_CONTRAST


@pytest.mark.parametrize("vision", [None, "deuteranomaly", "protanomaly", "tritanomaly"])
def test_families_stand_out_and_are_told_apart_in_the_dark(vision: str | None) -> None:
    """Of more than eleven families, some are told apart by their shapes and hatches only."""
    dark = [in_the_dark(colour.lower()) for colour in PALETTE]
    assert min(contrast(colour, PAPER) for colour in dark) >= LEAST_CONTRAST
    assert distances(dark[:11], vision).min() >= 8


def test_a_picture_has_a_rule_for_each_of_its_colours() -> None:
    svg = forest.claims([Row("a claim", "1 of 1", Verdict.HOLDS, 0.9, UNKNOWN)]).decode()
    ElementTree.fromstring(svg)
    assert "prefers-color-scheme:dark" in svg
    assert f'[style*="fill:#ffffff"],[fill="#ffffff"]{{fill:{PAPER}!important}}' in svg
    drawn = svg.partition("</style>")[2]
    assert drawn.count("#") > 0
    for part in drawn.split("stroke:#")[1:]:
        assert f"stroke:#{part[:6]}" in svg.partition("</style>")[0]


def test_a_style_is_added_to_the_outer_picture_only() -> None:
    inner = b'<svg a="1"><svg b="2"><path style="fill:#0072b2"/></svg></svg>'
    assert with_dark_style(inner).count(b"<style>") == 1
