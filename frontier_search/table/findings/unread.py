"""A column of numbers or dates that are written so that they are not read as such."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

import numpy as np

from frontier_search.table import cells
from frontier_search.table.column import Column
from frontier_search.table.finding import Found, flag_of
from frontier_search.table.understanding import Understanding

ROWS = 2000  # of a large table, evenly chosen, that decide
TRIED = 300  # different texts, in which one that is no date is looked for
MOST = 0.9  # of the different texts
SOME = 0.5  # of them, that are written as no key is
MANY = 10  # levels of a category, above which its numbers were hardly meant as words
LISTED = 3  # texts
NUMBER = re.compile(
    r"""[=~≈<>≤≥'"(\s]*(?:[A-Z]{3}|[$€£])?\s?[-+]?\d[\d.,'\s]*(?:e[-+]?\d+)?"""
    r"""\s?[A-Za-z°%$€£"']{0,4}[-)'"\s]*""",
    re.IGNORECASE,
)
NO_KEY = re.compile(r"\d[.,']\d|[(~≈<>≤≥=]|\d\s?[kM]\b|^'")
DATE = re.compile(r".*?(?:\b(?:19|20)\d\d\b|\d[-/.]\d{1,2}[-/.]\d|\d:\d\d)")


def find(table: Understanding) -> list[Found]:
    """Finds them; they are left out, or used as words."""
    return list(unread(table).values())


@functools.lru_cache(maxsize=4)
def unread(table: Understanding) -> dict[str, Found]:
    """Returns what is found, by the name of the column."""
    found: dict[str, Found] = {}
    for each in table.columns if not table.raw.placed else ():
        if each.role or each.type not in ("text", "identifier", "category") or each.whole:
            continue
        if each.type == "category" and len(each.levels) + len(each.grouped) <= MANY:
            continue
        rows = table.frame[each.name].iloc[:: max(1, table.n_rows // ROWS)]
        _, texts = cells.distinct(rows, each.also_missing)
        is_number = _share(texts, NUMBER.fullmatch) >= MOST
        if is_number and _share(texts, NO_KEY.search) >= SOME:
            others = [text for text in texts if not NUMBER.fullmatch(text)]
            found[each.name] = _found(each, texts, others, "numbers", "1234.5")
        elif not is_number and _share(texts, DATE.match) >= MOST:
            found[each.name] = _found(each, texts, _no_dates(texts), "dates", "2024-01-31")
    return found


def _share(texts: Sequence[str], matches: Callable[[str], object]) -> float:
    return float(np.mean([matches(text) is not None for text in texts])) if texts else 0.0


def _no_dates(texts: Sequence[str]) -> list[str]:
    """Returns texts that are no date as the first one is; none if most are written otherwise."""
    tried = texts[:TRIED]
    form = cells.date_format(tried[:1])
    others = [text for text in tried if form and cells.days([text], form) is None]
    return others if len(others) <= (1 - MOST) * len(tried) else []


def _found(
    each: Column, texts: Sequence[str], others: Sequence[str], what: str, written: str
) -> Found:
    shown = ", ".join(map(repr, [text for text in texts if text not in others][:LISTED]))
    becomes = "used as words" if each.used else "left out"
    sentence = f"column {each.name!r} seems to hold {what}, such as {shown}, and is {becomes}"
    if others:
        missing = flag_of("missing", f"{each.name}={others[0]}")
        sentence += f", because {others[0]!r} is none"
        return (each.name,), None, sentence, f"Read {others[0]!r} as missing with {missing}"
    remedy = f"Write them all in one way, as {written}, to use them"
    return (each.name,), None, sentence, remedy
