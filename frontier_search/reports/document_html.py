"""A document as one HTML page: no other file, no network, for any screen and for print."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Sequence
from importlib import resources

from frontier_search import reports
from frontier_search.reports.blocks import (
    Answer,
    Beside,
    Block,
    Code,
    Contents,
    Figure,
    Formula,
    Heading,
    Labels,
    Paragraph,
    Table,
    listed,
)
from frontier_search.reports.words import MARKS

# what is folded is printed too, whatever the reader opened
SCRIPT = (
    "addEventListener('beforeprint', () => "
    "document.querySelectorAll('details').forEach(each => each.open = true));"
)
CLASSES = dict(zip(MARKS.values(), ("holds", "fails", "open", "silent"), strict=True))


def page(title: str, blocks: Iterable[Block]) -> str:
    """Returns the whole page, with the pictures in it."""
    blocks, labels = list(blocks), Labels()
    name = html.escape(title)
    style = (resources.files(reports) / "document.css").read_text(encoding="utf-8")
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}</title><style>{style}</style>"
    )
    body = "\n".join([f"<h1>{name}</h1>", *(_block(block, labels, blocks) for block in blocks)])
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n'
        f"<script>{SCRIPT}</script></body></html>\n"
    )


def _block(block: Block, labels: Labels, blocks: list[Block]) -> str:
    if isinstance(block, Heading):
        anchor = labels.anchor(block)
        return f'<h{block.level} id="{anchor}">{_text(block.text)}</h{block.level}>'
    if isinstance(block, Paragraph):
        return f"<p>{_text(block.text)}</p>"
    if isinstance(block, Answer):
        sentences = "".join(f"<li>{_text(sentence)}</li>" for sentence in block.sentences)
        return f'<ul class="answer">{sentences}</ul>'
    if isinstance(block, Contents):
        return _contents(blocks)
    if isinstance(block, Code):
        return f"<pre>{html.escape(block.text)}</pre>"
    if isinstance(block, Formula):
        lines = (f'<math display="block">{equation}</math>' for equation in block.mathml)
        return f'<div class="formula">{"".join(lines)}</div>'
    if isinstance(block, Figure):
        return _figure(block, labels)
    if isinstance(block, Beside):
        inner = "".join(_figure(figure, labels) for figure in block.figures)
        return f'<div class="beside">{inner}</div>'
    return _table(block, labels)


def _contents(blocks: Iterable[Block]) -> str:
    links = "".join(
        f'<li><a href="#{anchor}">{_text(heading.text)}</a></li>'
        for heading, anchor in listed(blocks)
        if heading.level == 2
    )
    return f'<nav aria-label="Contents"><b>Contents</b><ol>{links}</ol></nav>'


def _figure(figure: Figure, labels: Labels) -> str:
    data = base64.b64encode(figure.svg).decode()
    alt = html.escape(figure.caption, quote=True)
    image = f'<img alt="{alt}" src="data:image/svg+xml;base64,{data}">'
    caption = f"<b>{labels.figure()}.</b> {_text(figure.caption)}"
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def _table(table: Table, labels: Labels) -> str:
    """Returns a table; on a narrow screen each row becomes a card, and its cells have names."""
    label = labels.table()
    name = label.lower().replace(" ", "-")
    named = "".join(
        f"#{name} td:nth-child({i}):not(:empty)::before{{content:{_css(column)}}}"
        for i, column in enumerate(table.columns, 1)
        if column
    )
    caption = f"<b>{label}.</b> {_text(table.caption)}"
    head = _row("th", table.columns, table.numbers)
    rows = "".join(_row("td", row, table.numbers) for row in table.rows)
    top = "" if table.folded else f"<caption>{caption}</caption>"
    inner = (
        f"<style>@media screen and (max-width:700px){{{named}}}</style>"
        f'<div class="table"><table id="{name}">{top}'
        f"<thead>{head}</thead><tbody>{rows}</tbody></table></div>"
    )
    if not table.folded:
        return inner
    return f"<details><summary>{caption} ({len(table.rows)} rows)</summary>{inner}</details>"


def _row(tag: str, cells: Sequence[str], numbers: frozenset[int]) -> str:
    style = [' class="n"' if i in numbers else "" for i in range(len(cells))]
    listed = (f"<{tag}{style[i]}>{_cell(cell)}</{tag}>" for i, cell in enumerate(cells))
    return f"<tr>{''.join(listed)}</tr>"


def _cell(text: str) -> str:
    """Returns a cell; a verdict's sign gets the verdict's colour."""
    mark = text[:1]
    if mark in CLASSES and text[1:2] == " ":
        return f'<span class="{CLASSES[mark]}">{mark}</span> {_text(text[2:])}'
    return _text(text)


def _text(text: str) -> str:
    """Returns text that may be broken after underscores, and not inside an interval."""
    whole = re.sub(r"\[([^\[\], ]+), ([^\[\], ]+)\]", "[\\1,\u00a0\\2]", text)
    whole = re.sub(r"(\d) of (\d)", "\\1\u00a0of\u00a0\\2", whole.replace(" ± ", "\u00a0±\u00a0"))
    whole = whole.replace("loses on ", "loses\u00a0on\u00a0").replace(" %", "\u00a0%")
    return html.escape(whole).replace("_", "_<wbr>")


def _css(text: str) -> str:
    """Returns a string of a style sheet."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("<", "\\3c ")
    return f'"{quoted}: "'
