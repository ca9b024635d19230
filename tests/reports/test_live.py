"""The live views: lines of text where standard error is no terminal, a panel where it is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from frontier_search.reports.live import LiveView, SweepView
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
    assert len(lines) == 4


def test_a_terminal_shows_a_panel(
    session: Session, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    with LiveView(session.search, "the command") as view:
        record_a_cohort(session)
        view.observe(session)
    said = capsys.readouterr().err
    assert "4/8 trials" in said
    assert "family" in said  # the members as a table


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
