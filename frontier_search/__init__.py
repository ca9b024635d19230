"""frontier-search: which models own the frontier between validation loss and learned parameters?

The nouns and the three verbs are importable from here; each loads its own libraries when it is first used.

    from frontier_search import Search, run

    frontier = run(Search.from_spec({"name": "mine", "dataset": "digits", "trials": 60}))
    frontier.to_frame()
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from frontier_search.frontier import Frontier as Frontier
    from frontier_search.launch import resume as resume
    from frontier_search.launch import run as run
    from frontier_search.search import Search as Search

__version__ = "0.1.0"
__all__ = ["Frontier", "Search", "resume", "run"]

_HOMES = {"Frontier": "frontier", "Search": "search", "resume": "launch", "run": "launch"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'frontier_search' has no attribute {name!r}")
    return getattr(importlib.import_module(f"frontier_search.{_HOMES[name]}"), name)
