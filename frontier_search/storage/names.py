"""The names of the searches under a home."""

from __future__ import annotations

import re
from collections.abc import Container
from pathlib import Path

from frontier_search.storage.folder import SearchFolder, names


def known_names(home: Path) -> list[str]:
    """Returns the names of all searches, sorted; raises SpecError when there is none."""
    known = names(home)
    if not known:
        SearchFolder(home, "").require()
    return known


def newest_name(home: Path) -> str:
    """Returns the name of the newest search; raises SpecError when there is none."""
    return max(
        known_names(home), key=lambda name: SearchFolder(home, name).search_file.stat().st_mtime
    )


def free_name(home: Path, dataset: str) -> str:
    """Returns the first of DATASET-1, DATASET-2, ... that no search under the home has."""
    return first_free_name(set(names(home)), dataset)


def first_free_name(taken: Container[str], dataset: str) -> str:
    """Returns the first of DATASET-1, DATASET-2, ... that is not taken.

    Args:
        dataset: a name, a file or an import path. Characters that cannot name a folder become '-'.
    """
    stem = re.sub(r"[^A-Za-z0-9._-]", "-", Path(dataset).stem)[:50].strip("-._") or "search"
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"
