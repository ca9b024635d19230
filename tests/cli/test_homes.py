"""Homes: not writable, of another user, without the search, with a search that is damaged."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from frontier_search.storage import catalog
from tests.cli.results import HERE, ROOT, TINY, Result, Run, only_mistake
from tests.support import toys

# Runs the console script once an argument, and prints its exit code and what it said as JSON.
ONE_AFTER_ANOTHER = """
import contextlib, io, json, sys
from frontier_search.cli.main import main
for arguments in map(json.loads, sys.argv[1:]):
    sys.argv = ["frontier-search", *arguments]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        with contextlib.redirect_stderr(io.StringIO()) as err:
            try:
                main()
            except SystemExit as stop:
                code = int(stop.code or 0)
    print(json.dumps([code, out.getvalue(), err.getvalue()]))
"""


def test_a_name_that_exists_comes_with_the_command_that_resumes_it(run: Run, home: Path) -> None:
    mistake = only_mistake(
        run("run", "--dataset", "iris", "--name", "toy-1", *HERE, "--home", home)
    )
    assert (
        f"a search named 'toy-1' exists in {home}. Continue it with"
        f" `frontier-search resume toy-1 --home {home}`, or choose" in mistake
    )


def test_a_home_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    below = only_mistake(
        run("run", "--dataset", "iris", *TINY, *HERE, "--home", tmp_path / "file" / "below")
    )
    assert (
        f"cannot write to --home {tmp_path}/file/below: Not a directory."
        " Give a folder that you may write to" in below
    )
    assert "cannot write to --home /proc/home" in only_mistake(
        run("run", "--dataset", "iris", *TINY, *HERE, "--home", "/proc/home")
    )
    itself = run("run", "--dataset", "iris", *TINY, *HERE, "--home", tmp_path / "file")
    assert itself.code == 2
    assert "is a file" in itself.err


def test_a_home_of_another_user_can_be_read_and_not_written(home: Path, tmp_path: Path) -> None:
    is_root = os.getuid() == 0
    if is_root and not shutil.which("setpriv"):
        pytest.skip("there is no setpriv: a home of another user is NOT tested")
    # without these powers root too may not write everywhere
    powers = "-dac_override,-dac_read_search,-fowner"
    without_powers = ["setpriv", f"--bounding-set={powers}"] if is_root else []
    theirs = tmp_path / "theirs"
    shutil.copytree(home, theirs)
    for path in [theirs, *theirs.rglob("*")]:
        if is_root:
            os.chown(path, 65534, 65534)
        path.chmod(0o555 if path.is_dir() else 0o444)

    commands: list[list[str]] = [
        ["frontier", "toy-1", "--format", "json"],
        ["run", "--dataset", "iris", *TINY, *HERE],
        ["resume", "toy-2", *HERE],
        ["sync", "toy-1"],
        ["report", "toy-1"],
    ]
    ended = subprocess.run(
        [*without_powers, sys.executable, "-c", ONE_AFTER_ANOTHER]
        + [json.dumps([*command, "--home", str(theirs)]) for command in commands],
        env=os.environ | {"HOME": "/proc", "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    results = [Result(*json.loads(line)) for line in ended.stdout.splitlines()]
    read, new_one, said, synced, reported = results
    assert (read.code, read.err) == (0, "")
    assert json.loads(read.out)
    new = only_mistake(new_one)
    assert f"cannot write to --home {theirs}: Permission denied. Give a folder that you may" in new
    assert (said.code, said.out) == (2, "")
    last = said.err.splitlines()[-1]
    assert last.startswith(f"frontier-search: cannot write to {theirs}/toy-2, which belongs to ")
    assert "run the command as that user, or copy the folder to a --home of your own" in last
    refused = f"cannot read or write {theirs}/toy-1/{{}}: Permission denied."
    assert only_mistake(synced) == refused.format("mirror.lock")
    assert only_mistake(reported) == refused.format("report")


@pytest.mark.parametrize("command", ["frontier", "trials", "resume", "status", "sync"])
def test_an_unknown_search_is_named_with_the_nearest(
    run: Run, home: Path, tmp_path: Path, command: str
) -> None:
    assert "unknown search 'toy-3'. Did you mean 'toy-" in only_mistake(
        run(command, "toy-3", "--home", home)
    )
    assert (
        f"there is no search in {tmp_path}; start one with `frontier-search run`"
        in only_mistake(run(command, "toy-3", "--home", tmp_path))
    )


def test_a_damaged_search_is_named(run: Run, tmp_path: Path) -> None:
    entry = catalog.define(toys.search(), tmp_path)
    entry.folder.search_file.write_text("trials: [")
    for command in ("trials", "resume", "frontier", "status"):
        assert "search.yaml is not valid YAML" in only_mistake(
            run(command, "toy-1", "--home", tmp_path)
        )


def test_a_running_search_is_not_resumed(run: Run, tmp_path: Path) -> None:
    entry = catalog.define(toys.search(dataset="iris"), tmp_path)
    with entry.folder.lock():
        result = run("resume", "toy-1", "--home", tmp_path, *HERE)
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[-1].startswith(
        f"frontier-search: search 'toy-1' is already running in process {os.getpid()} on "
    )


def test_a_search_that_cannot_be_read_does_not_hide_the_others(run: Run, tmp_path: Path) -> None:
    catalog.define(toys.search(), tmp_path)
    broken = catalog.define(toys.search(name="toy-2"), tmp_path)
    broken.folder.search_file.write_text("trials: [")
    result = run("status", "--home", tmp_path, "--format", "json")
    assert (result.code, [row["search"] for row in json.loads(result.out)]) == (1, ["toy-1"])
    assert re.fullmatch(
        r"frontier-search: toy-2: .*search\.yaml is not valid YAML at line 1, .*\n", result.err
    )
