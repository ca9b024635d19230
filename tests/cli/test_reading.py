"""The commands that read: tables, CSV and JSON on standard output, and nothing else there."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from frontier_search.cli import main as console
from tests.cli.results import Run


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


def test_the_table_of_members_comes_with_why_trials_failed(run: Run, home: Path) -> None:
    said = run("frontier", "toy-1", "--home", home)
    trials = json.loads(run("trials", "toy-1", "--home", home, "--format", "json").out)
    failed = [trial for trial in trials if trial["state"] == "fail"]
    families = {trial["family"] for trial in failed}
    assert said.code == 0
    assert len(failed) >= len(said.err.splitlines()) == len(families) > 0
    for line in said.err.splitlines():
        family, words = line.split(": ", 1)
        own = [trial for trial in trials if trial["family"] == family]
        its = [trial for trial in failed if trial["family"] == family]
        assert words.startswith(f"{len(its)} of {len(own)} trials failed")
        assert any(words.endswith(f": {trial['reason']}") for trial in its)


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


def test_the_frontier_is_sorted_by_params_and_part_of_the_trials(run: Run, home: Path) -> None:
    trials = json.loads(run("trials", "toy-1", "--home", home, "--format", "json").out)
    members = json.loads(run("frontier", "toy-1", "--home", home, "--format", "json").out)
    params = [member["objectives"]["params"] for member in members]
    assert params == sorted(params)
    assert all(0 <= member.pop("uncertainty")["probability"] <= 1 for member in members)
    assert all(member in trials for member in members)


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_search_that_has_not_begun_can_be_read(run: Run, home: Path, form: str) -> None:
    for command in ("frontier", "trials", "status"):
        result = run(command, "toy-2", "--home", home, "--format", form)
        assert (result.code, result.err) == (0, "")
        if form == "json":
            assert len(json.loads(result.out)) == (1 if command == "status" else 0)


@pytest.mark.parametrize(
    ("command", "key", "first"),
    [
        ("families", "family", "dense"),
        ("datasets", "dataset", "friedman1"),
        ("objectives", "objective", "loss"),
        ("samplers", "sampler", "known_size"),
    ],
)
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
