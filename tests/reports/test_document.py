"""A document in two forms: numbered, linked, and the same in both."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from frontier_search.frontier.verdict import Verdict
from frontier_search.reports import document_html, document_markdown, words
from frontier_search.reports.blocks import (
    FOLDED_ROWS,
    Answer,
    Beside,
    Block,
    Contents,
    Figure,
    Heading,
    Paragraph,
    Table,
)
from frontier_search.reports.document import write
from frontier_search.reports.formulas import RESERVOIR

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
PNG = b"\x89PNG"
LONG = tuple((str(i), "a_long_name") for i in range(FOLDED_ROWS + 1))
BLOCKS: list[Block] = [
    Answer(("It holds & stays.",)),
    Beside((Figure("a", SVG, "The first <one>."), Figure("b", SVG, "The second.", PNG))),
    Contents(),
    Heading("Claims"),
    Table(("", "claim"), (("1", f"{words.verdict(Verdict.HOLDS)}"),), "Short.", frozenset({0})),
    Heading("Claims"),
    Paragraph("A ratio of [0.5, 2] and 1 ± 2."),
    Table(("number", "name"), LONG, "Long."),
    Figure("c", SVG, "The third."),
    RESERVOIR,
]


@pytest.fixture(scope="module")
def page() -> str:
    return document_html.page("Title", BLOCKS)


@pytest.fixture(scope="module")
def twin() -> str:
    return document_markdown.text("Title", BLOCKS)


def test_figures_and_tables_have_the_same_numbers_in_both_forms(page: str, twin: str) -> None:
    for label, caption in (
        ("Figure 1", "The first"),
        ("Figure 2", "The second."),
        ("Figure 3", "The third."),
        ("Table 1", "Short."),
        ("Table 2", "Long."),
    ):
        assert f"<b>{label}.</b> {caption}" in page
        assert re.search(rf"{label}\.(\*\*|</b>)? {caption}", twin)


def test_every_heading_is_linked_from_the_contents_once(page: str, twin: str) -> None:
    targets = re.findall(r' id="([^"]+)">Claims', page)
    assert targets == ["claims", "claims-1"]
    for target in targets:
        assert page.count(f'href="#{target}"') == 1
        assert twin.count(f"(#{target})") == 1


def test_a_long_table_is_folded_and_says_how_many_rows_it_has(page: str, twin: str) -> None:
    for text in (page, twin):
        assert text.count("<details>") == 1
        assert f"({len(LONG)} rows)" in text


def test_verdicts_have_a_sign_each_and_a_colour_in_the_page(page: str, twin: str) -> None:
    signs = [words.verdict(verdict)[0] for verdict in Verdict]
    assert len(set(signs)) == len(Verdict)
    assert '<span class="holds">●</span> holds' in page
    assert "| ● holds |" in twin


def test_the_page_is_for_any_screen_and_for_print(page: str) -> None:
    assert 'name="viewport"' in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert re.findall(r'(?:src|href)="(?!data:|#)', page) == []


def test_the_formulas_are_mathml_and_latex(page: str, twin: str) -> None:
    equations = re.findall(r"<math .*?</math>", page)
    assert len(equations) == twin.count("```math") == 3
    for equation in equations:
        ElementTree.fromstring(equation)  # every element is closed


def test_the_text_of_a_document_is_escaped(page: str) -> None:
    assert "The first &lt;one&gt;." in page
    assert "It holds &amp; stays." in page


def test_both_forms_and_all_figures_are_written(tmp_path: Path) -> None:
    page, twin = write("Title", BLOCKS, tmp_path)
    assert page.name, twin.name == ("report.html", "report.md")
    written = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert written == ["a.svg", "b.png", "c.svg"]
    for name in re.findall(r"\((figures/[^)]+)\)", twin.read_text()):
        assert (tmp_path / name).read_bytes() == (PNG if name.endswith("b.png") else SVG)
