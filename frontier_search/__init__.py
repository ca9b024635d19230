"""frontier-search: which models own the frontier between validation loss and learned parameters?

Everything that a plug-in or a notebook needs is imported from here. A name loads its module, and the
libraries behind it, when it is first used.

    from frontier_search import Search, run

    frontier = run(Search.from_spec({"name": "mine", "dataset": "digits", "trials": 60}))
    frontier.to_frame()
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from frontier_search.data.dataset import Dataset as Dataset
    from frontier_search.data.dataset import Rows as Rows
    from frontier_search.data.dataset import Split as Split
    from frontier_search.data.dataset import TrainingBudget as TrainingBudget
    from frontier_search.errors import SearchError as SearchError
    from frontier_search.errors import SpecError as SpecError
    from frontier_search.frontier.frontier import Frontier as Frontier
    from frontier_search.models.architectures.reservoir import recurrent as recurrent
    from frontier_search.models.family import Architecture as Architecture
    from frontier_search.models.family import Family as Family
    from frontier_search.models.family import Size as Size
    from frontier_search.models.graph import Graph as Graph
    from frontier_search.objective import Objective as Objective
    from frontier_search.runner import resume as resume
    from frontier_search.runner import run as run
    from frontier_search.sampling.samplers import Sampler as Sampler
    from frontier_search.search.search import Search as Search

__version__ = "0.1.0"

_HOMES = {  # public name -> the module that defines it
    "Search": "frontier_search.search.search",
    "run": "frontier_search.runner",
    "resume": "frontier_search.runner",
    "Frontier": "frontier_search.frontier.frontier",
    "Family": "frontier_search.models.family",
    "Architecture": "frontier_search.models.family",
    "Size": "frontier_search.models.family",
    "Graph": "frontier_search.models.graph",
    "recurrent": "frontier_search.models.architectures.reservoir",
    "Dataset": "frontier_search.data.dataset",
    "Split": "frontier_search.data.dataset",
    "Rows": "frontier_search.data.dataset",
    "TrainingBudget": "frontier_search.data.dataset",
    "Sampler": "frontier_search.sampling.samplers",
    "Objective": "frontier_search.objective",
    "SpecError": "frontier_search.errors",
    "SearchError": "frontier_search.errors",
}
__all__ = [
    "Architecture",
    "Dataset",
    "Family",
    "Frontier",
    "Graph",
    "Objective",
    "Rows",
    "Sampler",
    "Search",
    "SearchError",
    "Size",
    "SpecError",
    "Split",
    "TrainingBudget",
    "recurrent",
    "resume",
    "run",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'frontier_search' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
