"""A wheel in an empty environment, away from the checkout, runs the main job (`make wheel`).

It takes minutes, because it installs every dependency.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DATA = ("claims", "models/families", "search_spaces", "training/kernels")  # not only Python


def build(folder: Path) -> Path:
    """Builds the wheel of the checkout into a folder and returns its file."""
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", str(ROOT)]
    command = [*wheel, "--wheel-dir", str(folder)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return next(folder.glob("frontier_search-*.whl"))


def data_files() -> set[str]:
    """The files of the package that are not Python, as a wheel names them."""
    package = ROOT / "frontier_search"
    paths = [path for end in ("yaml", "csv", "c") for path in package.rglob(f"*.{end}")]
    return {str(path.relative_to(ROOT)) for path in paths}


@pytest.mark.wheel
def test_a_wheel_in_an_empty_environment_runs_the_main_job(tmp_path: Path) -> None:
    wheel = build(tmp_path)
    names = zipfile.ZipFile(wheel).namelist()
    inside = {name.rpartition(".data/purelib/")[2] for name in names}  # of a wheel with a library
    folders = {name.rpartition("/")[0] for name in data_files()}
    assert folders == {f"frontier_search/{folder}" for folder in DATA}
    assert data_files() | {"frontier_search/py.typed"} <= inside
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    binaries = tmp_path / "venv" / "bin"
    subprocess.run(
        [binaries / "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel],
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
        return done.stdout

    run("run", "iris.yaml", "--name", "shipped", "--trials", "9", "--epochs", "2")
    short = ("--name", "main", "--trials", "18", "--epochs", "2")
    run("run", "--dataset", "digits", "--objectives", "loss,params", *short)
    members = json.loads(run("frontier", "main", "--format", "json"))
    assert members
    assert all(len(member["seeds"]) == 5 for member in members)
