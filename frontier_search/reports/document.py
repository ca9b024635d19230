"""A document, written in two forms from the same blocks.

One is an HTML file that needs no other file and no network, the other a Markdown file with its
figures in a folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from frontier_search.files import write_whole
from frontier_search.reports import document_html, document_markdown
from frontier_search.reports.blocks import Block, figures


def write(title: str, blocks: Sequence[Block], folder: Path) -> tuple[Path, Path]:
    """Writes ``report.html``, ``report.md`` and ``figures/`` into a folder.

    Returns:
        the paths of the two reports.
    """
    page, twin = folder / "report.html", folder / "report.md"
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    for figure in figures(blocks):
        name, content = figure.file
        write_whole(folder / "figures" / name, content)
    write_whole(page, document_html.page(title, blocks).encode())
    write_whole(twin, document_markdown.text(title, blocks).encode())
    return page, twin
