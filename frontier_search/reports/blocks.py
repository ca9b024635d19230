"""What a document consists of: headings, paragraphs, tables, figures, formulas, and their labels.

Figures and tables are numbered in the order in which they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

FOLDED_ROWS = 12  # a table with more rows than this is folded


@dataclass(frozen=True)
class Heading:
    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Answer:
    """What a document found, a sentence a line; it stands before everything else."""

    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Contents:
    """The list of the headings below it."""


@dataclass(frozen=True)
class Code:
    """Commands, shown as they are."""

    text: str


@dataclass(frozen=True)
class Formula:
    """Equations, one a line.

    Attributes:
        mathml: the content of a ``<math>`` element, one for each equation.
        latex: the same equations for Markdown.
    """

    mathml: tuple[str, ...]
    latex: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        columns: the headings.
        rows: one cell a column.
        caption: what the table shows, in words that need no other text.
        numbers: the indices of the columns that are aligned to the right.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str
    numbers: frozenset[int] = frozenset()

    @property
    def folded(self) -> bool:
        """Whether it is shown only when a reader opens it."""
        return len(self.rows) > FOLDED_ROWS


@dataclass(frozen=True)
class Figure:
    """A picture: vectors on the page, and a file of its own beside Markdown.

    Attributes:
        name: of its file, without an ending.
        svg: the picture.
        caption: what it shows, in words that need no other text.
        png: the same in pixels, where hundreds of points take a quarter of the bytes so.
    """

    name: str
    svg: bytes
    caption: str
    png: bytes | None = None

    @property
    def file(self) -> tuple[str, bytes]:
        """The name and the content of the file beside Markdown."""
        return (
            (f"{self.name}.svg", self.svg) if self.png is None else (f"{self.name}.png", self.png)
        )


@dataclass(frozen=True)
class Beside:
    """Figures beside each other where the page is wide enough."""

    figures: tuple[Figure, ...]


Block = (
    Heading | Paragraph | Answer | Contents | Code | Formula | Table | Figure | Beside
)  # what a document consists of


@dataclass
class Labels:
    """Counts the figures and the tables of a document, and names its headings, in order."""

    _figures: int = 0
    _tables: int = 0
    _anchors: dict[str, int] = field(default_factory=dict)

    def figure(self) -> str:
        """Returns ``Figure 1`` for the first figure, and so on."""
        self._figures += 1
        return f"Figure {self._figures}"

    def table(self) -> str:
        """Returns ``Table 1`` for the first table, and so on."""
        self._tables += 1
        return f"Table {self._tables}"

    def anchor(self, heading: Heading) -> str:
        """Returns what links call a heading, as GitHub does; a repeated one gets a number."""
        name = re.sub(r"[^\w\- ]", "", heading.text.lower()).replace(" ", "-")
        seen = self._anchors.get(name, 0)
        self._anchors[name] = seen + 1
        return f"{name}-{seen}" if seen else name


def listed(blocks: Iterable[Block]) -> list[tuple[Heading, str]]:
    """Returns the headings of a document with their anchors."""
    labels = Labels()
    return [(block, labels.anchor(block)) for block in blocks if isinstance(block, Heading)]


def figures(blocks: Iterable[Block]) -> Iterator[Figure]:
    """Yields every figure of a document."""
    for block in blocks:
        if isinstance(block, Figure):
            yield block
        elif isinstance(block, Beside):
            yield from block.figures
