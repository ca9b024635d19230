"""The section of a report on the members that were exported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from frontier_search.export import certificate
from frontier_search.reports.blocks import Block, Heading, Paragraph, Table
from frontier_search.reports.certificates import difference, equal_rows
from frontier_search.reports.study.claims import Studied

COLUMNS = (
    "search", "trial", "family", "written as", "core", "flash", "RAM", "instructions",
    "test loss", "equal rows", "largest difference",
)  # fmt: skip


def certificates(studied: Sequence[Studied]) -> list[Block]:
    """Returns a table with a row for each exported model and core; nothing if there is none."""
    found = [each for one in studied for each in certificate.kept(one.folder.certificates)]
    if not found:
        return []
    rows = tuple(
        _row(each, core, values)
        for each in found
        for core, values in (each["devices"] or {"": {}}).items()
    )
    return [
        Heading("Certificates"),
        Paragraph(
            "Each of these models was written for other machines and executed there for every test "
            "row. Equal rows have the outputs of a reference in every bit; those of torch and ONNX "
            "are within 1e-4 of the trained model. Flash and RAM are in bytes; instructions are "
            "the median of a row, and not cycles."
        ),
        Table(COLUMNS, rows, "Exported members.", frozenset({1, 5, 6, 7, 8, 9, 10})),
    ]


def _row(each: dict[str, Any], core: str, values: dict[str, Any]) -> tuple[str, ...]:
    model = each["model"]
    counts = (values.get(key) for key in ("flash", "ram", "instructions_median"))
    return (
        model["search"],
        str(model["trial"]),
        model["family"],
        f"{model['target']}, {model['numbers']}",
        core,
        *("" if count is None else f"{count:,}" for count in counts),
        f"{model['test_loss']:.4g}",
        equal_rows(each, values or each["host"]),
        f"{difference(each):.1e}",
    )
