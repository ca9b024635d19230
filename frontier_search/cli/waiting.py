"""Says what a command is doing if it takes longer than people like to wait in silence."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

PATIENCE_S = 1.5


@contextmanager
def saying(what: str) -> Iterator[None]:
    """Writes a line to the standard error if the block takes longer than ``PATIENCE_S``."""
    timer = threading.Timer(PATIENCE_S, click.echo, [f"{what} ..."], {"err": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
