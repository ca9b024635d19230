"""A Ray of our own: who can reach it, and where it starts in spite of its surroundings."""

from __future__ import annotations

import fcntl
import ipaddress
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from frontier_search import machine
from frontier_search.errors import SpecError
from frontier_search.executors import local_ray
from tests.faults import comparing
from tests.support import processes

LISTENING = "0A"  # in the table of sockets of Linux
SEARCH = ["run", "--dataset", "iris", "--families", "dense", "--seeds", "1", "--no-mirror"]
LONG = [*SEARCH, "--trials", "5000", "--cohort", "2", "--sampler", "random", "--epochs", "20"]
SHORT = [*SEARCH, "--trials", "2", "--epochs", "1", "--workers", "1"]
JOIN = """
import sys
from ray._raylet import GcsClient
try:
    nodes = GcsClient(sys.argv[1]).get_all_node_info(timeout=20)
    print("joined", len(nodes))
except BaseException as error:
    print("refused", type(error).__name__, " ".join(str(error).split()))
"""


@pytest.fixture
def home() -> Iterator[Path]:
    with comparing.folder() as path:
        yield path


def address_of(hexadecimal: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Reads an address of /proc/net/tcp or tcp6: words of 4 bytes, each in the machine's order."""
    words = [hexadecimal[i : i + 8] for i in range(0, len(hexadecimal), 8)]
    packed = b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words)
    found = ipaddress.ip_address(packed)
    return getattr(found, "ipv4_mapped", None) or found


def listening(pids: list[int]) -> dict[tuple[str, int], int]:
    """The TCP sockets on which processes listen: (address, port) -> pid."""
    holders: dict[str, int] = {}
    for pid in pids:
        with suppress(OSError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    target = str(descriptor.readlink())
                    holders[target.removeprefix("socket:[").removesuffix("]")] = pid
    found = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == LISTENING and inode in holders:
                address, port = local.split(":")
                found[str(address_of(address)), int(port, 16)] = holders[inode]
    return found


def variables_of(pid: int) -> dict[str, str]:
    text = Path(f"/proc/{pid}/environ").read_text(errors="replace")
    return dict(line.partition("=")[::2] for line in text.split("\0") if "=" in line)


def join(address: str, variables: dict[str, str]) -> str:
    """What a process says that tries to join a Ray with these variables and no others of Ray's."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")} | variables
    return subprocess.run(
        [sys.executable, "-c", JOIN, address],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=90,
    ).stdout.splitlines()[-1]


def test_the_table_of_sockets_is_read() -> None:
    with (
        socket.create_server(("", 0)) as everywhere,
        socket.create_server(("127.0.0.1", 0)) as here,
    ):
        found = listening([os.getpid()])
        assert ("0.0.0.0", everywhere.getsockname()[1]) in found
        assert ("127.0.0.1", here.getsockname()[1]) in found
    assert address_of("0000000000000000FFFF00000100007F") == ipaddress.ip_address("127.0.0.1")
    assert address_of("00000000000000000000000001000000") == ipaddress.ip_address("::1")


@pytest.mark.skipif(sys.platform != "linux", reason="sockets are read from Linux's /proc")
def test_nobody_but_the_search_itself_reaches_its_ray(home: Path) -> None:
    (home / "tmp").mkdir()
    process = processes.start(
        [*LONG, "--workers", 1, "--home", home / "home"],
        home / "log",
        variables={"RAY_TMPDIR": str(home / "tmp"), "HOME": str(home)},
    )
    try:
        processes.until(
            lambda: re.search(r"[1-9]\d*/5000 trials", (home / "log").read_text()) is not None,
            90,
            "cohorts are recorded",
        )
        # training would only take time from the processes that try to join
        processes.kill(processes.find(process, "ray::ResourceTrainable"), signal.SIGSTOP)
        everybody = [process.pid, *processes.descendants(process.pid)]
        sockets = listening(everybody)
        (gcs,) = processes.find(process, "gcs_server")
        ports = [port for (_, port), pid in sockets.items() if pid == gcs]
        assert len(sockets) >= 5  # or not all were seen
        for part in ("autoscaler", "log_monitor", "dashboard.py"):
            assert processes.find(process, part) == []
        assert {address for address, _ in sockets} <= {"127.0.0.1", "::1"}, sockets

        token = variables_of(gcs)["RAY_AUTH_TOKEN"]
        assert re.fullmatch("[0-9a-f]{64}", token)
        assert not any(token in processes.words(pid) for pid in everybody)
        assert list(home.glob(".ray/*")) == []
        (folder,) = (home / "tmp").iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert list(folder.glob("s/session_*/sockets/*"))

        address = f"127.0.0.1:{ports[0]}"
        assert join(address, {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}) == "joined 1"
        for variables in (
            {"RAY_AUTH_MODE": "disabled"},
            {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64},
        ):
            assert join(address, variables).startswith("refused AuthenticationError ")
    finally:
        processes.end(process)


def test_every_search_has_a_token_of_its_own_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "of the user's cluster")
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    before, tokens, folders = dict(os.environ), set(), []
    for _ in range(2):
        with local_ray.private(3) as arguments:
            tokens.add(os.environ["RAY_AUTH_TOKEN"])
            folders.append(Path(arguments["_temp_dir"]).parent)
            assert os.environ["RAY_AUTH_MODE"] == "token"
            assert folders[-1].is_dir()
            assert (arguments["num_cpus"], arguments["_node_ip_address"]) == (3, "127.0.0.1")
        assert dict(os.environ) == before
    assert len(tokens | {"of the user's cluster"}) == 3
    assert not any(folder.exists() for folder in folders)


# ---- the folder of its sockets -------------------------------------------------------------------


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a short path."""
    with comparing.folder() as path:
        yield path


def test_the_users_folder_is_taken_where_its_path_is_short_enough(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(short))
    made = local_ray.socket_folder()
    assert made.parent == short
    made.rmdir()
    long = short / ("t" * 115)
    long.mkdir()
    monkeypatch.setenv("RAY_TMPDIR", str(long))
    made = local_ray.socket_folder()
    assert made.parent == short
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert len(f"{short}{local_ray.SOCKET_PATH}") <= local_ray.SOCKET_PATH_BYTES
    made.rmdir()


def test_no_folder_that_can_be_used_is_a_sentence(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = short / ("t" * 115)
    monkeypatch.setattr(local_ray, "_temporary_folders", lambda: [long, Path("/proc")])
    with pytest.raises(SpecError) as caught:
        local_ray.socket_folder()
    assert str(caught.value) == (
        f"no folder for temporary files can be used: {long} (too long for a socket), /proc (No such"
        " file or directory); set TMPDIR to one that you may write to, with at most"
        f" {local_ray.SOCKET_PATH_BYTES - len(local_ray.SOCKET_PATH)} characters."
    )


# ---- shared memory -------------------------------------------------------------------------------


@pytest.mark.parametrize(("free", "shared"), [(2**30, True), (64 * 2**20, False), (None, False)])
def test_the_object_store_goes_where_there_is_room(
    free: int | None, shared: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def usage(path: Path) -> object:
        if free is None:
            raise FileNotFoundError(path)
        return shutil._ntuple_diskusage(2**40, 2**40 - free, free)  # type: ignore[attr-defined]

    monkeypatch.setattr(local_ray.shutil, "disk_usage", usage)
    assert local_ray._store_folder(tmp_path) == (local_ray.SHARED_MEMORY if shared else tmp_path)


# ---- a whole search in bad surroundings ----------------------------------------------------------


def test_a_search_runs_in_bad_surroundings(home: Path) -> None:
    """TMPDIR is long, nothing answers at the proxies, HOME is unwritable, /dev/shm has 1 MB.

    The locale is POSIX's, and the current folder has a name in Cyrillic letters and files named as
    modules that Python, Ray and we load.
    """
    long = home / ("t" * 115)
    long.mkdir()
    variables = dict.fromkeys(("http_proxy", "https_proxy", "grpc_proxy"), "http://127.0.0.1:9")
    variables |= {key.upper(): value for key, value in variables.items()}
    variables |= {"TMPDIR": str(long), "HOME": "/proc", "LC_ALL": "POSIX", "LANG": "POSIX"}
    here = home / "данные"
    here.mkdir()
    for module in ("random", "types", "ray", "torch", "mlflow"):
        (here / f"{module}.py").write_text("raise RuntimeError('this is the user's own file')")
    script = Path(sys.executable).with_name("frontier-search")  # python -m loads types.py itself
    command = [str(script), *SHORT, "--home", str(home / "home")]
    small = 'mount -t tmpfs -o size=1m tmpfs /dev/shm && exec "$@"'
    isolated = ["unshare", "--mount", "sh", "-c", small, "sh"]
    can_mount = subprocess.run([*isolated, "true"], capture_output=True, check=False)
    environment = {k: v for k, v in os.environ.items() if k not in ("RAY_TMPDIR", "no_proxy")}
    ended = subprocess.run(
        [*([] if can_mount.returncode else isolated), *command],
        env=environment | processes.ENVIRONMENT | variables,
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False), ended.stderr
    assert "iris-1: 2/2 trials, finished" in ended.stderr
    assert list(long.iterdir()) == []
    if can_mount.returncode:
        pytest.skip("/dev/shm cannot be mounted again: a small one is NOT tested")


def test_as_many_workers_as_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    from frontier_search.executors import Where, joining

    monkeypatch.setattr(machine, "processors", lambda: 5)
    for where, workers in ((Where(), 5), (Where(2), 2)):
        with joining.init_arguments(where) as arguments:
            assert arguments["num_cpus"] == workers


def test_only_the_folder_of_a_dead_process_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_ray, "_temporary_folders", lambda: [tmp_path])
    dead, live, young, foreign = (tmp_path / f"ray-{name}" for name in ("a", "b", "c", "d"))
    for folder in (dead, live, young):
        folder.mkdir()
        (folder / local_ray.MARK).touch()
    for folder in (dead, live):
        os.utime(folder / local_ray.MARK, (0, 0))
    foreign.mkdir()
    with (live / local_ray.MARK).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        local_ray.remove_abandoned()
    assert sorted(tmp_path.iterdir()) == [live, young, foreign]
