"""What this process may use of its machine: processors, folders, connections to itself."""

from __future__ import annotations

import atexit
import gc
import math
import os
import platform
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path

from frontier_search.errors import SpecError

# For a process started with `python -m`: it does not look for modules in the current folder first,
# where a file torch.py would stand in for torch.
SAFE_PATH = {"PYTHONSAFEPATH": "1"}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
NEW_OBJECTS = 100_000  # after which the collector looks for cycles; Python's own: 700 to 2,000


def require_posix() -> None:
    """Raises SpecError on Windows, where files cannot be locked with ``fcntl``."""
    if sys.platform == "win32":
        raise SpecError(
            "Windows itself is not supported; run frontier-search on Linux, on macOS, or in the"
            " Windows Subsystem for Linux (`wsl --install`)."
        )


def require_writable(folder: Path) -> None:
    """Raises SpecError where this user may not write to a folder that exists."""
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SpecError(
            f"cannot write to {folder}, which belongs to {_owner(folder)}; run the command as that"
            " user, or copy the folder to a --home of your own."
        )


def cache_folder() -> Path:
    """Returns the folder of this user's files that can be made again at any time.

    Raises:
        OSError: this user has no home.
    """
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError as error:
        raise OSError(str(error)) from error
    return cache / "frontier-search"


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:  # a container may have no name for a user of its host
        return f"user {path.stat().st_uid}"


def spare_collector() -> None:
    """Makes the garbage collector of this process look seldom, and not at all when it ends.

    Torch, scikit-learn and MLflow make some hundred thousand objects that live until the end.
    Looking through them took a quarter of their imports, and over half a second of every end.
    """
    gc.set_threshold(NEW_OBJECTS)
    atexit.register(gc.freeze)  # as the last one, because the first that is registered runs last


@contextmanager
def one_thread_for_matrices() -> Iterator[None]:
    """Keeps numpy and scipy to one thread of BLAS inside the block.

    The matrices of a sampler are small. With more threads it took twice the processor time for the
    same proposals, most of it a thread's waiting loop, while models trained on the same processors.
    """
    import scipy.linalg  # noqa: F401  # brings a BLAS of its own, which must be there to be limited
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield


def spare_loopback(environment: MutableMapping[str, str]) -> None:
    """Excepts connections to this machine from the proxies that an environment names.

    A proxy on another machine would look for 127.0.0.1 on itself. Both spellings are set, because
    gRPC reads only ``no_proxy``.
    """
    given = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    hosts = [host.strip() for host in given.split(",") if host.strip()]
    hosts += [host for host in LOOPBACK if host not in hosts]
    environment["no_proxy"] = environment["NO_PROXY"] = ",".join(hosts)


def processor_name(proc: Path = Path("/proc")) -> str:
    """Returns the name of the processor, or of its kind where the system does not say more.

    Args:
        proc: where Linux shows processors.
    """
    try:
        lines = (proc / "cpuinfo").read_text().splitlines()
    except OSError:  # macOS
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def processors(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int:
    """Returns how many processors this process may use, at least 1.

    A machine may have many more. A container or a batch system gives a process some of them (its
    affinity), or a share of their time (the quota of its control group, here rounded up).

    Args:
        proc, cgroups: where Linux shows processes and control groups.
    """
    return max(1, min([_allowed(), *map(math.ceil, _quotas(proc, cgroups))]))


def _allowed() -> int:
    """Returns the processors on which the system may run this process."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS has no affinity


def _quotas(proc: Path, cgroups: Path) -> Iterator[float]:
    """Yields the processors' worth of time that each control group around this process may use."""
    try:
        memberships = (proc / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return
    for membership in memberships:
        hierarchy, _, rest = membership.partition(":")
        controllers, _, path = rest.partition(":")
        parts = [part for part in path.split("/") if part not in ("", "..")]
        # A container often sees the path of its group on the host, but its own group as the root.
        groups = [Path(*parts[:depth]) for depth in range(len(parts) + 1)]
        if hierarchy == "0":
            for group in groups:
                yield from _quota_v2(cgroups / group)
        elif "cpu" in controllers.split(","):
            for folder in {"cpu", controllers}:
                for group in groups:
                    yield from _quota_v1(cgroups / folder / group)


def _quota_v2(group: Path) -> Iterator[float]:
    """Reads ``cpu.max``: ``QUOTA PERIOD`` in microseconds, or ``max PERIOD`` without a limit."""
    words = _words(group / "cpu.max")
    if len(words) == 2:
        yield from _share(*words)


def _quota_v1(group: Path) -> Iterator[float]:
    """Reads ``cpu.cfs_quota_us`` and ``cpu.cfs_period_us``; a quota of -1 is no limit."""
    words = _words(group / "cpu.cfs_quota_us") + _words(group / "cpu.cfs_period_us")
    if len(words) == 2:
        yield from _share(*words)


def _share(quota: str, period: str) -> Iterator[float]:
    if quota.isdecimal() and period.isdecimal() and int(quota) > 0 and int(period) > 0:
        yield int(quota) / int(period)


def _words(file: Path) -> list[str]:
    """Returns the words of a file, none when it cannot be read."""
    try:
        return file.read_text().split()
    except (OSError, UnicodeDecodeError):
        return []
