"""Remarks on a report: what a person wrote about its verdicts and its published numbers.

A Markdown file. The heading of a section says where in the report its paragraphs go::

    ## Claim 5
    ## Number: frontier, friedman1, dense 8
    ## Any other heading is a section of the report

So everything else in a report is computed, and what is not computed can be told from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from frontier_search.errors import SpecError
from frontier_search.reports.blocks import Block, Heading, Paragraph


@dataclass(frozen=True)
class Remarks:
    """The sections of a file.

    Attributes:
        claims: number of a claim -> paragraphs.
        numbers: words of a published number, ``frontier, friedman1, dense 8`` -> paragraphs.
        sections: any other heading -> paragraphs.
    """

    claims: Mapping[int, Sequence[str]] = field(default_factory=dict)
    numbers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sections: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @staticmethod
    def read(path: Path) -> Remarks:
        """Reads a file.

        Raises:
            SpecError: it cannot be read, or is no Markdown with sections.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SpecError(f"cannot read the remarks {path}: {error}") from error
        _, *parts = re.split(r"^## +", text, flags=re.MULTILINE)
        if not parts:
            raise SpecError(f"{path} has no section; remarks need one, such as `## Claim 1`.")
        claims: dict[int, Sequence[str]] = {}
        numbers: dict[str, Sequence[str]] = {}
        sections: dict[str, Sequence[str]] = {}
        for part in parts:
            heading, _, body = part.partition("\n")
            heading = heading.strip()
            paragraphs = [" ".join(one.split()) for one in re.split(r"\n\s*\n", body.strip())]
            if claim := re.fullmatch(r"Claim (\d+)", heading):
                claims[int(claim[1])] = paragraphs
            elif heading.startswith("Number: "):
                numbers[heading.removeprefix("Number: ")] = paragraphs
            else:
                sections[heading] = paragraphs
        return Remarks(claims, numbers, sections)

    def check(self, claims: Sequence[int], numbers: Sequence[str]) -> None:
        """Raises SpecError where a remark is about a claim or a number that the report lacks."""
        wrong = [f"Claim {number}" for number in self.claims if number not in claims]
        wrong += [f"Number: {name}" for name in self.numbers if name not in numbers]
        if wrong:
            raise SpecError(
                f"the remarks have sections about what is not in this report: {'; '.join(wrong)}."
            )

    def about_claims(self) -> list[Block]:
        """Returns the paragraphs about claims, with a heading; nothing if there are none."""
        if not self.claims:
            return []
        told = [
            Paragraph(f"Claim {number}. {text}" if i == 0 else text)
            for number, paragraphs in sorted(self.claims.items())
            for i, text in enumerate(paragraphs)
        ]
        return [Heading("About the verdicts", 3), *told]

    def free(self) -> list[Block]:
        """Returns the sections about anything else."""
        found: list[Block] = []
        for heading, paragraphs in self.sections.items():
            found += [Heading(heading), *map(Paragraph, paragraphs)]
        return found
