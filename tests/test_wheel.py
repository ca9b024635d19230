"""A wheel, installed into an empty environment away from the checkout, runs the main job (make wheel: minutes, for it installs everything)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def build(folder: Path) -> Path:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return next(folder.glob("frontier_search-*.whl"))


@pytest.mark.wheel
def test_a_wheel_in_an_empty_environment_runs_the_main_job(tmp_path: Path) -> None:
    wheel = build(tmp_path)
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        f"frontier_search/search_spaces/{path.name}"
        for path in (ROOT / "search_spaces").glob("*.yaml")
    }
    wanted |= {
        f"frontier_search/families/{path.name}"
        for path in (ROOT / "frontier_search/families").glob("*.yaml")
    }
    assert len(wanted) > 10
    assert wanted <= inside
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
    run(
        "run",
        "--dataset",
        "digits",
        "--objectives",
        "loss,params",
        "--name",
        "main",
        "--trials",
        "18",
        "--epochs",
        "2",
    )
    members = json.loads(run("frontier", "main", "--format", "json"))
    assert members
    assert all(len(member["seeds"]) == 5 for member in members)
