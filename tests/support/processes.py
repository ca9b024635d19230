"""The processes of a search under test.

Each search runs in an operating-system session of its own. Its descendants are found in /proc.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

COMMAND = (sys.executable, "-m", "frontier_search")
ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PYTHONPATH": str(ROOT),
    "COLUMNS": "200",
}

Process = subprocess.Popen[bytes]


def start(
    arguments: Sequence[object],
    log: Path,
    script: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> Process:
    """Starts ``frontier-search ARGUMENTS`` in a session, and so in a process group, of its own.

    Args:
        log: a file to which both output streams are appended.
        script: Python code that runs instead, with the arguments in ``sys.argv``.
        variables: of the environment, in addition to this process's own.
    """
    command = [sys.executable, "-c", script] if script else list(COMMAND)
    with log.open("ab") as output:
        return subprocess.Popen(
            [*command, *map(str, arguments)],
            cwd=log.parent,
            env=os.environ | ENVIRONMENT | dict(variables or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def descendants(pid: int) -> list[int]:
    """Returns the pids of a process's children, their children, and so on."""
    children: dict[int, list[int]] = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            children[int(path.read_text().rpartition(")")[2].split()[1])].append(
                int(path.parent.name)
            )
    found, ahead = [], list(children[pid])
    while ahead:
        found.append(ahead.pop())
        ahead += children[found[-1]]
    return found


def words(pid: int) -> str:
    """Returns the command line of a process; empty when it has ended."""
    try:
        return (
            Path(f"/proc/{pid}/cmdline")
            .read_bytes()
            .replace(b"\0", b" ")
            .decode(errors="replace")
            .strip()
        )
    except OSError:
        return ""


def find(process: Process, part: str) -> list[int]:
    """Returns the pids of a search's descendants whose command line contains a text."""
    return [pid for pid in descendants(process.pid) if part in words(pid)]


def mirrors(process: Process) -> list[int]:
    """Returns the pids of a search's MLflow mirror."""
    return find(process, "--follow")


def alive(pid: int) -> bool:
    """Returns whether a process runs. A zombie, which nobody has waited for yet, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def catches(process: Process, number: int) -> bool:
    """Returns whether a process has a handler for a signal. (Python always has one for SIGINT.)"""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return False
    caught = next(
        (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")), "0"
    )
    return bool(int(caught, 16) >> (number - 1) & 1)


def kill(pids: Iterable[int], number: int = signal.SIGKILL) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def end(process: Process) -> None:
    """Kills a search and everything that it started, and waits for it."""
    below = descendants(process.pid)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    kill(below, signal.SIGCONT)
    kill(below)
    process.wait()


def until(
    condition: Callable[[], object], seconds: float, what: str, every_s: float = 0.05
) -> float:
    """Waits for a condition, which is checked every ``every_s`` seconds.

    Args:
        seconds: the most to wait.
        what: the condition in words, for the error.

    Returns:
        the seconds it took.

    Raises:
        TimeoutError: the condition was not true in time.
    """
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > seconds:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(every_s)
    return time.monotonic() - begin
