"""Which stack a worker was training when it died, and how often that happened: plain files in a cohort's checkpoint folder.

The worker names the stack that it begins; whoever watches the workers counts their deaths. A stack that has killed too many is trained
candidate by candidate, until only the faulty one is left and fails. A worker that was lost with its machine says nothing about its stack:
such losses are counted apart, and only a stack that has lost more machines than chance takes from anybody answers for the next ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from frontier_search.files import read_whole, remove, write_whole

if TYPE_CHECKING:
    from frontier_search.files import AnyPath

ALLOWED = 1  # a stack that has killed one worker is tried once more

# A stack that is trained for a day where machines are reclaimed every five hours, a harsh place, loses five of them, and more than eight
# once in fifteen such days (Poisson). One that takes its machine down each time, by filling its memory, say, is blamed from the ninth on.
MACHINES_ALLOWED = 8


@dataclass(frozen=True)
class Death:
    """What is known of a worker that died.

    Attributes:
        stack: what it trained; None when it had not begun a stack.
        blamed: whether the death counts against the stack.
    """

    stack: str | None
    blamed: bool


def begin(folder: AnyPath, stack: str) -> None:
    """Says which stack is trained from now on."""
    write_whole(folder / "training", stack.encode())


def count(folder: AnyPath, with_machine: bool = False) -> Death:
    """Notes that the worker of a cohort died; the next one has begun no stack until it says so.

    Args:
        with_machine: it was lost because its machine was.
    """
    content = read_whole(folder / "training")
    if content is None:
        return Death(None, blamed=False)
    stack = content.decode()
    blamed = not with_machine or machines(folder).get(stack, 0) >= MACHINES_ALLOWED
    name = "deaths.json" if blamed else "machines.json"
    counts = _counts(folder, name)
    write_whole(folder / name, json.dumps(counts | {stack: counts.get(stack, 0) + 1}).encode())
    remove(folder / "training")
    return Death(stack, blamed)


def read(folder: AnyPath) -> dict[str, int]:
    """Stack -> workers that died of it."""
    return _counts(folder, "deaths.json")


def machines(folder: AnyPath) -> dict[str, int]:
    """Stack -> machines that were lost while they trained it, without those that count as deaths."""
    return _counts(folder, "machines.json")


def _counts(folder: AnyPath, name: str) -> dict[str, int]:
    try:
        return dict(json.loads(read_whole(folder / name) or b"{}"))
    except ValueError:
        return {}
