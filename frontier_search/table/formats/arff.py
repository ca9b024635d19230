"""ARFF, the format of Weka: a head that names the columns, then rows of text, or of pairs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from frontier_search.errors import SpecError
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable, Written, checked_frame

_ATTRIBUTE = re.compile(
    r"""@attribute\s+('(?:[^'\\]|\\.)*'|"[^"]*"|[^\s{]+)\s*(\{.*\}|\S+)""", re.IGNORECASE
)

_CELL = re.compile(r"""(?:^|(?<=,))\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,]*)\s*(?=,|$)""")


def read(data: bytes, source: str, options: TableOptions) -> RawTable:
    """Reads an .arff file; raises SpecError if it is none."""
    import pandas as pd

    names: list[str] = []
    types: list[str] = []
    lines = iter(data.decode("utf-8", "replace").splitlines())
    for line in lines:
        said = line.strip()
        if said.casefold().startswith("@data"):
            break
        if found := _ATTRIBUTE.match(said):
            names.append(_bare(found[1]))
            types.append(found[2])
    else:
        raise SpecError(f"cannot read {source} as ARFF: it has no line @data.")
    if not names:
        raise SpecError(f"cannot read {source} as ARFF: it has no line @attribute.")
    rows = list(_rows(lines, types))
    for place, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise SpecError(
                f"cannot read {source} as ARFF: row {place} has {len(row)} values and not "
                f"{len(names)}."
            )
    frame = pd.DataFrame(rows, columns=names)
    for name, kind in zip(names, types, strict=True):
        if kind.casefold() in ("numeric", "real", "integer"):
            numbers = pd.to_numeric(frame[name].where(frame[name] != "?"), errors="coerce")
            if (numbers.notna() | (frame[name] == "?")).all():
                frame[name] = numbers
    return RawTable(checked_frame(frame, source), Written("arff"), source=source)


def _rows(lines: Iterator[str], types: list[str]) -> Iterator[list[str]]:
    for line in lines:
        said = line.strip()
        if not said or said.startswith("%"):
            continue
        if said.startswith("{") and said.endswith("}"):  # pairs; what is not named is zero
            row = [_zero(kind) for kind in types]
            for pair in _cells(said[1:-1]):
                place, _, value = pair.strip().partition(" ")
                if place.isdigit() and int(place) < len(row):
                    row[int(place)] = _bare(value)
            yield row
        else:
            yield _cells(said)


def _cells(text: str) -> list[str]:
    return [_bare(cell) for cell in _CELL.findall(text)]


def _zero(kind: str) -> str:
    """Returns what a row of pairs does not say: zero, or the first of the levels."""
    return _cells(kind[1:-1])[0] if kind.startswith("{") else "0"


def _bare(text: str) -> str:
    text = text.strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if quoted else text
