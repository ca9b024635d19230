"""The command line: exit codes, messages that name the mistake and the way out, and data alone on standard output."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml
from click.testing import CliRunner

from frontier_search.cli import main as console
from frontier_search.cluster.jobs import Jobs
from frontier_search.errors import SpecError
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.storage import catalog
from frontier_search.storage.locations import Locations
from tests.support import fakes, s3, toys

TINY = [
    "--families",
    "dense,no_recurrence",
    "--trials",
    "6",
    "--seeds",
    "2",
    "--epochs",
    "2",
    "--cohort",
    "3",
    "--sampler",
    "random",
]
ROOT = Path(__file__).parents[2]
HERE = ["--executor", "inline", "--no-mirror"]


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the console script in this process."""

    def command(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["frontier-search", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as stop:
            console.main()
        out, err = capfd.readouterr()
        return Result(int(stop.value.code or 0), out, err)

    return command


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a finished search, toy-1, and one that has just been defined, toy-2."""
    folder = tmp_path_factory.mktemp("home")
    entry = catalog.define(toys.search(dataset="iris"), folder)
    fakes.play(Session(entry.search, entry.open_storage(writable=True)))
    catalog.define(toys.search(dataset="iris", name="toy-2"), folder)
    return folder


def mistakes(result: Result) -> list[str]:
    """The sentences of a command that ended with 2, which is all that it printed."""
    assert (result.code, result.out) == (2, "")
    lines = result.err.splitlines()
    assert all(line.startswith("frontier-search: ") for line in lines)
    return [line.removeprefix("frontier-search: ") for line in lines]


def only_mistake(result: Result) -> str:
    (mistake,) = mistakes(result)
    return mistake


# ---- a search from end to end --------------------------------------------------------------------


def test_a_search_is_run_read_and_resumed(run: Run, tmp_path: Path) -> None:
    ran = run("run", "--dataset", "iris", *TINY, *HERE, "--home", tmp_path)
    assert ran.code == 0, ran.err
    assert "iris-1: 6/6 trials" in ran.err
    assert f"frontier-search frontier iris-1 --home {tmp_path} --plot frontier.png" in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["iris-1"]  # no mirror was made
    trials = json.loads(run("trials", "iris-1", "--home", tmp_path, "--format", "json").out)
    assert [trial["trial"] for trial in trials] == list(range(6))
    assert {trial["family"] for trial in trials} == {"dense", "no_recurrence"}
    assert all(len(trial["seeds"]) == 2 and trial["seeds"][0]["val_loss"] > 0 for trial in trials)
    resumed = run("resume", "iris-1", "--home", tmp_path, *HERE)
    assert (resumed.code, resumed.out) == (0, ran.out)
    more = run("resume", "iris-1", "--home", tmp_path, "--trials", "8", *HERE)
    assert more.code == 0
    longer = json.loads(run("trials", "iris-1", "--home", tmp_path, "--format", "json").out)
    assert longer[:6] == trials
    assert len(longer) == 8


def test_a_file_of_settings_is_overridden_by_flags(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("search.yaml").write_text(
        "dataset: iris\ntrials: 50\nseeds: 3\nfamilies: {dense: {hidden: 4, learning_rate: 1e-3}}\nname: mine\n"
    )
    shown = run(
        "run",
        "search.yaml",
        "--trials",
        "7",
        "--require",
        "params<=500",
        "--require",
        "flops<=1e5",
        "--dry-run",
    )
    assert shown.code == 0
    spec = yaml.safe_load(shown.out)
    assert (spec["trials"], spec["seeds"], spec["name"]) == (7, [101, 202, 303], "mine")
    assert spec["families"] == {"dense": {"hidden": 4, "learning_rate": 0.001}}
    assert spec["require"] == ["params<=500", "flops<=100000"]


@pytest.mark.parametrize(
    ("given", "seeds"), [("2", [101, 202]), ("101,202,303", [101, 202, 303]), ("42,", [42])]
)
def test_seeds_are_a_number_or_a_list(
    run: Run, tmp_path: Path, given: str, seeds: list[int]
) -> None:
    shown = run("run", "--dataset", "iris", "--seeds", given, "--home", tmp_path, "--dry-run")
    assert (shown.code, yaml.safe_load(shown.out)["seeds"]) == (0, seeds)
    sweep = tmp_path / "many.yaml"
    sweep.write_text("defaults: {seeds: 7, trials: 3}\nsearches: [iris, wine]\n")
    shown = run("sweep", sweep, "--seeds", given, "--home", tmp_path, "--dry-run")
    assert shown.code == 0
    assert shown.out.count(f"3 candidates x {len(seeds)} seeds") == 2


def test_a_mistake_in_the_seeds_of_a_sweep(run: Run, tmp_path: Path) -> None:
    sweep = tmp_path / "many.yaml"
    sweep.write_text("searches: [iris]\n")
    said = only_mistake(run("sweep", sweep, "--seeds", "101,x", "--home", tmp_path, "--dry-run"))
    assert "seeds = '101,x'; 'x' is not a seed; give how many (5)" in said


def test_a_dry_run_shows_the_whole_search_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    shown = run(
        "run", "--dataset", "iris", "--home", tmp_path / "home", "--dry-run", "--time-budget", "10m"
    )
    assert (shown.code, shown.err) == (0, "")
    search = Search.from_spec(yaml.safe_load(shown.out))
    assert (search.name, search.time_budget_s, search.trials) == ("iris-1", 600, 100)
    assert shown.out.startswith(f"# fingerprint {search.fingerprint()}; 100 candidates x 5 seeds\n")
    assert list(tmp_path.iterdir()) == []


def test_names_are_counted_up_unless_they_are_given(run: Run, home: Path) -> None:
    assert (
        yaml.safe_load(run("run", "--dataset", "iris", "--home", home, "--dry-run").out)["name"]
        == "iris-1"
    )
    assert (
        yaml.safe_load(
            run(
                "run", "--dataset", "tests.support.toys:MULTICLASS", "--home", home, "--dry-run"
            ).out
        )["name"]
        == "tests.support-1"
    )
    assert (
        yaml.safe_load(
            run("run", "--dataset", "iris", "--name", "mine", "--home", home, "--dry-run").out
        )["name"]
        == "mine"
    )


# ---- mistakes: 2 ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--dataset", "irs"], "unknown dataset 'irs'. Did you mean 'iris'? Allowed: circles,"),
        (["--dataset", "rows.csv"], "rows.csv"),
        ([], "no dataset given; name one with --dataset NAME|FILE or the key `dataset`."),
        (
            ["--dataset", "iris", "--families", "dens"],
            "unknown family 'dens'. Did you mean 'dense'? Allowed: ",
        ),
        (["--dataset", "iris", "--families", ""], "no family given"),
        (
            ["--dataset", "iris", "--objectives", "los"],
            "unknown objective 'los'. Did you mean 'loss'? Allowed: accuracy,",
        ),
        (
            ["--dataset", "iris", "--objectives", "loss,params,loss"],
            "objective 'loss' is listed twice; list it once.",
        ),
        (
            ["--dataset", "sine", "--objectives", "error,params"],
            "objective 'error' needs classes, and the dataset is a regression; use loss.",
        ),
        (
            ["--dataset", "iris", "--sampler", "tppe"],
            "unknown sampler 'tppe'. Did you mean 'tpe'? Allowed: gp, nsga2, random, tpe.",
        ),
        (
            ["--dataset", "iris", "--select", "bst"],
            "unknown select 'bst'. Did you mean 'best'? Allowed: best, last.",
        ),
        (
            ["--dataset", "iris", "--families-budget", "equal"],
            "unknown families_budget 'equal'. Allowed: balanced, free.",
        ),
        (
            ["--dataset", "iris", "--trials", "-5"],
            "trials = -5; a whole number of at least 1 is needed.",
        ),
        (
            ["--dataset", "iris", "--trials", "0"],
            "trials = 0; a whole number of at least 1 is needed.",
        ),
        (
            ["--dataset", "iris", "--seeds", "0"],
            "seeds = 0; at least one seed is needed to train a model.",
        ),
        (
            ["--dataset", "iris", "--seeds", "101,x"],
            "seeds = '101,x'; 'x' is not a seed; give how many (5), or a list of different whole",
        ),
        (["--dataset", "iris", "--seeds", "7,7"], "seeds = '7,7'; 7 is given twice; give how many"),
        (["--dataset", "iris", "--seeds", ""], "seeds = ''; give how many (5), or a list of"),
        (["--dataset", "iris", "--seeds", "many"], "seeds = 'many'; give how many (5), or a list"),
        (
            ["--dataset", "iris", "--epochs", "-1"],
            "epochs = -1; a whole number of at least 1 is needed.",
        ),
        (
            ["--dataset", "iris", "--cohort", "0"],
            "cohort = 0; a whole number of at least 1 is needed.",
        ),
        (
            ["--dataset", "iris", "--in-flight", "0"],
            "in_flight = 0; a whole number of at least 1 is needed.",
        ),
        (
            ["--dataset", "iris", "--seed", "-1"],
            "seed = -1; a whole number of at least 0 is needed.",
        ),
        (
            ["--dataset", "iris", "--time-budget", "-5m"],
            "time_budget = '-5m'; write a positive time such as 90s, 10m or 2h.",
        ),
        (
            ["--dataset", "iris", "--require", "params<100"],
            "cannot read the bound 'params<100'; write OBJECTIVE<=NUMBER, e.g. params<=1000",
        ),
        (
            ["--dataset", "iris", "--families", "dense", "--require", "params<=5"],
            "family 'dense': no candidate keeps params<=5; the smallest has params =",
        ),
        (["--dataset", "iris", "--name", "a/b"], "the name 'a/b' cannot name a folder;"),
        (
            ["--dataset", "iris", "--storage", "mysql://x"],
            "unknown storage 'mysql://x'. Allowed: journal",
        ),
    ],
)
def test_a_mistake_is_named_with_what_is_allowed(
    run: Run, tmp_path: Path, flags: list[str], words: str
) -> None:
    assert words in only_mistake(run("run", *flags, *HERE, "--home", tmp_path / "home"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--dataset", "wine"], "--dataset is given 2 times ('iris', 'wine'); give it once."),
        (
            ["--seeds", "2", "--seeds", "101,202"],
            "--seeds is given 2 times (2, '101,202'); give it once.",
        ),
        (
            ["--executor", "inline", "--workers", "4"],
            (
                "--workers: --executor inline trains in one process of this machine; leave out"
                " --workers, or --executor inline."
            ),
        ),
        (
            ["--executor", "inline", "--workers", "4", "--address", "auto"],
            (
                "--workers and --address: --executor inline trains in one process of this machine;"
                " leave out --workers and --address, or --executor inline."
            ),
        ),
    ],
)
def test_flags_that_would_have_no_effect_are_refused(
    run: Run, tmp_path: Path, flags: list[str], words: str
) -> None:
    assert only_mistake(run("run", "--dataset", "iris", *flags, "--home", tmp_path)) == words
    assert list(tmp_path.iterdir()) == []


def test_bounds_may_be_repeated(run: Run, tmp_path: Path) -> None:
    bounds = ["--require", "params<=500", "--require", "flops<=1000"]
    shown = run("run", "--dataset", "iris", *bounds, "--home", tmp_path, "--dry-run")
    assert yaml.safe_load(shown.out)["require"] == ["params<=500", "flops<=1000"]


@pytest.mark.parametrize("command", ["resume", "sweep"])
def test_workers_in_one_process_are_refused_by_every_command(
    run: Run, home: Path, tmp_path: Path, command: str
) -> None:
    sweep = tmp_path / "many.yaml"
    sweep.write_text("searches: [iris]\n")
    what = "toy-2" if command == "resume" else sweep
    flags = ["--executor", "inline", "--workers", "2", "--home", home]
    assert only_mistake(run(command, what, *flags)).startswith("--workers: --executor inline")


def test_all_mistakes_at_once(run: Run, tmp_path: Path) -> None:
    flags = [
        "--dataset",
        "irs",
        "--families",
        "dens",
        "--objectives",
        "los",
        "--sampler",
        "tppe",
        "--trials",
        "-1",
        "--seeds",
        "0",
    ]
    found = mistakes(run("run", *flags, "--home", tmp_path))
    assert len(found) == 6
    assert [mistake.split("'")[1] for mistake in found if "unknown" in mistake] == [
        "irs",
        "dens",
        "los",
        "tppe",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "dataset: iris\ntrails: 10\n",
            "unknown key 'trails'. Did you mean 'trials'? Allowed: batch_size, candidates, cohort,",
        ),
        (
            "dataset: iris\nfamilies: {dense: {hidden: {int: [64, 2]}}}\n",
            "family 'dense': parameter 'hidden' has low > high: [64, 2]; give the smaller",
        ),
        (
            "dataset: iris\nfamilies: {dense: {hiden: 4}}\n",
            "family 'dense': unknown parameter 'hiden'. Did you mean 'hidden'?",
        ),
        ("dataset: [iris\n", "search.yaml is not valid YAML"),
        ("- iris\n", "search.yaml holds a list; a search is a mapping of settings"),
        ("", "search.yaml holds nothing; a search is a mapping of settings"),
        (None, "there is no file search.yaml."),
    ],
)
def test_a_mistake_in_a_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("search.yaml").write_text(content)
    assert words in only_mistake(run("run", "search.yaml", *HERE))
    assert not Path("frontier-runs").exists()


def test_a_name_that_exists_comes_with_the_command_that_resumes_it(run: Run, home: Path) -> None:
    mistake = only_mistake(
        run("run", "--dataset", "iris", "--name", "toy-1", *HERE, "--home", home)
    )
    assert (
        f"a search named 'toy-1' exists in {home}. Continue it with `frontier-search resume toy-1 --home {home}`, or choose"
        in mistake
    )


def test_a_home_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    below = only_mistake(
        run("run", "--dataset", "iris", *TINY, *HERE, "--home", tmp_path / "file" / "below")
    )
    assert (
        f"cannot write to --home {tmp_path}/file/below: Not a directory. Give a folder that you may write to"
        in below
    )
    assert "cannot write to --home /proc/home" in only_mistake(
        run("run", "--dataset", "iris", *TINY, *HERE, "--home", "/proc/home")
    )
    itself = run("run", "--dataset", "iris", *TINY, *HERE, "--home", tmp_path / "file")
    assert itself.code == 2
    assert "is a file" in itself.err


def test_a_home_of_another_user_is_read_and_not_written(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs"
    shutil.copytree(home, theirs)
    for path in [theirs, *theirs.rglob("*")]:
        if os.getuid() == 0:
            os.chown(path, 65534, 65534)
        path.chmod(0o555 if path.is_dir() else 0o444)
    powers = "-dac_override,-dac_read_search,-fowner"  # with which root writes everywhere
    without = ["setpriv", f"--bounding-set={powers}"] if os.getuid() == 0 else []
    if without and subprocess.run([*without, "true"], check=False, capture_output=True).returncode:
        pytest.skip("root's powers cannot be dropped: a home of another user is NOT tested")

    def run(*arguments: object) -> Result:
        command = [*without, sys.executable, "-m", "frontier_search", *map(str, arguments)]
        environment = os.environ | {"HOME": "/proc", "PYTHONPATH": str(ROOT)}
        ended = subprocess.run(
            [*command, "--home", str(theirs)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return Result(ended.returncode, ended.stdout, ended.stderr)

    for command in ("frontier", "trials", "status"):
        read = run(command, "toy-1", "--format", "json")
        assert (read.code, read.err) == (0, "")
        assert json.loads(read.out)
    new = only_mistake(run("run", "--dataset", "iris", *TINY, *HERE))
    assert f"cannot write to --home {theirs}: Permission denied. Give a folder that you may" in new
    for more in ([], ["--trials", "50"]):
        said = run("resume", "toy-2", *more, *HERE)
        assert (said.code, said.out) == (2, "")
        last = said.err.splitlines()[-1]
        assert last.startswith(
            f"frontier-search: cannot write to {theirs}/toy-2, which belongs to "
        )
        assert "run the command as that user, or copy the folder to a --home of your own" in last
    synced = only_mistake(run("sync", "toy-1"))
    assert synced == f"cannot read or write {theirs}/toy-1/mirror.lock: Permission denied."
    reported = only_mistake(run("report", "toy-1"))
    assert reported == f"cannot read or write {theirs}/toy-1/report: Permission denied."


@pytest.mark.parametrize("command", ["frontier", "trials", "resume", "status", "sync"])
def test_a_search_that_is_not_there(run: Run, home: Path, tmp_path: Path, command: str) -> None:
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


def test_a_smaller_budget_is_refused(run: Run, home: Path) -> None:
    assert "--trials 5: the search has a budget of 12 already" in only_mistake(
        run("resume", "toy-2", "--home", home, "--trials", "5", *HERE)
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["runn"],
            "no such command 'runn'. Did you mean 'run'? Allowed: run, sweep, resume, status,",
        ),
        (["zzz"], "no such command 'zzz'. Allowed: run, sweep, resume, status,"),
        (["run", "--trails", "5"], "--trials"),
        (["run", "--trials", "many"], "'many' is not a valid integer"),
        (["run", "--executor", "thread"], "'thread' is not one of 'inline', 'ray_tune'"),
        (["trials"], "Missing argument 'NAME'"),
        (["trials", "toy-1", "--format", "xml"], "'xml' is not one of 'table', 'csv', 'json'"),
        (["frontier", "toy-1", "--split", "train"], "'train' is not one of 'val', 'test'"),
        (["resume", "toy-1", "--trials", "0"], "0 is not in the range x>=1"),
        (["resume", "toy-1", "--workers", "0"], "0 is not in the range x>=1"),
        (["count", "dense"], "Missing option '--dataset'"),
    ],
)
def test_a_command_that_cannot_be_read(run: Run, arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert words in " ".join(result.err.split())


# ---- a search that fails: 1 ----------------------------------------------------------------------


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
        "\nfrontier-search: all 20 trials so far have failed, 20 of them with: RuntimeError: the family has a bug\n"
        in result.err
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


# ---- an interruption: 130 ------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_inside_an_import_ends_the_process_in_good_order(
    tmp_path: Path, number: int
) -> None:
    """Libraries in C++ abort the process when an exception comes up while they load; this one does as they do."""
    abort = f"import os, time\ntry:\n    os.kill(os.getpid(), {int(number)}); time.sleep(30)\nexcept BaseException:\n    os.abort()\n"
    (tmp_path / "native.py").write_text(abort)
    command = "from frontier_search.cli.interruption import Interruptible\nwith Interruptible():\n    import native"
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
def test_an_interrupted_search_ends_with_130_and_says_how_to_go_on(
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
    assert f"Go on with:\n    frontier-search resume iris-1 --home {tmp_path}\n" in err
    assert "Traceback" not in err
    (status,) = json.loads(run("status", "iris-1", "--home", tmp_path, "--format", "json").out)
    assert (status["state"], status["of"]) == ("interrupted: resume it", 5000)
    assert status["finished"] >= 2


# ---- data ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["frontier", "trials"])
def test_json_and_csv_hold_the_same_and_nothing_else(run: Run, home: Path, command: str) -> None:
    as_json, as_csv = (
        run(command, "toy-1", "--home", home, "--format", "json"),
        run(command, "toy-1", "--home", home, "--format", "csv"),
    )
    assert (as_json.code, as_json.err, as_csv.code, as_csv.err) == (0, "", 0, "")
    rows, trials = list(csv.DictReader(io.StringIO(as_csv.out))), json.loads(as_json.out)
    assert len(rows) == len(trials) > 0
    for row, trial in zip(rows, trials, strict=True):
        assert (row["trial"], row["uid"], row["state"]) == (
            str(trial["trial"]),
            trial["uid"],
            trial["state"],
        )
        assert row["hyperparameters.learning_rate"] == repr(
            trial["hyperparameters"]["learning_rate"]
        )
        if trial["state"] == "complete":
            assert float(row["objectives.loss"]) == trial["objectives"]["loss"]
            assert float(row["seeds.1.test_loss"]) == trial["seeds"][1]["test_loss"]
            assert row["objectives.params"] == str(trial["objectives"]["params"])
        else:
            assert row["reason"] == trial["reason"]


def test_json_is_strict_and_has_the_documented_keys(run: Run, home: Path) -> None:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    trials = json.loads(
        run("trials", "toy-1", "--home", home, "--format", "json").out, parse_constant=refuse
    )
    assert any(
        trial["reason"] and "diverged" in trial["reason"] for trial in trials
    )  # its losses were nan
    documented = {
        "trial",
        "uid",
        "state",
        "family",
        "hyperparameters",
        "objectives",
        "seeds",
        "seconds",
        "started_at",
        "worker",
    }
    assert all(documented <= set(trial) for trial in trials)
    assert {"seed", "val_loss", "test_loss", "seconds"} <= set(trials[0]["seeds"][0])


def test_the_frontier_is_by_rising_params_and_part_of_the_trials(run: Run, home: Path) -> None:
    trials = json.loads(run("trials", "toy-1", "--home", home, "--format", "json").out)
    members = json.loads(run("frontier", "toy-1", "--home", home, "--format", "json").out)
    params = [member["objectives"]["params"] for member in members]
    assert params == sorted(params)
    assert all(0 <= member.pop("uncertainty")["probability"] <= 1 for member in members)
    assert all(member in trials for member in members)


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_search_that_has_not_begun_is_read_too(run: Run, home: Path, form: str) -> None:
    for command in ("frontier", "trials", "status"):
        result = run(command, "toy-2", "--home", home, "--format", form)
        assert (result.code, result.err) == (0, "")
        if form == "json":
            assert len(json.loads(result.out)) == (1 if command == "status" else 0)


@pytest.mark.parametrize(("command", "key", "first"), [
    ("families", "family", "dense"), ("datasets", "dataset", "friedman1"), ("objectives", "objective", "loss"), ("samplers", "sampler", "tpe"),
])  # fmt: skip
def test_lists_in_every_form(run: Run, command: str, key: str, first: str) -> None:
    rows = json.loads(run(command, "--format", "json").out)
    assert rows[0][key] == first
    assert list(csv.DictReader(io.StringIO(run(command, "--format", "csv").out))) == [
        {k: str(v) for k, v in row.items()} for row in rows
    ]
    table = run(command).out
    assert all(row[key] in table for row in rows)


def test_status_of_every_search(run: Run, home: Path) -> None:
    finished, begun = json.loads(run("status", "--home", home, "--format", "json").out)
    assert (finished["search"], finished["state"], finished["finished"], finished["of"]) == (
        "toy-1",
        "finished",
        12,
        12,
    )
    assert finished["complete"] + finished["fail"] == 12
    assert finished["frontier"] > 0
    assert (begun["search"], begun["finished"], begun["frontier"]) == ("toy-2", 0, 0)


def test_a_search_that_cannot_be_read_does_not_hide_the_others(run: Run, tmp_path: Path) -> None:
    catalog.define(toys.search(), tmp_path)
    broken = catalog.define(toys.search(name="toy-2"), tmp_path)
    broken.folder.search_file.write_text("trials: [")
    result = run("status", "--home", tmp_path, "--format", "json")
    assert (result.code, [row["search"] for row in json.loads(result.out)]) == (1, ["toy-1"])
    assert re.fullmatch(
        r"frontier-search: toy-2: .*search\.yaml is not valid YAML at line 1, .*\n", result.err
    )


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


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (
            "nonsense",
            "--address 'nonsense': give auto, or the HOST:PORT of a running Ray cluster's head.",
        ),
        (
            "127.0.0.1:1",
            "--address 127.0.0.1:1: nobody answers there (Connection refused); give the HOST:PORT",
        ),
        ("127.0.0.1:99999", "--address 127.0.0.1:99999: nobody answers there"),
    ],
)
def test_an_address_at_which_nobody_answers_is_a_mistake(
    run: Run, tmp_path: Path, address: str, words: str
) -> None:
    result = run(
        "run", "--dataset", "iris", *TINY, "--no-mirror", "--home", tmp_path, "--address", address
    )
    assert (result.code, result.out) == (2, "")
    assert words in result.err.splitlines()[-1]


def test_help_and_version(run: Run) -> None:
    shown = run("--help")
    assert shown.code == 0
    assert all(f"  {name}" in shown.out for name in console.COMMANDS)
    assert run("-h").out == shown.out
    assert run("--version").out.startswith("frontier-search, version ")


@pytest.mark.parametrize("name", list(console.COMMANDS))
def test_every_command_explains_itself(run: Run, name: str) -> None:
    shown = run(name, "--help")
    assert shown.code == 0
    assert shown.out.startswith(f"Usage: frontier-search {name}")
    command: Any = console.group.get_command(None, name)  # type: ignore[arg-type]  # the context is not looked at
    assert command.short_help == console.COMMANDS[name]


def test_a_reader_that_had_enough_is_no_failure() -> None:
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


def test_exit_codes_that_a_command_asks_for_reach_the_shell(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import click

    @click.command("status")
    @click.pass_context
    def stopping(context: click.Context) -> None:
        context.exit(1)

    monkeypatch.setattr(console.group, "get_command", lambda context, name: stopping)
    assert run("status").code == 1


@pytest.mark.parametrize("command", ["run", "sweep"])
@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        (
            "gs://frontier/outcomes",
            "--outcomes 'gs://frontier/outcomes': give a folder's path, or s3://BUCKET/PATH",
        ),
        (
            "s3://no-such-bucket/outcomes",
            "--outcomes s3://no-such-bucket/outcomes cannot be used: The specified bucket does not exist.",
        ),
        ("/proc/outcomes", "--outcomes /proc/outcomes cannot be used: No such file or directory."),
    ],
)
def test_a_place_for_outcomes_that_cannot_be_used_is_refused(
    command: str, outcomes: str, words: str, run: Run, tmp_path: Path
) -> None:
    with s3.running():
        what = (
            ["run", "--dataset", "iris"]
            if command == "run"
            else ["sweep", ROOT / "search_spaces" / "compact.yaml"]
        )
        (said,) = mistakes(run(*what, "--outcomes", outcomes, "--home", tmp_path / "home"))
    assert said.startswith(words)
    assert not (tmp_path / "home").exists()


def test_where_outcomes_go_comes_from_the_environment_too(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a cluster's files set it."""
    monkeypatch.setenv("FRONTIER_SEARCH_OUTCOMES", str(tmp_path / "shared"))
    flags = [
        "--trials",
        2,
        "--epochs",
        1,
        "--seeds",
        1,
        "--executor",
        "inline",
        "--no-mirror",
        "--home",
        tmp_path / "home",
    ]
    assert (
        run("run", "--dataset", "iris", "--name", "toy-3", "--families", "dense", *flags).code == 0
    )
    monkeypatch.delenv("FRONTIER_SEARCH_OUTCOMES")
    entry = catalog.find("toy-3", tmp_path / "home")
    assert entry.locations.outcomes == str(tmp_path / "shared")
    assert {path.name for path in (tmp_path / "shared" / "toy-3" / "told").iterdir()} == {
        "00000.json",
        "search.yaml",
    }
    shutil.rmtree(tmp_path / "shared")
    (tmp_path / "shared").touch()
    resumed = run(
        "resume", "toy-3", "--executor", "inline", "--no-mirror", "--home", tmp_path / "home"
    )
    assert resumed.code == 2
    assert f"--outcomes {tmp_path}/shared/toy-3 cannot be used: Not a directory." in resumed.err


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


ELSEWHERE = {
    "storage": "sqlite:///{}/other.db",
    "outcomes": "{}/other",
    "tracking_uri": "sqlite:///{}/other-mirror.db",
}


@pytest.mark.parametrize("chosen", [False, True], ids=["by default", "by name"])
@pytest.mark.parametrize("command", ["run", "sweep"])
def test_what_was_defined_in_one_place_does_not_go_on_in_another(
    command: str, chosen: bool, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {
        "dataset": "iris",
        "families": {"dense": {"hidden": 4}},
        "trials": 2,
        "epochs": 1,
        "seeds": 1,
    }
    file, home = tmp_path / "mine.yaml", tmp_path / "home"
    file.write_text(
        yaml.safe_dump({"defaults": {}, "searches": {"one": spec}} if command == "sweep" else spec)
    )
    what = [
        command,
        file,
        "--name",
        "mine",
        "--home",
        home,
        *HERE,
        *(["--resume"] if command == "run" else []),
    ]

    def flags(places: dict[str, str]) -> list[str]:
        return [
            word
            for key, place in places.items()
            for word in (f"--{key.replace('_', '-')}", place.format(tmp_path))
        ]

    ours = (
        {
            "storage": "sqlite:///{}/ours.db",
            "outcomes": "{}/ours",
            "tracking_uri": "sqlite:///{}/mirror.db",
        }
        if chosen
        else {}
    )
    assert run(*what, *flags(ours)).code == 0
    before = contents(tmp_path)
    more = (
        ["--trials", 50] if command == "run" else []
    )  # which a refused command does not write down either
    for key, place in ELSEWHERE.items():
        option = f"--{key.replace('_', '-')}"
        said = only_mistake(run(*what, *more, *flags({key: place})))
        assert said.startswith(f"{option} {place.format(tmp_path)}: ")
        was = (
            f"with {option} {ours[key].format(tmp_path)}"
            if chosen
            else "with --"
            if key != "outcomes"
            else "without --outcomes"
        )
        assert f"'mine' in {home} was defined {was}" in said
        assert f"leave {option} out to go on there, or choose another --name" in said
    assert len(mistakes(run(*what, *flags(ELSEWHERE)))) == 3
    assert contents(tmp_path) == before
    monkeypatch.setenv(
        "FRONTIER_SEARCH_OUTCOMES", str(tmp_path / "variable")
    )  # where new searches go, and no answer of the user's
    for places in (
        {},
        ours,
        {"storage": "sqlite:///{}/ours.db"} if chosen else {"storage": "journal"},
    ):
        assert run(*what, *flags(places)).code == 0
    assert not {path.name for path in tmp_path.iterdir()} & {"other", "other.db", "variable"}


def test_a_password_that_changed_is_no_other_place_and_is_not_shown() -> None:
    ours = Locations("postgresql+psycopg://me:old@host/searches", "http://me:old@mlflow")
    ours.refuse_another(
        Locations("postgresql+psycopg://me:new@host/searches", "http://me:new@mlflow"),
        ["storage", "tracking_uri"],
        "it",
    )
    with pytest.raises(SpecError) as caught:
        ours.refuse_another(
            Locations("postgresql+psycopg://me:new@other/searches", "http://me:new@mlflow"),
            ["storage"],
            "it",
        )
    assert "old" not in str(caught.value)
    assert "new@" not in str(caught.value)


def test_a_folder_beside_the_user_is_no_place_for_the_nodes_of_a_cluster(run: Run) -> None:
    said = only_mistake(
        run(
            "submit", "--dataset", "iris", "--outcomes", "shared", "--cluster", "http://127.0.0.1:1"
        )
    )
    assert (
        said
        == "--outcomes shared: the nodes do not see this folder; give an absolute path that they see, or s3://BUCKET/PATH."
    )


def test_several_mistakes_are_a_line_each(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise SpecError(["first.", "second."])

    monkeypatch.setattr(catalog, "find", refuse)
    assert mistakes(run("trials", "toy-1")) == ["first.", "second."]


def test_ctrl_c_before_a_search_was_handed_over_says_how_to_see(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def pressed(cluster: str) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(Jobs, "of", pressed)
    ran = CliRunner().invoke(
        console.group, ["submit", "--dataset", "iris", "--cluster", "gpu.yaml"]
    )
    assert ran.exit_code != 0
    assert "whether it was submitted says: frontier-search list --cluster gpu.yaml" in ran.output
