"""What this process may use of its machine, on machines that are files in a folder."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import scipy.linalg  # noqa: F401  # with its BLAS
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from frontier_search import machine
from frontier_search.errors import SpecError

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def eight_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


def processors(folder: Path, membership: str, files: dict[str, str]) -> int:
    """What a process sees whose control groups are these files."""
    (folder / "proc" / "self").mkdir(parents=True)
    (folder / "proc" / "self" / "cgroup").write_text(membership)
    for name, text in files.items():
        path = folder / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return machine.processors(folder / "proc", folder / "cgroup")


# ---- processors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/", {}, 8),
        ("0::/", {"cpu.max": "max 100000\n"}, 8),
        ("0::/", {"cpu.max": "200000 100000\n"}, 2),
        ("0::/", {"cpu.max": "250000 100000\n"}, 3),
        ("0::/", {"cpu.max": "5000 100000\n"}, 1),
        ("0::/", {"cpu.max": "6400000 100000\n"}, 8),
        ("0::/a/b", {"a/b/cpu.max": "max 100000", "a/cpu.max": "300000 100000"}, 3),
        ("0::/a/b", {"a/b/cpu.max": "200000 100000", "a/cpu.max": "300000 100000"}, 2),
        ("0::/docker/1f", {"cpu.max": "400000 100000"}, 4),
        ("0::/../../a", {"a/cpu.max": "400000 100000"}, 4),
        ("0::/", {"cpu.max": "nonsense"}, 8),
        ("0::/", {"cpu.max": "1 0"}, 8),
        (
            "4:memory:/a\n3:cpu,cpuacct:/a\n0::/",
            {
                "cpu,cpuacct/a/cpu.cfs_quota_us": "150000",
                "cpu,cpuacct/a/cpu.cfs_period_us": "50000",
            },
            3,
        ),
        ("3:cpu:/a", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        (
            "3:cpu,cpuacct:/docker/1f",
            {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"},
            1,
        ),
        ("3:cpu:/", {"cpu/cpu.cfs_quota_us": "100000"}, 8),
        ("3:cpuset:/", {"cpu/cpu.cfs_quota_us": "1", "cpu/cpu.cfs_period_us": "1"}, 8),
    ],
)
def test_the_quota_of_a_control_group_is_kept(
    tmp_path: Path, membership: str, files: dict[str, str], expected: int
) -> None:
    assert processors(tmp_path, membership, files) == expected


@given(quota=st.integers(1, 10**9), period=st.integers(1, 10**6))
def test_a_quota_is_rounded_up_and_never_above_the_affinity(
    tmp_path_factory: pytest.TempPathFactory, quota: int, period: int
) -> None:
    found = processors(tmp_path_factory.mktemp("group"), "0::/", {"cpu.max": f"{quota} {period}"})
    assert found == max(1, min(8, math.ceil(quota / period)))


def test_without_control_groups_the_affinity_decides(tmp_path: Path) -> None:
    assert machine.processors(tmp_path, tmp_path) == 8


def test_without_an_affinity_the_machine_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(machine.os, "sched_getaffinity")
    monkeypatch.setattr(machine.os, "cpu_count", lambda: None)
    assert machine.processors(tmp_path, tmp_path) == 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_a_process_that_is_bound_to_one_processor_sees_one() -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from frontier_search.machine import processors; print(processors())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "1\n"


# ---- proxies -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "127.0.0.1,localhost,::1"),
        ({"no_proxy": "example.com, 10.0.0.1"}, "example.com,10.0.0.1,127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "localhost"}, "localhost,127.0.0.1,::1"),
    ],
)
def test_no_proxy_stands_between_this_machine_and_itself(
    given: dict[str, str], expected: str
) -> None:
    environment = given | {"http_proxy": "http://proxy:3128"}
    for _ in range(2):
        machine.spare_loopback(environment)
        assert environment == {
            "http_proxy": "http://proxy:3128",
            "no_proxy": expected,
            "NO_PROXY": expected,
        }


# ---- folders of others ---------------------------------------------------------------------------


def test_a_folder_that_may_not_be_written_is_named_with_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.require_writable(tmp_path)
    monkeypatch.setattr(machine.os, "access", lambda *_: False)
    with pytest.raises(SpecError, match=rf"cannot write to {tmp_path}, which belongs to \w+; run "):
        machine.require_writable(tmp_path)

    def nameless(path: Path) -> str:
        raise KeyError(path)

    monkeypatch.setattr(Path, "owner", nameless)
    with pytest.raises(
        SpecError, match=rf"which belongs to user {os.getuid()}; run the command as"
    ):
        machine.require_writable(tmp_path)


# ---- Windows -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "use",
    [
        "sys.platform = 'win32'; main()",
        "sys.platform, sys.argv[1:] = 'win32', ['-h']; main()",
    ],
    ids=["without a command", "--help"],
)
def test_windows_is_refused_before_anything_that_it_lacks_is_imported(use: str) -> None:
    main = "from frontier_search.cli.main import main"
    code = f"import sys; sys.modules['fcntl'] = None; {main}; {use}"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("frontier-search: Windows itself is not supported; run")
    assert ended.stderr.count("\n") == 1


def test_windows_is_refused_from_python_too() -> None:
    code = (
        "import sys, frontier_search; sys.modules['fcntl'] = None; sys.platform = 'win32'\n"
        "try:\n    import frontier_search.storage.folder\n"
        "except frontier_search.SpecError as error:\n    print(error)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert said.stdout.startswith("Windows itself is not supported; run frontier-search on Linux")


# ---- the processor's name ------------------------------------------------------------------------


def test_the_processor_has_the_name_that_the_system_gives_it(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Abacus 3\nflags\t: a b\n")
    assert machine.processor_name(tmp_path) == "Abacus 3"
    assert machine.processor_name(tmp_path / "missing")


# ---- matrices and garbage ------------------------------------------------------------------------


def threads_of_blas() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def test_matrices_have_one_thread_inside_the_block_and_as_many_as_before_after_it() -> None:
    with threadpool_limits(2, user_api="blas"):
        before = threads_of_blas()
        with machine.one_thread_for_matrices():
            assert threads_of_blas() == {1}
        assert threads_of_blas() == before


def test_what_a_command_registered_runs_before_the_collector_is_spared_at_its_end() -> None:
    code = (
        "import atexit, gc\ndef show(): print(gc.get_threshold()[0], gc.get_freeze_count() > 0)\n"
        "atexit.register(show); from frontier_search import machine; machine.spare_collector()\n"
        "atexit.register(show)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    n = machine.NEW_OBJECTS
    assert said.stdout.splitlines() == [f"{n} False", f"{n} True"]
