"""Fixtures of the tests that kill and interrupt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from frontier_search.training.kernels import library
from tests.faults import comparing


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty folder with a short path."""
    with comparing.folder() as path:
        yield path


@pytest.fixture
def torch_trains(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Switches the compiled kernel off, which would be done before anything can be killed.

    It is off in this process, which trains twins, and in all that it starts.
    """
    monkeypatch.setenv(library.SWITCH, "off")
    library.library.cache_clear()
    yield
    library.library.cache_clear()
