"""Which stacks a worker was training when it died, and how often.

Plain files in a cohort's checkpoint folder hold this.

    FOLDER/training         the stacks in training, a line each, written by the worker
           deaths.json      stack -> deaths of workers that count against it
           machines.json    stack -> lost machines that do not count against it

A stack in which workers die is trained candidate by candidate, until only the faulty one is left
and fails. A death counts against every stack in training. After the first one a cohort has one
stack in training at a time, so that further deaths count only against the faulty one.

A worker that was lost with its machine is not evidence against its stack. Such losses are counted
separately. After LOST_MACHINES_ALLOWED of them, further losses count as deaths.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from frontier_search.files import read_whole, remove, write_whole

if TYPE_CHECKING:
    from frontier_search.files import AnyPath

DEATHS_ALLOWED = 1  # a stack in which one worker has died is tried once more

# Where machines are reclaimed every five hours on average, which is often, a stack that is trained
# for a day loses five of them, and more than eight once in fifteen such days (Poisson). A stack
# that takes down its machine each time, for example by filling its memory, is blamed from the ninth
# loss on.
LOST_MACHINES_ALLOWED = 8


@dataclass(frozen=True)
class Death:
    """What is known of a worker that died.

    Attributes:
        stack: what it trained, e.g. "3" or "3, 5"; None when it had not begun a stack.
        blamed: whether the death counts against a stack.
    """

    stack: str | None
    blamed: bool


def begin(folder: AnyPath, *stacks: str) -> None:
    """Writes which stacks are trained from now on."""
    write_whole(folder / "training", "\n".join(stacks).encode())


def count_death(folder: AnyPath, machine_lost: bool = False) -> Death:
    """Counts the death of a cohort's worker, and forgets which stacks it trained.

    Args:
        machine_lost: the worker was lost with its machine.
    """
    content = read_whole(folder / "training")
    if content is None:
        return Death(None, blamed=False)
    stacks, lost = content.decode().split("\n"), lost_machines(folder)
    blamed = [s for s in stacks if not machine_lost or lost.get(s, 0) >= LOST_MACHINES_ALLOWED]
    _count(folder, "deaths.json", blamed)
    _count(folder, "machines.json", [stack for stack in stacks if stack not in blamed])
    remove(folder / "training")
    return Death(", ".join(stacks), bool(blamed))


def deaths(folder: AnyPath) -> dict[str, int]:
    """Returns stack -> deaths of workers that count against it."""
    return _counts(folder, "deaths.json")


def lost_machines(folder: AnyPath) -> dict[str, int]:
    """Returns stack -> machines lost while they trained it, without those that count as deaths."""
    return _counts(folder, "machines.json")


def _count(folder: AnyPath, name: str, stacks: Sequence[str]) -> None:
    """Adds one for each stack to the counts in a file."""
    if stacks:
        counts = _counts(folder, name)
        more = {stack: counts.get(stack, 0) + 1 for stack in stacks}
        write_whole(folder / name, json.dumps(counts | more).encode())


def _counts(folder: AnyPath, name: str) -> dict[str, int]:
    try:
        return dict(json.loads(read_whole(folder / name) or b"{}"))
    except ValueError:
        return {}
