"""What Ray is given when it is started on this machine, for one search that nobody else reaches.

By default Ray listens on every interface, keeps one token for everything that a user runs in a file
that all may read, and makes a folder for its sockets that all may write to. The Ray of a local
search listens on 127.0.0.1 only. It has a token of its own, which is only in the environment of its
processes, and a folder of its own, which only the user may enter.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ray._private import ray_constants
from ray._private.node import Node
from ray._raylet import (  # type: ignore[attr-defined]  # compiled
    AuthenticationTokenLoader,
    Config,
)

from frontier_search import machine
from frontier_search.errors import SpecError
from frontier_search.executors.watchdog import SYSTEM_CONFIG

SOCKET_PATH_BYTES = 103 if sys.platform == "darwin" else 107  # a Unix socket's path at most
SOCKET_PATH = "/ray-12345678/s/session_2026-01-31_23-59-59_999999_4194304/sockets/plasma_store"
STORE_BYTES = 100 * 2**20  # Ray takes no less than 75 MiB; a search puts less than 1 MiB there
SHARED_MEMORY = Path("/dev/shm")
PREFIX, MARK = "ray-", "frontier-search.lock"  # of a folder, and the file that its process locks
YOUNG_S = 60.0  # a folder may not be locked yet
# What starts processes that would start machines, repeat here what workers print, and serve pages.
NOT_NEEDED = ("start_monitor", "start_log_monitor", "start_api_server")
# The driver goes first and the mirror, at 10, last. With Ray's own 15 the mirror of a long search
# starved the workers.
WORKER_NICENESS = 5


@contextmanager
def private(workers: int) -> Iterator[dict[str, Any]]:
    """Holds what a Ray of our own needs. It must be started and ended inside the block.

    Args:
        workers: processes at a time.

    Yields:
        the arguments of ``ray.init``.

    Raises:
        SpecError: no folder is fit for Ray's sockets.
    """
    remove_abandoned()
    folder = socket_folder()
    try:
        variables = _environment(_variables())
        with _marked(folder), variables, _loopback_allowed(), _fewer_processes():
            yield {
                # not a cluster that runs here already, nor that of RAY_ADDRESS
                "address": "local",
                "num_cpus": workers,
                "include_dashboard": False,
                "object_store_memory": STORE_BYTES,
                "_node_ip_address": "127.0.0.1",
                # a folder below the private one, because Ray lets everybody write to this one
                "_temp_dir": str(folder / "s"),
                "_plasma_directory": str(_store_folder(folder)),
                "_system_config": SYSTEM_CONFIG | {"worker_niceness": WORKER_NICENESS},
            }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _variables() -> dict[str, str]:
    """Returns the variables that Ray and its processes read."""
    variables = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }
    proxies = {key: os.environ[key] for key in ("no_proxy", "NO_PROXY") if key in os.environ}
    machine.spare_loopback(proxies)
    return variables | proxies


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Sets variables of this process, and of those that it starts, inside the block."""
    before = {key: os.environ.get(key) for key in variables}
    os.environ.update(variables)
    _read_token_again()
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
        _read_token_again()


def _read_token_again() -> None:
    """Makes Ray read its variables again, which it does once a process. Each search has a token."""
    Config.initialize("")
    AuthenticationTokenLoader.instance().reset_cache()


@contextmanager
def _loopback_allowed() -> Iterator[None]:
    """Lets ``ray.init`` take 127.0.0.1 as the node's address inside the block.

    On Linux Ray replaces it by the address of an interface, and then listens on all interfaces. The
    constant is what the variable RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER sets, which Ray reads only when
    it is imported.
    """
    before = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


@contextmanager
def _fewer_processes() -> Iterator[None]:
    """Spares what a local search does not need of Ray inside the block.

    ``ray.init`` has no argument for it. Each is a Python process, which takes half a second to a
    second of a processor to start, and one polls files as long as Ray lives. A Ray that calls one
    otherwise starts it.
    """
    before = {name: getattr(Node, name) for name in NOT_NEEDED if hasattr(Node, name)}
    for name in before:
        setattr(Node, name, lambda *_, **__: None)
    try:
        yield
    finally:
        for name, method in before.items():
            setattr(Node, name, method)


def socket_folder() -> Path:
    """Makes a folder, 0700, whose path is short enough for Ray's sockets; the caller removes it.

    The user's folder for temporary files comes first (RAY_TMPDIR, then TMPDIR). Where its path is
    too long, as batch systems often make it, the system's own folder is used.

    Raises:
        SpecError: each is too long or cannot be written.
    """
    longest, refused = SOCKET_PATH_BYTES - len(SOCKET_PATH), []
    for parent in _temporary_folders():
        if len(os.fsencode(parent)) > longest:
            refused.append(f"{parent} (too long for a socket)")
            continue
        try:
            return Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        except OSError as error:
            refused.append(f"{parent} ({error.strerror})")
    raise SpecError(
        f"no folder for temporary files can be used: {', '.join(refused)}; set TMPDIR to one that"
        f" you may write to, with at most {longest} characters."
    )


@contextmanager
def _marked(folder: Path) -> Iterator[None]:
    """Marks a folder as that of this process. The system frees the lock however it ends."""
    with (folder / MARK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def remove_abandoned() -> None:
    """Removes the folders of processes that were killed, and could not remove them."""
    for parent in _temporary_folders():
        for mark in parent.glob(f"{PREFIX}*/{MARK}"):
            with contextlib.suppress(OSError), mark.open() as file:  # it may belong to another user
                if time.time() - mark.stat().st_mtime > YOUNG_S:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(mark.parent, ignore_errors=True)


def _temporary_folders() -> list[Path]:
    given = os.environ.get
    named = [given("RAY_TMPDIR"), given("TMPDIR"), "/tmp", given("XDG_RUNTIME_DIR"), "/var/tmp"]
    return list(dict.fromkeys(Path(folder).absolute() for folder in named if folder))


def _store_folder(folder: Path) -> Path:
    """Returns where the object store lives: in shared memory if it has room, else in a folder."""
    try:
        free = shutil.disk_usage(SHARED_MEMORY).free
    except OSError:  # macOS has none
        free = 0
    return SHARED_MEMORY if free >= STORE_BYTES else folder
