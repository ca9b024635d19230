"""Warnings that are no news are ignored, whichever thread they come from."""

from __future__ import annotations

import threading
import warnings

import pytest

from frontier_search.errors import ignoring


def test_other_categories_are_not_ignored() -> None:
    with ignoring(FutureWarning):
        warnings.warn("later", FutureWarning, stacklevel=1)
        with pytest.raises(UserWarning):  # an error in the tests
            warnings.warn("now", UserWarning, stacklevel=1)


def test_a_block_of_another_thread_does_not_end_ours() -> None:
    """A filter that one thread puts back must not be the one that another has replaced."""
    entered, left = threading.Event(), threading.Event()

    def other() -> None:
        with ignoring(UserWarning):
            entered.set()
            left.wait(0.2)

    thread = threading.Thread(target=other)
    thread.start()
    assert entered.wait(60)
    with ignoring(FutureWarning):  # begins once the other block has ended
        left.set()
        thread.join()
        warnings.warn("later", FutureWarning, stacklevel=1)
