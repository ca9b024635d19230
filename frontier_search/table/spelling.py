"""Classes that are written in several ways."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from frontier_search.table.column import Column
from frontier_search.table.options import TableOptions


def merged(
    texts: list[str],
    codes: NDArray[np.int64],
    column: Column,
    options: TableOptions,
) -> tuple[list[str], NDArray[np.int64], list[str]]:
    """Merges yes and YES, words of three letters or more that differ in case alone, and those that
    differ in spaces within them or in how Unicode composes their letters.

    Args:
        texts: distinct.
        codes: the position of every row's text, -1 where it is missing, (n_rows,).

    Returns:
        The same of the classes, and notes for people.
    """
    boolean = column.type == "boolean"
    if (boolean and len(texts) == 2) or not (boolean or options.rules >= 3):
        return texts, codes, []
    plain = [_plain(text) if options.rules >= 4 else text for text in texts]
    folded = [text.casefold() if boolean or len(text) > 2 else text for text in plain]
    spellings: dict[str, list[str]] = {}
    for word, text in zip(folded, texts, strict=True):
        spellings.setdefault(word, []).append(text)
    places = np.array([list(spellings).index(word) for word in folded] + [-1])
    if boolean:
        return list(spellings), places[codes], []
    notes = [
        f"{' and '.join(map(ascii if _look_alike(spelt) else repr, spelt))} are one class"
        for spelt in spellings.values()
        if len(spelt) > 1
    ]
    named = [next((text for text in spelt if text in plain), spelt[0])
             for spelt in spellings.values()]  # fmt: skip
    return named, places[codes], notes


def _plain(text: str) -> str:
    """Returns a text with single spaces and composed letters."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _look_alike(texts: Sequence[str]) -> bool:
    composed = {unicodedata.normalize("NFC", text) for text in texts}
    return len(composed) < len(texts)
