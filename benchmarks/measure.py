"""Runs a command and measures it from outside: wall time, memory, processor time, disturbance."""

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
        peak_rss_mb: the largest sum of resident memory over the process tree, sampled twice a
            second. Pages that processes share count in each of them.
        peak_processes: processes at that moment.
        driver_cpu: (seconds since the epoch, processor seconds used so far) of the command's own
            process.
        others_cpus: CPUs, on average, that everything else used: other processes, or other guests
            of a shared host. Unless it is near 0, the timing means little.
    """

    started_at: float
    wall_s: float
    peak_rss_mb: float
    peak_processes: int
    driver_cpu: Sequence[tuple[float, float]]
    others_cpus: float

    def driver_cpu_s(self, begin: float, end: float) -> float:
        """Returns the processor seconds of the command's own process between two moments."""

        def until(moment: float) -> float:
            return max((used for at, used in self.driver_cpu if at <= moment), default=0.0)

        return until(end) - until(begin)


class CommandError(Exception):
    """A command failed. The message holds the end of its log."""


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
                samples = {p.pid: sample for p in tree(root) if (sample := _sample(p))}
                resident_mb = sum(sample.rss_mb for sample in samples.values())
                if resident_mb > peak:
                    peak, processes = resident_mb, len(samples)
                used |= {pid: sample.cpu_s for pid, sample in samples.items()}
                if child.pid in samples:
                    driver_cpu.append((time.time(), samples[child.pid].cpu_s))
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
            f"{' '.join(command)}\nended with code {child.returncode}:\n"
            f"{log.read_text()[-LOG_TAIL_CHARACTERS:]}"
        )
    return Measured(started_at, wall_s, peak, processes, tuple(driver_cpu), others_cpus)


def tree(root: psutil.Process) -> list[psutil.Process]:
    """Returns a process and all its descendants."""
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


@dataclass(frozen=True)
class _Sample:
    rss_mb: float
    cpu_s: float


def _sample(process: psutil.Process) -> _Sample | None:
    try:
        with process.oneshot():
            times = process.cpu_times()
            return _Sample(process.memory_info().rss / 1e6, times.user + times.system)
    except psutil.Error:  # it ended after it was listed
        return None


def _own_cpu_s() -> float:
    """Returns the processor seconds of this process, which measures."""
    times = psutil.Process().cpu_times()
    return float(times.user + times.system)


def _busy_s() -> float:
    """Returns the processor seconds used so far on the CPUs that this process may use.

    They include all processes and the other guests of the host.
    """
    cpus = psutil.cpu_times(percpu=True)
    mine = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(len(cpus))
    parts = ("user", "nice", "system", "irq", "softirq", "steal")
    return float(sum(getattr(cpus[cpu], part, 0.0) for cpu in mine for part in parts))
