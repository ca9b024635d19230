"""A home that version 0.1.0 left behind still resumes, reads and syncs.

`tests/fixtures/home-0.1.0` was written by that version: `finished`, and `interrupted`, which was
killed between the outcome of its fourth cohort and its record in the storage. `expected.json` holds
the trials that 0.1.0 itself gave when the same search ran undisturbed. One of its families is named
by the import path that it had then.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from frontier_search.cli.main import group
from tests.conftest import THEIR_WARNINGS

FIXTURE = Path(__file__).parents[1] / "fixtures" / "home-0.1.0"
EXPECTED = json.loads((FIXTURE / "expected.json").read_text())

Command = Callable[..., str]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the fixture, whose mirror was in another folder, which is gone."""
    copy = tmp_path / "home"
    shutil.copytree(FIXTURE, copy)
    return copy


@pytest.fixture
def command(home: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command on the copy; returns what it prints."""

    def run(*arguments: str) -> str:
        group.main([*arguments, "--home", str(home)], standalone_mode=False)
        return capsys.readouterr().out

    return run


def compared(trial: dict[str, Any]) -> dict[str, Any]:
    """Returns what does not depend on the machine, with losses to six digits."""
    return {
        "trial": trial["trial"],
        "state": trial["state"],
        "family": trial["family"],
        "hyperparameters": trial["hyperparameters"],
        "params": trial["objectives"].get("params"),
        "val_loss": pytest.approx([seed["val_loss"] for seed in trial["seeds"]], rel=1e-6),
        "epoch": [seed["epoch"] for seed in trial["seeds"]],
    }


def test_an_interrupted_search_resumes_to_the_same_trials(command: Command, home: Path) -> None:
    before = json.loads(command("trials", "interrupted", "--format", "json"))
    assert len(before) == 16
    assert [trial["state"] for trial in before[12:]] == ["running"] * 4
    # A worker had written the outcome of cohort 3. It is recorded with the seconds that it took.
    pending = home / "interrupted/outcomes/00003/outcome.json"
    outcomes = json.loads(pending.read_text())["outcomes"]
    command("resume", "interrupted", "--executor", "inline", "--no-mirror")
    trials = json.loads(command("trials", "interrupted", "--format", "json"))
    assert [compared(trial) for trial in trials] == EXPECTED
    seconds = [[seed["seconds"] for seed in trial["seeds"]] for trial in trials[12:16]]
    assert seconds == [[seed["seconds"] for seed in outcome["seeds"]] for outcome in outcomes]
    assert not list((home / "interrupted" / "outcomes").iterdir())


def test_a_finished_search_is_read_and_has_nothing_left_to_do(command: Command) -> None:
    members = json.loads(command("frontier", "finished", "--format", "json"))
    assert [member["trial"] for member in members] == [5, 3, 7, 6, 0]
    trials = command("trials", "finished", "--format", "json")
    command("resume", "finished", "--executor", "inline", "--no-mirror")
    assert command("trials", "finished", "--format", "json") == trials


@pytest.mark.filterwarnings(*THEIR_WARNINGS)
def test_a_finished_search_is_mirrored(command: Command, home: Path) -> None:
    command("sync", "finished")
    assert (home / "mlflow.db").stat().st_size > 0
