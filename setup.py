"""Compiles the training kernel when the package is built; everything else is in pyproject.toml.

One C file without a library and without Python's ABI becomes ``kernel-MACHINE.so``, and for x86-64
also a build with AVX2. The machine's own compiler is used, or that of the package ziglang, which is
a build requirement where the machine has none. Where neither works the installation succeeds, and
torch trains. The variable FRONTIER_SEARCH_TARGET names another platform; see wheels.py.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from setuptools import Command, Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build import build

FOLDER = Path("frontier_search/training/kernels")
SOURCE = FOLDER / "kernel.c"
FLAGS = ("-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast", "-Wno-psabi")
ZIG = "ziglang>=0.13"  # a C compiler that pip can install, and that compiles for other platforms
TARGET = "FRONTIER_SEARCH_TARGET"


@dataclass(frozen=True)
class Target:
    """A platform that wheels are made for.

    Attributes:
        machine: as ``platform.machine()`` says there.
        triple: as zig calls the platform, with the oldest glibc or macOS.
        tag: of the wheel.
        ending: of a shared library.
    """

    machine: str
    triple: str
    tag: str
    ending: str = ".so"


TARGETS = {
    "linux-x86_64": Target(
        "x86_64", "x86_64-linux-gnu.2.17", "manylinux2014_x86_64.manylinux_2_17_x86_64"
    ),
    "linux-aarch64": Target(
        "aarch64", "aarch64-linux-gnu.2.17", "manylinux2014_aarch64.manylinux_2_17_aarch64"
    ),
    "macos-arm64": Target("arm64", "aarch64-macos.11.0", "macosx_11_0_arm64", ".dylib"),
}


def target() -> Target:
    """Returns the platform that is built for: the one that is named, or this machine's."""
    if os.environ.get(TARGET):
        return TARGETS[os.environ[TARGET]]
    tag = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    ending = ".dylib" if platform.system() == "Darwin" else ".so"
    return Target(platform.machine().lower(), _own_triple(), tag, ending)


def _own_triple() -> str:
    system = {"Darwin": "macos"}.get(platform.system(), platform.system().lower())
    known = TARGETS.get(f"{system}-{platform.machine().lower()}")
    return known.triple if known and platform.libc_ver()[0] in ("glibc", "") else "native"


def compiler() -> list[str] | None:
    """Returns the command of a C compiler for the target; None when there is none."""
    given = os.environ.get("CC", "").split()
    for command in () if os.environ.get(TARGET) else (given, ["cc"], ["gcc"], ["clang"]):
        if command and shutil.which(command[0]):
            return [*command]
    if importlib.util.find_spec("ziglang") is None:
        return None
    zig = [sys.executable, "-m", "ziglang", "cc", "-fno-sanitize=undefined", "-s"]
    return [*zig, "-target", target().triple]


def zig_is_on_offer() -> bool:
    """Returns whether pip finds ziglang; where there is no pip to ask, it is assumed to be found.

    A build requirement that is not found would end the installation.
    """
    apart = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pip = [sys.executable, "-m", "pip"]
    name = ZIG.partition(">")[0]
    asked = [*pip, "index", "versions", name, "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*pip, "--version"], env=apart, capture_output=True, check=False).returncode:
        return True
    return not subprocess.run(asked, env=apart, capture_output=True, check=False).returncode


class build_kernel(Command):  # noqa: N801  # setuptools names commands so
    """Compiles kernel.c, for an editable installation beside its source."""

    user_options: list[tuple[str, str | None, str]] = []  # noqa: RUF012  # setuptools' own shape

    def initialize_options(self) -> None:
        self.build_lib = None
        self.editable_mode = False

    def finalize_options(self) -> None:
        self.set_undefined_options("build_py", ("build_lib", "build_lib"))

    def run(self) -> None:
        into = FOLDER if self.editable_mode else Path(self.build_lib) / FOLDER
        into.mkdir(parents=True, exist_ok=True)
        command, made = compiler(), target()
        for suffix, flags in _builds(made):
            library = into / f"kernel-{made.machine}{suffix}{made.ending}"
            arguments = [*FLAGS, *flags, digest(), "-shared", "-fPIC", str(SOURCE), "-lm"]
            try:
                if command is None:
                    raise OSError("there is no C compiler")
                subprocess.run([*command, *arguments, "-o", str(library)], check=True)
            except (OSError, subprocess.CalledProcessError) as error:
                if os.environ.get(TARGET):
                    raise  # a wheel for others must have its kernel
                self.warn(f"the kernel is not compiled, and torch will train: {error}")

    def get_source_files(self) -> list[str]:
        return [str(SOURCE)]

    def get_outputs(self) -> list[str]:
        return list(self.get_output_mapping())

    def get_output_mapping(self) -> dict[str, str]:
        return {}


def digest() -> str:
    """Returns the flag that tells the kernel its source, as ``library.digest`` reads it."""
    return f"-DSOURCE_DIGEST=0x{hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]}u"


def _builds(made: Target) -> list[tuple[str, tuple[str, ...]]]:
    """Returns the file name's suffix and the flags of each build."""
    plain: list[tuple[str, tuple[str, ...]]] = [("", ())]
    fast = [("-avx2", ("-mavx2", "-mfma"))]
    return plain + (fast if made.machine in ("x86_64", "amd64") else [])


class wheel_of_a_platform(bdist_wheel):  # noqa: N801  # setuptools names commands so
    """Tags a wheel for every Python 3 on one platform, because the kernel has no Python ABI."""

    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", target().tag


class Compiled(Distribution):
    """A package for one platform, although it has no extension module of Python."""

    def has_ext_modules(self) -> bool:
        return True


if __name__ == "__main__":
    build.sub_commands.append(("build_kernel", None))
    setup(
        distclass=Compiled,
        cmdclass={"build_kernel": build_kernel, "bdist_wheel": wheel_of_a_platform},
        setup_requires=[ZIG] if compiler() is None and zig_is_on_offer() else [],
    )
