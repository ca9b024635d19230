"""The processes of a search under test: each search in a session of its own, its descendants found in /proc, killed and waited for."""

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
        log: takes what it prints, both streams, after what is there.
        script: Python code that runs first, in the same process.
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
    """The children of a process, their children, and so on."""
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
    """The command line of a process; empty when it has gone."""
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
    """The descendants of a search whose command line has these words: a raylet, a worker, the mirror."""
    return [pid for pid in descendants(process.pid) if part in words(pid)]


def mirrors(process: Process) -> list[int]:
    """The mirror beside a search."""
    return find(process, "--follow")


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not asked about yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def catches(process: Process, number: int) -> bool:
    """Whether a process has a handler of its own for a signal. (Python has one for SIGINT from the beginning.)"""
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
    """Ends a search and everything that it started."""
    below = descendants(process.pid)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    kill(below, signal.SIGCONT)
    kill(below)
    process.wait()


def until(
    condition: Callable[[], object], seconds: float, what: str, every_s: float = 0.05
) -> float:
    """Waits for a condition.

    Returns:
        the seconds it took; raises TimeoutError, which names it, after so many.
    """
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > seconds:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(every_s)
    return time.monotonic() - begin
