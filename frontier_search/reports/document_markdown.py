"""A document as Markdown, as GitHub shows it; its pictures are in a folder beside it."""

from __future__ import annotations

from collections.abc import Iterable

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


def text(title: str, blocks: Iterable[Block]) -> str:
    """Returns the whole file; its pictures are in ``figures/``."""
    blocks, labels = list(blocks), Labels()
    parts = [part for block in blocks if (part := _block(block, labels, blocks))]
    return "\n\n".join([f"# {title}", *parts]) + "\n"


def _block(block: Block, labels: Labels, blocks: list[Block]) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {block.text}"
    if isinstance(block, Paragraph):
        return block.text
    if isinstance(block, Answer):
        return "\n".join(f"- **{sentence}**" for sentence in block.sentences)
    if isinstance(block, Contents):
        return "\n".join(
            f"- [{heading.text}](#{anchor})"
            for heading, anchor in listed(blocks)
            if heading.level == 2
        )
    if isinstance(block, Code):
        return f"```\n{block.text}\n```"
    if isinstance(block, Formula):
        return "\n\n".join(f"```math\n{equation}\n```" for equation in block.latex)
    if isinstance(block, Figure):
        return _figure(block, labels)
    if isinstance(block, Beside):
        return "\n\n".join(_figure(figure, labels) for figure in block.figures)
    return _table(block, labels)


def _figure(figure: Figure, labels: Labels) -> str:
    label = labels.figure()
    return f"![{label}](figures/{figure.file[0]})\n\n*{label}. {figure.caption}*"


def _table(table: Table, labels: Labels) -> str:
    rule = ["---:" if i in table.numbers else "---" for i in range(len(table.columns))]
    lines = "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
        for line in [table.columns, tuple(rule), *table.rows]
    )
    label = labels.table()
    if not table.folded:
        return f"**{label}.** {table.caption}\n\n{lines}"
    summary = f"<b>{label}.</b> {table.caption} ({len(table.rows)} rows)"
    return f"<details><summary>{summary}</summary>\n\n{lines}\n\n</details>"
