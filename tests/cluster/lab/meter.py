"""Measures what a lab costs: its time, and the peak memory of all processes on its hosts."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

from tests.cluster.lab.hosts import Network

PERIOD_S = 3.0


class Meter:
    """Measures while the ``with`` block runs. Afterwards, ``summary`` has both numbers."""

    def __init__(self, network: Network) -> None:
        self.network, self.peak_bytes = network, 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._measure, daemon=True)

    def __enter__(self) -> Meter:
        self._begin = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end.set()
        self._thread.join()
        self.summary = (
            f"{time.monotonic() - self._begin:.0f} s, {self.peak_bytes / 2**30:.1f} GiB at most"
        )

    def _measure(self) -> None:
        while not self._end.wait(PERIOD_S):
            self.peak_bytes = max(
                self.peak_bytes, memory({host.pid for host in list(self.network.hosts.values())})
            )


def memory(inits: set[int]) -> int:
    """Returns the bytes that all processes of some hosts hold. Shared pages count once.

    Args:
        inits: the pid 1 of each host, as this machine numbers it.
    """
    spaces, total = set(), 0
    for pid in inits:
        with suppress(OSError):
            spaces.add(Path(f"/proc/{pid}/ns/pid").readlink())
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (path / "ns" / "pid").readlink() in spaces:
                total += 1024 * int(
                    (path / "smaps_rollup").read_text().partition("\nPss:")[2].split()[0]
                )
    return total
