"""Wheels for every platform, one of them in an empty environment, and a machine without a compiler.

It takes minutes, because ziglang is large and every dependency is installed (`make wheel`).
"""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import wheels
from setup import TARGETS, target

ROOT = Path(__file__).parents[1]
DATA = (  # folders with other files than Python
    "claims",
    "export",
    "export/devices",
    "export/devices/larger_code",
    "export/integer/runtime",
    "export/raw",
    "export/raw/runtime",
    "export/runtime",
    "models/families",
    "reports",
    "reports/page",
    "search_spaces",
    "training/kernels",
)
ENDS = ("yaml", "csv", "c", "json", "html", "css", "js", "txt")
KERNELS = "frontier_search/training/kernels"
TAGS = {
    "linux-x86_64": "manylinux2014_x86_64.manylinux_2_17_x86_64",
    "linux-aarch64": "manylinux2014_aarch64.manylinux_2_17_aarch64",
    "macos-arm64": "macosx_11_0_arm64",
}
LIBRARIES = {
    "linux-x86_64": {"kernel-x86_64.so", "kernel-x86_64-avx2.so"},
    "linux-aarch64": {"kernel-aarch64.so"},
    "macos-arm64": {"kernel-arm64.dylib"},
}
ELF_MACHINES = {62: "linux-x86_64", 183: "linux-aarch64"}  # e_machine
MACH_O_64, ARM_64, CODE_SIGNATURE = 0xFEEDFACF, 0x0100000C, 0x1D
HERE = next(name for name, each in TARGETS.items() if each.machine == target().machine)

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module", params=TARGETS)
def wheel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheels.make(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture
def own_wheel(tmp_path: Path) -> Path:
    """The wheel for this machine."""
    return wheels.make(HERE, tmp_path / "wheel")


def data_files() -> set[str]:
    """The files of the package that are not Python, as a wheel names them."""
    package = ROOT / "frontier_search"
    paths = [path for end in ENDS for path in package.rglob(f"*.{end}")]
    return {str(path.relative_to(ROOT)) for path in paths}


def libraries(wheel: Path) -> dict[str, bytes]:
    """The compiled kernels of a wheel, by their file name."""
    inside = zipfile.ZipFile(wheel)
    names = [name for name in inside.namelist() if name.endswith((".so", ".dylib"))]
    assert all(name.startswith(f"{KERNELS}/kernel-") for name in names)
    return {name.rpartition("/")[2]: inside.read(name) for name in names}


def platform_of(library: bytes) -> str:
    """The platform that a shared library says it is for, in the header of its ELF or Mach-O."""
    if library.startswith(b"\x7fELF"):
        return ELF_MACHINES[struct.unpack_from("<H", library, 18)[0]]
    magic, processor, _, _, n_commands = struct.unpack_from("<5I", library)
    assert (magic, processor) == (MACH_O_64, ARM_64)
    commands, at = [], 32
    for _ in range(n_commands):
        command, length = struct.unpack_from("<2I", library, at)
        commands.append(command)
        at += length
    assert CODE_SIGNATURE in commands  # macOS ends a process that loads one without
    return "macos-arm64"


def test_a_wheel_is_for_any_python_3_on_its_platform(wheel: Path) -> None:
    name = next(name for name, tag in TAGS.items() if wheel.name.endswith(f"-py3-none-{tag}.whl"))
    found = libraries(wheel)
    assert set(found) == LIBRARIES[name]
    assert {platform_of(library) for library in found.values()} == {name}
    for library in found.values():
        versions = re.findall(rb"GLIBC_2\.(\d+)", library)
        assert all(int(minor) <= 17 for minor in versions)


def test_a_wheel_in_an_empty_environment_runs_the_main_job(own_wheel: Path, tmp_path: Path) -> None:
    inside = set(zipfile.ZipFile(own_wheel).namelist())
    folders = {name.rpartition("/")[0] for name in data_files()}
    assert folders == {f"frontier_search/{folder}" for folder in DATA}
    assert data_files() | {"frontier_search/py.typed"} <= inside
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    binaries = tmp_path / "venv" / "bin"
    subprocess.run(
        [binaries / "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", own_wheel],
        check=True,
        capture_output=True,
    )

    def run(*arguments: str) -> str:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        done = subprocess.run(
            [binaries / "frontier-search", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "the compiled kernel is not installed" not in done.stderr
        return done.stdout

    run("run", "iris.yaml", "--name", "shipped", "--trials", "9", "--epochs", "2")
    short = ("--name", "main", "--trials", "18", "--epochs", "2")
    run("run", "--dataset", "digits", "--objectives", "loss,params", *short)
    members = json.loads(run("frontier", "main", "--format", "json"))
    assert members
    assert all(len(member["seeds"]) == 5 for member in members)


def without_compiler(tmp_path: Path, *flags: str, **variables: str) -> Path:
    """Builds a wheel on a PATH without a compiler, and returns its file."""
    path = tmp_path / "path"
    path.mkdir()
    (path / "env").symlink_to("/usr/bin/env")
    source, made = wheels.copy_sources(tmp_path / "source"), tmp_path / "made"
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-cache-dir", *flags]
    environment = {name: value for name, value in os.environ.items() if name != "CC"}
    subprocess.run(
        [*pip, "--wheel-dir", str(made), str(source)],
        env=environment | {"PATH": str(path)} | variables,
        check=True,
    )
    (wheel,) = made.iterdir()
    return wheel


def test_without_a_compiler_ziglang_is_asked_for(tmp_path: Path) -> None:
    found = libraries(without_compiler(tmp_path))
    assert set(found) == LIBRARIES[HERE]
    assert {platform_of(library) for library in found.values()} == {HERE}


def test_where_nothing_compiles_torch_trains_and_a_line_says_what_that_costs(
    tmp_path: Path,
) -> None:
    broken = tmp_path / "broken" / "ziglang"  # ends with an error, in place of the real one
    broken.mkdir(parents=True)
    (broken / "__init__.py").touch()
    (broken / "__main__.py").write_text("raise SystemExit(1)")
    wheel = without_compiler(tmp_path, "--no-build-isolation", PYTHONPATH=str(broken.parent))
    assert libraries(wheel) == {}
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    asked = ("--dataset", "iris", "--families", "dense", "--trials", "2", "--epochs", "1")
    done = subprocess.run(
        [sys.executable, "-m", "frontier_search", "run", *asked, "--executor", "inline"],
        cwd=tmp_path / "installed",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if "compiled kernel" in line]
    assert "torch trains, which takes two to ten times as long" in line
