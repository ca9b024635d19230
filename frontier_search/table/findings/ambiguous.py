"""Cells that can be read in two ways: 01/02/2024, or 12 among cells such as 12 %."""

from __future__ import annotations

from frontier_search.table import cells
from frontier_search.table.column import Column
from frontier_search.table.finding import Found
from frontier_search.table.understanding import Understanding


def find(table: Understanding) -> list[Found]:
    """Finds them; each is read in one way, which the sentence says."""
    found: list[Found] = []
    for each in table.columns:
        if each.used or each.name in table.targets.names:
            found += _of_date(each, table) if each.type == "date" else _of_unit(each, table)
    return found


def _of_date(each: Column, table: Understanding) -> list[Found]:
    other = each.date_format.translate(str.maketrans("dm", "md"))
    if other == each.date_format or "%" not in other or "/" not in other:
        return []  # 01.02.2024 begins with the day wherever it is written so
    _, texts = cells.distinct(table.frame[each.name], each.also_missing)
    read, otherwise = cells.days(texts, each.date_format), cells.days(texts, other)
    if read is None or otherwise is None or (read == otherwise).all():
        return []
    day, first = texts[0], "month" if each.date_format.startswith("%m") else "day"
    sentence = (
        f"dates of column {each.name!r} such as {day!r} are read with the {first} first, and all "
        "of them could be meant otherwise"
    )
    remedy = "If that is wrong, write them as 2024-01-31"
    return [((each.name,), None, sentence, remedy)]


def _of_unit(each: Column, table: Understanding) -> list[Found]:
    unit = each.written.unit
    if not unit:
        return []
    codes, texts = cells.distinct(table.frame[each.name], each.also_missing)
    bare = [place for place, text in enumerate(texts) if unit not in text]
    rows = (codes[:, None] == bare).any(axis=1)
    n = int(rows.sum())
    if not n:
        return []
    sentence = (
        f"column {each.name!r} has {unit} in {int((codes >= 0).sum()) - n} cells and not in {n}, "
        f"such as {texts[bare[0]]!r}: all are read as in the same unit"
    )
    return [((each.name,), rows, sentence, "If that is wrong, write all of them in one unit")]
