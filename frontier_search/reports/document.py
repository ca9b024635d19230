"""A document of headings, paragraphs, tables, figures and commands.

It is written twice from the same blocks: as one HTML file that needs no other file and no network,
and as a Markdown file with its figures in a folder.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from frontier_search.files import write_whole


@dataclass(frozen=True)
class Heading:
    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Code:
    """Commands or formulas, shown as they are."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        columns: the headings.
        rows: one cell a column.
        numbers: the indices of the columns that are aligned to the right.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Figure:
    """A picture.

    Attributes:
        name: of its file.
        png: the file's content.
        caption: what it shows.
    """

    name: str
    png: bytes
    caption: str


Block = Heading | Paragraph | Code | Table | Figure

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; \
max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } \
h2 { margin-top: 2.5rem; border-bottom: 1px solid #ddd; } \
h3 { margin-top: 1.8rem; }
table { border-collapse: collapse; font-size: 13px; display: block; overflow-x: auto; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #eee; \
text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 1rem 0; } img { max-width: 100%; } figcaption { color: #555; font-size: 13px; }
pre { background: #f5f5f5; padding: .8rem; overflow-x: auto; }
"""


def write(title: str, blocks: Sequence[Block], folder: Path) -> tuple[Path, Path]:
    """Writes ``report.html``, ``report.md`` and ``figures/`` into a folder.

    Returns:
        the paths of the two reports.
    """
    page, twin = folder / "report.html", folder / "report.md"
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    for block in blocks:
        if isinstance(block, Figure):
            write_whole(folder / "figures" / block.name, block.png)
    write_whole(page, to_html(title, blocks).encode())
    write_whole(twin, to_markdown(title, blocks).encode())
    return page, twin


def to_html(title: str, blocks: Iterable[Block]) -> str:
    """Returns the whole page, with the pictures in it."""
    name = html.escape(title)
    head = f'<meta charset="utf-8"><title>{name}</title><style>{STYLE}</style>'
    body = "\n".join([f"<h1>{name}</h1>", *(_html(block) for block in blocks)])
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _html(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{html.escape(block.text)}</h{block.level}>"
    if isinstance(block, Paragraph):
        return f"<p>{html.escape(block.text)}</p>"
    if isinstance(block, Code):
        return f"<pre>{html.escape(block.text)}</pre>"
    if isinstance(block, Figure):
        data = base64.b64encode(block.png).decode()
        alt, caption = html.escape(block.caption, quote=True), html.escape(block.caption)
        image = f'<img alt="{alt}" src="data:image/png;base64,{data}">'
        return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"
    head = _html_row("th", block.columns, block.numbers)
    rows = "".join(_html_row("td", row, block.numbers) for row in block.rows)
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _html_row(tag: str, cells: Sequence[str], numbers: frozenset[int]) -> str:
    style = [' class="n"' if i in numbers else "" for i in range(len(cells))]
    listed = (f"<{tag}{style[i]}>{html.escape(cell)}</{tag}>" for i, cell in enumerate(cells))
    return f"<tr>{''.join(listed)}</tr>"


def to_markdown(title: str, blocks: Iterable[Block]) -> str:
    """Returns the whole file; its pictures are in ``figures/``."""
    return "\n\n".join([f"# {title}", *(_markdown(block) for block in blocks)]) + "\n"


def _markdown(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {block.text}"
    if isinstance(block, Paragraph):
        return block.text
    if isinstance(block, Code):
        return f"```\n{block.text}\n```"
    if isinstance(block, Figure):
        return f"![{block.caption}](figures/{block.name})\n\n*{block.caption}*"
    rule = ["---:" if i in block.numbers else "---" for i in range(len(block.columns))]
    lines = [block.columns, tuple(rule), *block.rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )
