"""A number that stands for a missing value, such as -999."""

from __future__ import annotations

import numpy as np

from frontier_search.table import cells
from frontier_search.table.cells import Numbers
from frontier_search.table.finding import Found, exact, flag_of
from frontier_search.table.understanding import Understanding

LEAST = 3  # rows with the value
SHARE = 0.005  # of the rows
DISTINCT = 5  # other values
FAR = 1.0  # ranges of the other values between them and the value
STEPS = 1.5  # times the largest step between the others, for such a value
LARGE_CODE = 99
NEAR = 0.2  # the same, for a value that often stands for a missing one
FEW_LEVELS = 2  # other values, for a code such as 999
WORDS = frozenset({"unknown", "unk", "not available", "not known", "undefined", "no data", "n/d"})
DAYS = frozenset({"0001-01-01", "1899-12-30", "1900-01-01", "1970-01-01", "9999-12-31"})
CODES = frozenset({0, -1, -9, 9, -99, 99, -999, 999, -9999, 9999, -99999, 99999, -32768, 32767})


def find(table: Understanding) -> list[Found]:
    """Finds them; they stay numbers, or a class, until the user says that they are missing."""
    if table.raw.placed or table.pixels:
        return []
    found: list[Found] = []
    for name, values in table.numbers.items():
        usual = values[table.usual(name)]  # extreme values are found as such
        for value in _sentinels(usual, table.options.rules):
            rows = values == value
            count = int(rows.sum())
            sentence = (
                f"column {name!r} is {value:g} in {count} row{'s' * (count != 1)}, far from all "
                "other values: it may stand for a missing value"
            )
            found.append(((name,), rows, sentence, _remedy(name, value)))
    return found + _of_dates(table) + _of_classes(table)


def _remedy(name: str, value: float) -> str:
    return f"Read it as missing with {flag_of('missing', f'{name}={exact(value)}')}"


def _of_dates(table: Understanding) -> list[Found]:
    """Finds a day such as 9999-12-31, farther from all others than they are from each other."""
    found: list[Found] = []
    for each in table.used:
        if each.type != "date":
            continue
        codes, texts = cells.distinct(table.frame[each.name], each.also_missing)
        of_text = cells.days(texts, each.date_format)
        if of_text is None:  # dates of a program, in place of the file's
            continue
        for end in (of_text.min(), of_text.max()):
            others = of_text[of_text != end]
            day = str(np.datetime64(int(np.floor(end)), "D"))
            if day not in DAYS or len(others) < 2:
                continue
            if np.abs(others - end).min() > FAR * np.ptp(others):
                text = texts[int(np.flatnonzero(of_text == end)[0])]
                rows = codes == texts.index(text)
                sentence = (
                    f"column {each.name!r} is {text!r} in {int(rows.sum())} rows, far from all "
                    "other days: it may stand for a missing value"
                )
                missing = flag_of("missing", f"{each.name}={text}")
                found.append(((each.name,), rows, sentence, f"Read it as missing with {missing}"))
    return found


def _of_classes(table: Understanding) -> list[Found]:
    """Finds a class such as unknown, or -999 beside whole numbers that are near each other."""
    names, classes = table.targets.names, table.targets.classes
    for place, name in enumerate(classes):
        if len(classes) > 2 and str(name).casefold() in WORDS:
            sentence = f"class {name!r} of {names[0]!r} may stand for a missing value"
            remedy = f"Read it as missing with {flag_of('missing', f'{names[0]}={name}')}"
            return [(names, table.targets.values == place, sentence, remedy)]
    numbers = [n for n in classes if isinstance(n, int)]
    if len(numbers) < 3 or len(numbers) < len(table.targets.classes):
        return []
    least, most = min(numbers), max(numbers)
    found: list[Found] = []
    for value, others in ((least, numbers[1:]), (most, numbers[:-1])):
        gap = min(abs(value - other) for other in others)
        if value in CODES and gap > FAR * (max(others) - min(others)):
            rows = table.targets.values == numbers.index(value)
            sentence = f"class {value} of {names[0]!r} may stand for a missing value"
            found.append((names, rows, sentence, _remedy(names[0], value)))
    return found


def _sentinels(given: Numbers, rules: int) -> list[float]:
    """Returns the numbers below or above all others that seem to be such.

    Args:
        given: none of them missing or extreme.
    """
    if not len(given):
        return []
    needed = max(LEAST, SHARE * len(given))
    sides = [
        side
        for side, end in ((-1, given.min()), (1, given.max()))
        if end in CODES or (given == end).sum() >= needed
    ]
    if not sides:
        return []
    levels, counts = np.unique(given, return_counts=True)
    found: list[float] = []
    for side in sides:
        for number in (1,) if rules < 3 else (1, 2, 3):  # so many together, as -999 and -998
            ends = slice(None, number) if side < 0 else slice(-number, None)
            others = levels[number:] if side < 0 else levels[:-number]
            outside = dict(zip(levels[ends].tolist(), counts[ends].tolist(), strict=True))
            coded = all(value in CODES and abs(value) >= LARGE_CODE for value in outside)
            if len(others) >= (FEW_LEVELS if coded else DISTINCT) and all(
                _is_sentinel(value, count, others, len(given), alone=number == 1)
                for value, count in outside.items()
            ):
                found += [value for value in outside if value not in found]
    return sorted(found)


def _is_sentinel(value: float, count: int, others: Numbers, n_rows: int, alone: bool) -> bool:
    """Returns whether a number beyond all others seems to stand for a missing value.

    Args:
        others: different values, in order, all below or all above it.
        alone: whether no further number is beyond the others.
    """
    span = float(others[-1] - others[0])
    gap = float(value - others[-1] if value > others[-1] else others[0] - value)
    known = value in CODES
    if known and abs(value) >= LARGE_CODE and gap > FAR * span:
        return True  # one row says it
    if count < max(LEAST, SHARE * n_rows):
        return False
    if gap > FAR * span:
        return True
    if not known:
        return False
    if gap > NEAR * span and gap > STEPS * float(np.diff(others).max()):
        return True
    return alone and value < 0 <= others[0] and len(others) >= 2 * DISTINCT
