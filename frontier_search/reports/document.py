"""A document of headings, paragraphs, tables, figures and commands, written twice from the same blocks: one HTML file that needs nothing
else, not even a network, and a Markdown file with its figures beside it."""

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
    """Commands or a formula, word for word."""

    text: str


@dataclass(frozen=True)
class Table:
    """Cells are text; ``numbers`` are the columns that are set flush right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Figure:
    """A PNG picture: the file's name, its bytes, and what it shows."""

    name: str
    png: bytes
    caption: str


Block = Heading | Paragraph | Code | Table | Figure

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #ddd; } h3 { margin-top: 1.8rem; }
table { border-collapse: collapse; font-size: 13px; display: block; overflow-x: auto; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #eee; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 1rem 0; } img { max-width: 100%; } figcaption { color: #555; font-size: 13px; }
pre { background: #f5f5f5; padding: .8rem; overflow-x: auto; }
"""


def write(title: str, blocks: Sequence[Block], folder: Path) -> tuple[Path, Path]:
    """Writes ``report.html`` and ``report.md``, with ``figures/``, into a folder; returns the two paths."""
    page, twin = folder / "report.html", folder / "report.md"
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    for block in blocks:
        if isinstance(block, Figure):
            write_whole(folder / "figures" / block.name, block.png)
    write_whole(page, to_html(title, blocks).encode())
    write_whole(twin, to_markdown(title, blocks).encode())
    return page, twin


def to_html(title: str, blocks: Iterable[Block]) -> str:
    body = "\n".join(_html(block) for block in blocks)
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n<h1>{html.escape(title)}</h1>\n{body}\n</body></html>\n'


def _html(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{html.escape(block.text)}</h{block.level}>"
    if isinstance(block, Paragraph):
        return f"<p>{html.escape(block.text)}</p>"
    if isinstance(block, Code):
        return f"<pre>{html.escape(block.text)}</pre>"
    if isinstance(block, Figure):
        data = base64.b64encode(block.png).decode()
        alt = html.escape(block.caption, quote=True)
        return f'<figure><img alt="{alt}" src="data:image/png;base64,{data}"><figcaption>{html.escape(block.caption)}</figcaption></figure>'
    look = [' class="n"' if i in block.numbers else "" for i in range(len(block.columns))]
    head = "".join(f"<th{look[i]}>{html.escape(cell)}</th>" for i, cell in enumerate(block.columns))
    rows = (
        "".join(f"<td{look[i]}>{html.escape(cell)}</td>" for i, cell in enumerate(row))
        for row in block.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table>"


def to_markdown(title: str, blocks: Iterable[Block]) -> str:
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
