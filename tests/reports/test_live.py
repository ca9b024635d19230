"""The live views: lines of text where standard error is no terminal, a panel where it is one."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from frontier_search.reports.live import LiveView, duration, members_table
from frontier_search.reports.live_sweep import SweepView
from frontier_search.search.sweep import Sweep
from frontier_search.session import Session
from frontier_search.storage import catalog
from tests.support import fakes, toys


@pytest.fixture
def session(tmp_path: Path) -> Session:
    entry = catalog.define(toys.search(trials=8, cohort=4), tmp_path)
    return Session(entry.search, entry.open_storage(writable=True))


def record_a_cohort(session: Session) -> None:
    cohort = session.ask()
    assert cohort is not None
    session.tell(cohort, fakes.train_all(session, cohort))


def test_a_search_says_how_to_resume_and_how_far_it_is(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    with LiveView(session.search, "the command") as view:
        view.observe(session)  # nothing is finished yet, so nothing is printed
        for _ in range(2):
            record_a_cohort(session)
            view.observe(session)
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    assert lines[0] == "stop at any time; resume with: the command"
    assert "8 trials x" in lines[1]
    assert "4/8 trials" in lines[2]
    assert "s left" in lines[2]
    assert "8/8 trials, finished, frontier" in lines[3]
    assert "best loss" in lines[3]
    assert len(lines) == 4


def test_a_terminal_shows_a_panel(
    session: Session, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    with LiveView(session.search, "the command") as view:
        view.observe(session)
        record_a_cohort(session)
        view.observe(session)
    said = capsys.readouterr().err
    assert "4/8 trials" in said
    assert "trials/s" in said
    assert "model" in said  # the members as a table


def test_a_terminal_has_a_clock_before_the_first_cohort_ends(
    session: Session, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    with LiveView(session.search, "the command") as view:
        session.ask()
        view.observe(session)
    said = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err)
    assert "toy-1, 0 s, 0/8 trials" in said
    assert "cohort 0 in training (0 s)" in said
    bars = [line for line in said.splitlines() if "━" in line]
    assert bars
    assert {frozenset(bar.strip()) for bar in bars} == {frozenset("━")}  # with nothing behind


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(
    session: Session, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    with LiveView(session.search, "the command") as view:
        record_a_cohort(session)
        view.observe(session)
    assert "4/8 trials" in capsys.readouterr().err


@pytest.mark.parametrize("columns", [80, 60])
def test_the_members_keep_their_numbers_on_a_narrow_terminal(
    session: Session, columns: int
) -> None:
    for _ in range(2):
        record_a_cohort(session)
    members = session.frontier.members
    table = members_table(session.search, session.trials, members, {members[0].number})
    console = Console(width=columns, file=io.StringIO())
    console.print(table)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert max(map(len, lines)) <= columns
    header, *rows = lines
    assert [word in header for word in ("trial", "model", "loss", "params")] == [True] * 4
    assert len(rows) == len(members)
    for trial, row in zip(members, rows, strict=True):
        assert row.split()[0] == str(trial.number)
        for value in trial.objectives.values():
            assert f"{value:,.5g}" in row
    assert "new" in rows[0]


def test_equal_candidates_are_one_line(session: Session) -> None:
    record_a_cohort(session)
    member = session.frontier.members[0]
    twin = replace(member, number=member.number + 1)
    table = members_table(session.search, session.trials, [member, twin], set())
    assert table.row_count == 1


@given(st.floats(0, 1e7))
def test_a_duration_has_one_unit(seconds: float) -> None:
    number, unit = duration(seconds).split()
    scale = {"s": 1, "min": 60, "h": 3600}[unit]
    assert abs(float(number) * scale - seconds) <= 0.5 * scale


def test_a_sweep_says_how_far_each_of_its_searches_is(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    other = toys.search(name="toy-2", trials=8)
    sweep = Sweep("toys", (("two", other), ("one", session.search)))
    with SweepView(sweep, "the command") as view:
        record_a_cohort(session)
        view.observe(session)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == ("toys: 2 searches, 16 trials; stop at any time; resume with: the command")
    assert lines[1].startswith("2/2 toy-1: 4/8 trials, frontier ")
    assert "best loss" in lines[1]
    assert len(lines) == 2
