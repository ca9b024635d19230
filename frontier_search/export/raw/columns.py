"""Writes how one raw column becomes inputs of a model, in C."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field

import numpy as np

from frontier_search.export.operation import literal
from frontier_search.export.raw.scale import NarrowScale, WideScale
from frontier_search.table import coding
from frontier_search.table.coding import CategoryCoding, Coding, DateCoding, NumberCoding, Scale

KEYWORDS = (  # of C and C++
    " auto break case char const continue default do double else enum extern float for goto if "
    "inline int long register restrict return short signed sizeof static struct switch typedef "
    "union unsigned void volatile while and or not xor bool true false class new this "
)


@dataclass
class Tables:
    """What the functions of all columns read.

    Attributes:
        scales: five float32 numbers a scale.
        levels: texts.
    """

    prefix: str
    scales: list[str] = field(default_factory=list)
    levels: list[str] = field(default_factory=list)

    def scaled(self, value: str, scale: Scale) -> str:
        """Returns the call that scales a value."""
        if isinstance(scale, WideScale):
            value = f"(float)({value} - {literal64(scale.centre)})"
            scale = scale.shifted
        most = float(np.finfo(np.float32).max)
        self.scales += [literal(np.clip(number, -most, most)) for number in astuple(scale)]
        return (
            f"{self.prefix}_scaled({value}, missing, {self.prefix}_scales + {len(self.scales) - 5})"
        )

    def level(self, text: str, levels: Sequence[str], any_case: bool) -> str:
        """Returns the call that finds a text among levels."""
        words = [each.lower() if any_case else each for each in levels]
        self.levels.append("".join(f'\n    {quoted(word)} "\\000"' for word in words))
        call = f"{self.prefix}_level" + ("_any_case" if any_case else "")
        return f"{call}({text}, {self.prefix}_levels{len(self.levels) - 1}, {len(words)})"


def lines(each: Coding, name: str, at: int, tables: Tables) -> list[str]:
    """Returns the C statements that write the inputs of a column, from number ``at`` on.

    Args:
        name: of its field.
    """
    if isinstance(each, NumberCoding):
        return _number(each, f"row->{name}", at, tables)
    if isinstance(each, CategoryCoding):
        return _category(each, f"row->{name}", at, tables)
    return _date(each, f"row->{name}", at, tables)


def _number(each: NumberCoding, value: str, at: int, tables: Tables) -> list[str]:
    narrow = isinstance(each.scale, NarrowScale)
    form = literal if narrow else literal64
    codes = [coded for text in each.missing if (coded := each.written.number(text)) is not None]
    unknown = [f"{value} != {value}", *(f"{value} == {form(coded)}" for coded in codes)]
    found = [
        f"missing = {' || '.join(unknown)};",
        f"x[{at}] = {tables.scaled(value, each.scale)};",
    ]
    return [*found, f"x[{at + 1}] = (float)missing;"] if each.indicator else found


def _category(each: CategoryCoding, value: str, at: int, tables: Tables) -> list[str]:
    levels, inputs = (*each.levels, *each.grouped), len(each.names)
    found = [f"at = {tables.level(value, levels, each.any_case)};"]
    if inputs == 1:
        return [*found, f"x[{at}] = at < 0 ? 0.0f : at ? 1.0f : -1.0f;"]
    if len(each.grouped) > 1:
        found.append(f"at = at > {inputs - 1} ? {inputs - 1} : at;")
    return [*found, f"{tables.prefix}_one_hot(x + {at}, {inputs}, at);"]


def _date(each: DateCoding, value: str, at: int, tables: Tables) -> list[str]:
    found = [f"missing = {value} != {value};"]
    for number, part in enumerate(each.parts, start=at):
        if part == "elapsed":
            found.append(f"x[{number}] = {tables.scaled(value, each.elapsed)};")
            continue
        which = ("month", "day", "weekday", "hour").index(part)
        taken = f"(float){tables.prefix}_date_part({value}, {which})"
        found.append(f"x[{number}] = {tables.scaled(taken, coding.periodic(part))};")
    return found


def functions(codings: Iterable[Coding]) -> list[str]:
    """Returns the functions of ``runtime/`` that the columns call."""
    found: dict[str, None] = {}
    for each in codings:
        if not isinstance(each, CategoryCoding):
            found["scaled"] = None
            dated = isinstance(each, DateCoding) and set(each.parts) != {"elapsed"}
            found |= {"date_part": None} if dated else {}
        else:
            found["level_any_case" if each.any_case else "level"] = None
            found |= {"one_hot": None} if len(each.names) > 1 else {}
    return list(found)


def kind(each: Coding) -> str:
    """Returns the type of a column's field."""
    if isinstance(each, CategoryCoding):
        return "const char *"
    return "float " if isinstance(getattr(each, "scale", None), NarrowScale) else "double "


def comment(each: Coding) -> str:
    """Returns what a field holds, in words."""
    name = each.name.replace("*/", "* /")
    if isinstance(each, NumberCoding):
        return f"{name}; not a number (0.0f / 0.0f) where it is missing"
    if isinstance(each, DateCoding):
        return f"{name}: days since 1970; not a number where it is missing"
    return f"{name}: {_listed(each.levels)}; 0 where it is missing"


def _listed(levels: Sequence[str], most: int = 4) -> str:
    shown = ", ".join(quoted(level) for level in levels[:most])
    return f"{shown} ..." if len(levels) > most else shown


def fields(names: Sequence[str]) -> list[str]:
    """Returns a distinct name of C for each column."""
    found: list[str] = []
    for name in names:
        word = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_").lower() or "column"
        if word[0].isdigit() or f" {word} " in KEYWORDS:
            word = f"column_{word}"
        taken, number = word, 2
        while taken in found:
            taken, number = f"{word}_{number}", number + 1
        found.append(taken)
    return found


def quoted(text: str) -> str:
    """Returns a text as a C literal: bytes of UTF-8, those that are not plain in octal."""
    plain = (
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}"
        for byte in text.encode()
    )
    return f'"{"".join(plain)}"'


def literal64(value: float) -> str:
    """Returns a float64 as a C literal that is exact."""
    return float(value).hex()
