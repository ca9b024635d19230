"""Compiles the training kernel when the package is built; everything else is in pyproject.toml.

One C file without a library and without Python's ABI becomes ``kernel-MACHINE.so``, and for x86-64
also a build with AVX2. The machine's own compiler is used, or ziglang's, which is asked for as a
build requirement where there is none. Where neither works the installation succeeds, and torch
trains.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from setuptools import Command, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build import build

FOLDER = Path("frontier_search/training/kernels")
FLAGS = ("-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast", "-Wno-psabi")
ZIG = "ziglang>=0.13"  # cross-compiles, and is a C compiler that pip can install


def compiler() -> list[str] | None:
    """Returns the command of a C compiler; None when there is none."""
    for command in (os.environ.get("CC", "").split(), ["cc"], ["gcc"], ["clang"]):
        if command and shutil.which(command[0]):
            return command
    found = importlib.util.find_spec("ziglang")
    return [sys.executable, "-m", "ziglang", "cc"] if found else None


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
        command = compiler()
        for suffix, flags in self._builds():
            target = into / f"kernel-{platform.machine().lower()}{suffix}{self._ending()}"
            arguments = [*FLAGS, *flags, "-shared", "-fPIC", str(FOLDER / "kernel.c"), "-lm"]
            try:
                if command is None:
                    raise OSError("there is no C compiler")
                subprocess.run([*command, *arguments, "-o", str(target)], check=True)
            except (OSError, subprocess.CalledProcessError) as error:
                self.warn(f"the kernel is not compiled, and torch will train: {error}")

    def get_source_files(self) -> list[str]:
        return [str(FOLDER / "kernel.c")]

    def get_outputs(self) -> list[str]:
        return list(self.get_output_mapping())

    def get_output_mapping(self) -> dict[str, str]:
        return {}

    @staticmethod
    def _builds() -> list[tuple[str, tuple[str, ...]]]:
        plain: list[tuple[str, tuple[str, ...]]] = [("", ())]
        fast = [("-avx2", ("-mavx2", "-mfma"))]
        return plain + (fast if platform.machine().lower() in ("x86_64", "amd64") else [])

    @staticmethod
    def _ending() -> str:
        return ".dylib" if platform.system() == "Darwin" else ".so"


class wheel_of_a_platform(bdist_wheel):  # noqa: N801  # setuptools names commands so
    """Tags a wheel for every Python 3 on one platform, because the kernel has no Python ABI."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", sysconfig.get_platform().replace("-", "_").replace(".", "_")


build.sub_commands.append(("build_kernel", None))
setup(
    cmdclass={"build_kernel": build_kernel, "bdist_wheel": wheel_of_a_platform},
    setup_requires=[] if compiler() else [ZIG],
)
