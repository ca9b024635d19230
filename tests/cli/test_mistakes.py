"""Mistakes in what the user asked: each is a sentence with what is allowed, and exit code 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from frontier_search.errors import SearchError, SpecError
from frontier_search.executors import EXECUTORS, Execute, Where
from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.storage import catalog
from tests.cli.results import HERE, TINY, Run, mistakes, only_mistake


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--dataset", "irs"], "unknown dataset 'irs'. Did you mean 'iris'? Allowed: airfoil,"),
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
            "Did you mean 'tpe'? Allowed: gp, known_size, nsga2, random, tpe.",
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
        (
            ["--dataset", "iris", "--storage", "redis://x", "--dry-run"],
            "unknown storage 'redis://x'. Allowed: journal",
        ),
    ],
)
def test_a_mistake_is_named_with_what_is_allowed(
    run: Run, tmp_path: Path, flags: list[str], words: str
) -> None:
    assert words in only_mistake(run("run", *flags, *HERE, "--home", tmp_path / "home"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_command_or_a_search_is_needed(run: Run, tmp_path: Path) -> None:
    rows = tmp_path / "my rows.csv"
    rows.write_text("a,target\n1,2\n")
    asked = f"--dataset '{rows}'"
    assert f"`frontier-search run {asked}`" in only_mistake(run(rows))
    assert only_mistake(run("run", rows)).endswith(f"name it with {asked}.")
    as_yaml = tmp_path / "rows.txt"
    as_yaml.write_text("a,target\n" + "1,2\n" * 99)
    assert len(only_mistake(run("run", as_yaml))) < 400


def test_a_refusal_after_the_start_leaves_no_search_behind(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same where the search fails before it has a trial; one with trials stays."""

    @contextmanager
    def refusing(where: Where, resume: str) -> Iterator[Execute]:
        raise error
        yield

    @contextmanager
    def failing_later(where: Where, resume: str) -> Iterator[Execute]:
        def execute(dispatcher: Dispatcher) -> None:
            dispatcher.next()
            raise error

        yield execute

    command = ("run", "--dataset", "iris", *TINY, *HERE, "--home", tmp_path)
    for error in (SpecError("no GPU."), SearchError("Ray cannot be started.")):
        monkeypatch.setitem(EXECUTORS._members, "inline", refusing)
        ended = run(*command)
        assert ended.err.splitlines()[-1] == f"frontier-search: {error}"
        assert (ended.code, list(tmp_path.iterdir())) == (
            2 if isinstance(error, SpecError) else 1,
            [],
        )
    monkeypatch.setitem(EXECUTORS._members, "inline", failing_later)
    assert "Resume with" in run(*command).err
    assert len(catalog.read_trials(catalog.find("iris-1", tmp_path))) == 3


def test_a_mistake_in_the_seeds_of_a_sweep(run: Run, tmp_path: Path) -> None:
    sweep = tmp_path / "many.yaml"
    sweep.write_text("searches: [iris]\n")
    said = only_mistake(run("sweep", sweep, "--seeds", "101,x", "--home", tmp_path, "--dry-run"))
    assert "seeds = '101,x'; 'x' is not a seed; give how many (5)" in said


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--dataset", "wine"], "--dataset is given 2 times ('iris', 'wine'); give it once."),
        (
            ["--outcomes", "a:b", "--outcomes", "s3://c/d"],
            "--outcomes is given 2 times ('a:b', 's3://c/d'); give it once.",
        ),
        (
            ["--seeds", "2", "--seeds", "101,202"],
            "--seeds is given 2 times ('2', '101,202'); give it once.",
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


def test_several_mistakes_are_a_line_each(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise SpecError(["first.", "second."])

    monkeypatch.setattr(catalog, "find", refuse)
    assert mistakes(run("trials", "toy-1")) == ["first.", "second."]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "dataset: iris\ntrails: 10\n",
            "unknown key 'trails'. Did you mean 'trials'? Allowed: ahead, batch_size, budgets,",
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


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (
            "nonsense",
            "--address 'nonsense': give auto, or the HOST:PORT of a running Ray cluster's head.",
        ),
        (
            "127.0.0.1:1",
            "--address 127.0.0.1:1: nothing answers there (Connection refused); give the HOST:PORT",
        ),
        ("127.0.0.1:99999", "--address 127.0.0.1:99999: nothing answers there"),
    ],
)
def test_an_address_where_nobody_answers_is_a_mistake(
    run: Run, tmp_path: Path, address: str, words: str
) -> None:
    result = run(
        "run", "--dataset", "iris", *TINY, "--no-mirror", "--home", tmp_path, "--address", address
    )
    assert (result.code, result.out) == (2, "")
    assert words in result.err.splitlines()[-1]
