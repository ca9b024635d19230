"""Which stack a worker was training when it died, and how often that happened: plain files in a cohort's checkpoint folder.

The worker names the stack that it begins; whoever watches the workers counts their deaths. A stack that has killed too many is trained
candidate by candidate, until only the faulty one is left and fails.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from frontier_search.files import read_whole, write_whole

if TYPE_CHECKING:
    from frontier_search.files import AnyPath

ALLOWED = 1  # a stack that has killed one worker is tried once more


def begin(folder: AnyPath, stack: str) -> None:
    """Says which stack is trained from now on."""
    write_whole(folder / "training", stack.encode())


def count(folder: AnyPath) -> str | None:
    """Notes that the worker of a cohort died.

    Returns:
        the stack that it trained, or None when it had not begun one.
    """
    content = read_whole(folder / "training")
    if content is None:
        return None
    stack, deaths = content.decode(), read(folder)
    deaths[stack] = deaths.get(stack, 0) + 1
    write_whole(folder / "deaths.json", json.dumps(deaths).encode())
    return stack


def read(folder: AnyPath) -> dict[str, int]:
    """Stack -> workers that died of it."""
    try:
        return dict(json.loads(read_whole(folder / "deaths.json") or b"{}"))
    except ValueError:
        return {}
