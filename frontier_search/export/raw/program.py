"""Writes the program that reads raw rows as CSV: ``main.c``, filled in for one table."""

from __future__ import annotations

from importlib import resources
from typing import Any

from frontier_search.export.raw import columns
from frontier_search.export.raw.columns import quoted
from frontier_search.export.raw.source import answer_kind
from frontier_search.table import cells
from frontier_search.table.cells import Numerals
from frontier_search.table.coding import CategoryCoding, Coding, DateCoding
from frontier_search.table.preprocessing import Preprocessing

CLASSES = """\
        float y[@N@];
        int class = P_predict(&row, y);
        if (!chances)
            write_name(P_classes[class]);
        for (int i = 0; chances && i < @N@; i++)
            printf("%s%.9g", i ? "," : "", y[i]);"""
CLASS_NAMES = """\
    if (chances) {{
{each}
    }} else
        write_name({target});
    putchar('\\n');"""
NUMBERS = """\
        @KIND@ y[@N@];
        P_predict(&row, y);
        for (int i = 0; i < @N@; i++)
            printf("%s@FORM@", i ? "," : "", y[i]);"""


def program(preprocessing: Preprocessing, prefix: str) -> str:
    """Returns ``main.c``.

    Args:
        preprocessing: as ``scale.narrowed`` gives it.
    """
    target = preprocessing.target
    names = columns.fields(preprocessing.columns)
    described = [
        _column(each, name) for each, name in zip(preprocessing.codings, names, strict=True)
    ]
    kind = answer_kind(preprocessing)
    write = CLASSES if target.classes else NUMBERS
    count = len(target.classes or target.names)
    precise = "%.9g" if kind == "float" else "%.17g"
    write = write.replace("@N@", str(count)).replace("@KIND@", kind).replace("@FORM@", precise)
    filled = {
        "COLUMNS": "\n".join(described),
        "MISSING": "".join(
            f'\n    {quoted(word)} "\\000"' for word in sorted(cells.MISSING - {""})
        ),
        "CHANCES": "0" if target.classes else "1",
        "KNOWN": "; `probabilities` is" if target.classes else "; there are no arguments",
        "NAMES": _names(preprocessing),
        "WRITE": write,
    }
    text = resources.files("frontier_search.export").joinpath("raw", "main.c").read_text()
    for mark, value in filled.items():
        text = text.replace(f"@{mark}@", value)
    return text.replace("P_", f"{prefix}_").replace('"P.h"', f'"{prefix}.h"')


def _column(each: Coding, name: str) -> str:
    kind = {"const char *": "TEXT", "float ": "NARROW", "double ": "PRECISE"}[columns.kind(each)]
    written, form, whole = Numerals(), "", False
    if isinstance(each, DateCoding):
        kind, form = "DATE", "" if each.written == cells.ISO else each.written
    elif isinstance(each, CategoryCoding):
        whole = all(level.lstrip("-").isdigit() for level in (*each.levels, *each.grouped))
    else:
        written = each.written
    missing = "".join(f'{quoted(text)} "\\000" ' for text in each.missing) + '""'
    values = (
        *(quoted(each.name), kind, f"offsetof(P_row, {name})", missing),
        *map(quoted, (written.decimal, written.thousands, written.unit, form)),
        str(int(whole)),
    )
    return f"    {{{', '.join(values)}}},"


def _names(preprocessing: Preprocessing) -> str:
    target = preprocessing.target
    if target.classes:
        (name,) = target.names
        each = [f"        write_name({quoted(f'{name} = {label}')});" for label in target.classes]
        return CLASS_NAMES.format(each="\n        putchar(',');\n".join(each), target=quoted(name))
    written: list[Any] = [f"    write_name({quoted(name)});" for name in target.names]
    return "\n    putchar(',');\n".join(written) + "\n    putchar('\\n');"
