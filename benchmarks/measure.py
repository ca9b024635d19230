"""Runs a command and watches it from outside: wall time, memory and processor time of its processes, and what others took."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import ray  # noqa: F401  # its import puts the psutil that it ships on the path

import psutil  # type: ignore[import-untyped]  # isort: skip

INTERVAL_S = 0.5
LOG_TAIL_CHARACTERS = 3000


@dataclass(frozen=True)
class Measured:
    """A command seen from outside.

    Attributes:
        started_at: seconds since the epoch.
        wall_s: from its start to its end.
        peak_rss_mb: the largest sum of resident memory over the process tree, sampled twice a second; pages that processes share count in
            each of them.
        peak_processes: processes at that moment.
        driver_cpu: (seconds since the epoch, processor seconds used so far) of the command's own process.
        others_cpus: CPUs, on average, that were taken by anything else: other people's work, or a host that is shared. Near 0, or the
            timing means little.
    """

    started_at: float
    wall_s: float
    peak_rss_mb: float
    peak_processes: int
    driver_cpu: Sequence[tuple[float, float]]
    others_cpus: float

    def driver_cpu_s(self, begin: float, end: float) -> float:
        """Processor seconds that the command's own process used between two moments."""

        def until(moment: float) -> float:
            return max((used for at, used in self.driver_cpu if at <= moment), default=0.0)

        return until(end) - until(begin)


class CommandError(Exception):
    """A contender did not end well; the message holds the end of its log."""


def measure(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Measured:
    """Runs a command to its end.

    Raises:
        CommandError: its exit code is not 0.
    """
    started_at, peak, processes = time.time(), 0.0, 0
    driver_cpu: list[tuple[float, float]] = []
    used: dict[int, float] = {}  # processor seconds by process
    busy_before, own_before = _busy_s(), _own_cpu_s()
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            cwd=log.parent,
        )
        try:
            root = psutil.Process(child.pid)
            while child.poll() is None:
                looks = {process.pid: look for process in tree(root) if (look := _look(process))}
                resident_mb = sum(look.rss_mb for look in looks.values())
                if resident_mb > peak:
                    peak, processes = resident_mb, len(looks)
                used |= {pid: look.cpu_s for pid, look in looks.items()}
                if child.pid in looks:
                    driver_cpu.append((time.time(), looks[child.pid].cpu_s))
                time.sleep(INTERVAL_S)
        except BaseException:
            child.terminate()  # an interrupt ends the contender too
            child.wait()
            raise
    wall_s = time.time() - started_at
    others_cpus = (
        max(0.0, _busy_s() - busy_before - sum(used.values()) - (_own_cpu_s() - own_before))
        / wall_s
    )
    if child.returncode != 0:
        raise CommandError(
            f"{' '.join(command)}\nended with code {child.returncode}:\n{log.read_text()[-LOG_TAIL_CHARACTERS:]}"
        )
    return Measured(started_at, wall_s, peak, processes, tuple(driver_cpu), others_cpus)


def tree(root: psutil.Process) -> list[psutil.Process]:
    """A process and all below it."""
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


@dataclass(frozen=True)
class _Look:
    rss_mb: float
    cpu_s: float


def _look(process: psutil.Process) -> _Look | None:
    try:
        with process.oneshot():
            times = process.cpu_times()
            return _Look(process.memory_info().rss / 1e6, times.user + times.system)
    except psutil.Error:  # ended between the listing and the look
        return None


def _own_cpu_s() -> float:
    """Processor seconds of the process that measures: neither the contender's nor anyone else's."""
    times = psutil.Process().cpu_times()
    return float(times.user + times.system)


def _busy_s() -> float:
    """Processor seconds that anyone, or another guest of the host, has used so far on the CPUs that this process may use."""
    cpus = psutil.cpu_times(percpu=True)
    mine = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(len(cpus))
    parts = ("user", "nice", "system", "irq", "softirq", "steal")
    return float(sum(getattr(cpus[cpu], part, 0.0) for cpu in mine for part in parts))
