"""A command that takes long says what it does."""

from __future__ import annotations

import threading

import pytest

from frontier_search.cli import waiting


def test_only_a_long_wait_is_spoken_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with waiting.saying("a short wait"):
        pass
    said = threading.Event()
    monkeypatch.setattr(waiting.click, "echo", lambda *_, **__: said.set())
    monkeypatch.setattr(waiting, "PATIENCE_S", 0.0)
    with waiting.saying("a long wait"):
        assert said.wait(60)
    assert capsys.readouterr() == ("", "")
