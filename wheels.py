"""Makes a wheel for every platform of setup.py, on one machine (`make wheels`).

    python wheels.py [FOLDER] [PLATFORM ...]

kernel.c is compiled for each of them by the package ziglang. The wheels are for any Python 3 and,
on Linux, for glibc 2.17 and newer. FOLDER is ./dist unless it is given.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from setup import TARGET, TARGETS

ROOT = Path(__file__).parent
SOURCES = ("setup.py", "pyproject.toml", "README.md", "frontier_search")
LEFT_OUT = shutil.ignore_patterns("*.so", "*.dylib", "__pycache__")  # compiled for this machine


def copy_sources(into: Path) -> Path:
    """Copies what a wheel is made of, because setuptools leaves what it builds in the source."""
    into.mkdir(parents=True)
    for path in (ROOT / each for each in SOURCES):
        if path.is_dir():
            shutil.copytree(path, into / path.name, ignore=LEFT_OUT)
        else:
            shutil.copy(path, into)
    return into


def make(name: str, folder: Path) -> Path:
    """Makes the wheel of a platform in a folder, and returns its file.

    Raises:
        subprocess.CalledProcessError: it cannot be made; what pip said is on standard error.
    """
    with tempfile.TemporaryDirectory() as scratch:
        source, made = copy_sources(Path(scratch) / "source"), Path(scratch) / "made"
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
        here = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(made), str(source)]
        subprocess.run([*pip, *here], env=os.environ | {TARGET: name}, check=True)
        (wheel,) = made.iterdir()
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.move(wheel, folder / wheel.name))


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "dist")
    for name in sys.argv[2:] or TARGETS:
        sys.stdout.write(f"{make(name, folder)}\n")


if __name__ == "__main__":
    main()
