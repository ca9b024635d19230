"""How a command ends: exit codes 1 and 130, and what it says last."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner

from frontier_search.cli import main as console
from frontier_search.cluster.jobs import Jobs
from tests.cli.results import HERE, ROOT, TINY, Run
from tests.support import processes


def test_a_search_whose_trials_all_fail_ends_with_1_and_the_reason(
    run: Run, tmp_path: Path
) -> None:
    search = [
        "--dataset",
        "iris",
        "--families",
        "tests.support.faulty:FAMILY",
        "--seeds",
        "1",
        "--cohort",
        "10",
        "--in-flight",
        "1",
    ]
    result = run("run", *search, *HERE, "--home", tmp_path)
    assert (result.code, result.out) == (1, "")
    assert (
        "\nfrontier-search: all 20 trials so far have failed,"
        " 20 of them with: RuntimeError: the family has a bug\n" in result.err
    )
    assert f"frontier-search resume iris-1 --home {tmp_path}" in result.err
    trials = json.loads(run("trials", "iris-1", "--home", tmp_path, "--format", "json").out)
    assert {(trial["state"], trial["reason"]) for trial in trials} == {
        ("fail", "RuntimeError: the family has a bug")
    }


def test_a_database_that_cannot_be_reached_ends_with_1(run: Run, tmp_path: Path) -> None:
    result = run(
        "run",
        "--dataset",
        "iris",
        *TINY,
        *HERE,
        "--home",
        tmp_path,
        "--storage",
        f"sqlite:///{tmp_path}/nosuch/search.db",
    )
    assert (result.code, result.out) == (1, "")
    assert (
        f"frontier-search: cannot open the storage sqlite:///{tmp_path}/nosuch/search.db"
        in result.err
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_during_an_import_ends_the_process_with_130(
    tmp_path: Path, number: int
) -> None:
    """A library in C++ aborts the process when an exception is raised while it loads.

    The module here does the same.
    """
    abort = (
        "import os, time\n"
        f"try:\n    os.kill(os.getpid(), {int(number)}); time.sleep(30)\n"
        "except BaseException:\n    os.abort()\n"
    )
    (tmp_path / "native.py").write_text(abort)
    command = (
        "from frontier_search.cli.interruption import Interruptible\n"
        "with Interruptible():\n    import native"
    )
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{tmp_path}"}
    ended = subprocess.run(
        [sys.executable, "-c", command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (130, "interrupted; nothing was begun.\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_search_ends_with_130_and_says_how_to_resume(
    run: Run, tmp_path: Path, number: int
) -> None:
    flags = [
        "--dataset",
        "iris",
        "--families",
        "dense",
        "--seeds",
        "1",
        "--cohort",
        "2",
        "--trials",
        "5000",
        "--sampler",
        "random",
        "--epochs",
        "5",
    ]
    command = [
        sys.executable,
        "-m",
        "frontier_search",
        "run",
        *flags,
        *HERE,
        "--home",
        str(tmp_path),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while "/5000 trials" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert f"Resume with:\n    frontier-search resume iris-1 --home {tmp_path}\n" in err
    assert "Traceback" not in err
    (status,) = json.loads(run("status", "iris-1", "--home", tmp_path, "--format", "json").out)
    assert (status["state"], status["of"]) == ("interrupted: resume it", 5000)
    assert status["finished"] >= 2


def test_ctrl_c_before_a_search_is_submitted_says_how_to_find_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def pressed(cluster: str) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(Jobs, "of", pressed)
    ran = CliRunner().invoke(
        console.group, ["submit", "--dataset", "iris", "--cluster", "gpu.yaml"]
    )
    assert ran.exit_code != 0
    assert "see whether it was submitted: frontier-search list --cluster gpu.yaml" in ran.output


def test_a_full_disk_behind_the_output_is_a_sentence() -> None:
    command = [sys.executable, "-m", "frontier_search", "samplers"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (ended.returncode, ended.stderr) == (
        1,
        "frontier-search: cannot read or write the output: No space left on device.\n",
    )


def test_a_reader_that_closes_the_pipe_is_no_failure() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [sys.executable, "-m", "frontier_search", "datasets"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")


def test_the_exit_code_of_a_command_reaches_the_shell(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import click

    @click.command("status")
    @click.pass_context
    def stopping(context: click.Context) -> None:
        context.exit(1)

    monkeypatch.setattr(console.group, "get_command", lambda context, name: stopping)
    assert run("status").code == 1


def test_the_answer_comes_before_everything_that_ends_and_an_interruption_then_loses_nothing(
    run: Run, empty_database: Path, tmp_path: Path
) -> None:
    """Ctrl-C while the command waits for the mirror: the frontier is printed, `sync` completes."""
    script = (
        "import time\n"
        "from frontier_search import runner\n"
        "from frontier_search.cli.main import main\n"
        "from frontier_search.mirror.process import MirrorProcess\n"
        "conduct = runner.conduct\n"
        "def conducting(*arguments):\n"
        "    conduct(*arguments)\n"
        "    print('ended', flush=True)\n"
        "runner.conduct = conducting\n"
        "MirrorProcess.observe = lambda self, session: None\n"
        "MirrorProcess.finish = lambda self, show: time.sleep(60)\n"
        "main()\n"
    )
    asked = ["run", "--dataset", "iris", *TINY, *HERE, "--home", tmp_path / "home"]
    log = tmp_path / "log"
    process = processes.start([word for word in asked if word != "--no-mirror"], log, script)
    try:
        processes.until(lambda: "MLflow is being completed" in log.read_text(), 90, "the answer")
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(30) == 130
    finally:
        processes.end(process)
    said = log.read_text()
    assert 0 < said.index("val loss") < said.index("ended") < said.index("MLflow is being")
    words = said[said.index("interrupted;") :]
    assert words.startswith("interrupted; the search was over, and nothing is lost.")
    assert f"\n    frontier-search ui iris-1 --home {tmp_path}/home\n" in words
    assert f"\n    frontier-search sync iris-1 --home {tmp_path}/home\n" in words
    shutil.copy(empty_database, tmp_path / "home" / "mlflow.db")
    synced = run("sync", "iris-1", "--home", tmp_path / "home")
    assert synced.code == 0
    assert "iris-1: 7 runs created or changed" in synced.out + synced.err
