"""Which stack a worker was training when it died, and how often.

Plain files in a cohort's checkpoint folder hold this.

    FOLDER/training         the stack in training, written by the worker
           deaths.json      stack -> deaths of workers that count against it
           machines.json    stack -> lost machines that do not count against it

A stack in which workers die is trained candidate by candidate, until only the faulty one is left
and fails. A worker that was lost with its machine is not evidence against its stack. Such losses
are counted separately. After LOST_MACHINES_ALLOWED of them, further losses count as deaths.
"""

from __future__ import annotations

import json
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
        stack: what it trained; None when it had not begun a stack.
        blamed: whether the death counts against the stack.
    """

    stack: str | None
    blamed: bool


def begin(folder: AnyPath, stack: str) -> None:
    """Writes which stack is trained from now on."""
    write_whole(folder / "training", stack.encode())


def count_death(folder: AnyPath, machine_lost: bool = False) -> Death:
    """Counts the death of a cohort's worker, and forgets which stack it trained.

    Args:
        machine_lost: the worker was lost with its machine.
    """
    content = read_whole(folder / "training")
    if content is None:
        return Death(None, blamed=False)
    stack = content.decode()
    blamed = not machine_lost or lost_machines(folder).get(stack, 0) >= LOST_MACHINES_ALLOWED
    name = "deaths.json" if blamed else "machines.json"
    counts = _counts(folder, name)
    write_whole(folder / name, json.dumps(counts | {stack: counts.get(stack, 0) + 1}).encode())
    remove(folder / "training")
    return Death(stack, blamed)


def deaths(folder: AnyPath) -> dict[str, int]:
    """Returns stack -> deaths of workers that count against it."""
    return _counts(folder, "deaths.json")


def lost_machines(folder: AnyPath) -> dict[str, int]:
    """Returns stack -> machines lost while they trained it, without those that count as deaths."""
    return _counts(folder, "machines.json")


def _counts(folder: AnyPath, name: str) -> dict[str, int]:
    try:
        return dict(json.loads(read_whole(folder / name) or b"{}"))
    except ValueError:
        return {}
