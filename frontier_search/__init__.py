"""frontier-search: which models own the frontier between validation loss and learned parameters?

This is the front door. Everything that a notebook or a plug-in needs is imported from here. What
is not listed here may change without notice. A name loads its module, and the libraries behind it,
when it is first used.

    from frontier_search import Search, run

    frontier = run(Search.from_spec({"name": "mine", "dataset": "digits", "trials": 60}))
    frontier.to_frame()
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for type checkers and editors: the same names as in _ROOMS
    from frontier_search.data.dataset import Dataset as Dataset
    from frontier_search.data.dataset import Rows as Rows
    from frontier_search.data.dataset import Split as Split
    from frontier_search.data.dataset import Task as Task
    from frontier_search.data.dataset import TrainingBudget as TrainingBudget
    from frontier_search.data.datasets import DATASETS as DATASETS
    from frontier_search.data.pool import Pool as Pool
    from frontier_search.data.pool import PoolRows as PoolRows
    from frontier_search.data.pool import Scaling as Scaling
    from frontier_search.data.splitting import Sizes as Sizes
    from frontier_search.data.splitting import at_random as at_random
    from frontier_search.data.splitting import in_order as in_order
    from frontier_search.data.splitting import sixty_twenty_twenty as sixty_twenty_twenty
    from frontier_search.data.splitting import split_pool as split_pool
    from frontier_search.data.splitting import split_rows as split_rows
    from frontier_search.data.splitting import standardised as standardised
    from frontier_search.data.splitting import stratified as stratified
    from frontier_search.errors import SearchError as SearchError
    from frontier_search.errors import SpecError as SpecError
    from frontier_search.errors import TrialError as TrialError
    from frontier_search.executors import EXECUTORS as EXECUTORS
    from frontier_search.executors import Execute as Execute
    from frontier_search.executors import Executor as Executor
    from frontier_search.executors import Where as Where
    from frontier_search.executors.dispatcher import Dispatcher as Dispatcher
    from frontier_search.executors.dispatcher import Observer as Observer
    from frontier_search.executors.worker import Worker as Worker
    from frontier_search.export.bundle import CheckedRows as CheckedRows
    from frontier_search.export.device import Device as Device
    from frontier_search.export.functions import exp as exp
    from frontier_search.export.plan import Plan as Plan
    from frontier_search.frontier.frontier import Frontier as Frontier
    from frontier_search.frontier.frontier import Spread as Spread
    from frontier_search.models.architectures.reservoir import Reservoir as Reservoir
    from frontier_search.models.architectures.reservoir import recurrent as recurrent
    from frontier_search.models.families import FAMILIES as FAMILIES
    from frontier_search.models.family import Architecture as Architecture
    from frontier_search.models.family import Family as Family
    from frontier_search.models.family import Size as Size
    from frontier_search.models.graph import Graph as Graph
    from frontier_search.models.graph import Product as Product
    from frontier_search.models.network import Batches as Batches
    from frontier_search.models.network import HandWritten as HandWritten
    from frontier_search.models.network import Network as Network
    from frontier_search.models.network import Solved as Solved
    from frontier_search.models.network import uniform as uniform
    from frontier_search.models.networks.reservoir import ReservoirStack as ReservoirStack
    from frontier_search.models.tanh import differentiable_tanh as differentiable_tanh
    from frontier_search.models.tanh import tanh as tanh
    from frontier_search.models.trainable import Fitted as Fitted
    from frontier_search.models.trainable import Problem as Problem
    from frontier_search.models.trainable import Trainable as Trainable
    from frontier_search.objective import OBJECTIVES as OBJECTIVES
    from frontier_search.objective import Counted as Counted
    from frontier_search.objective import FromMean as FromMean
    from frontier_search.objective import Objective as Objective
    from frontier_search.objective import RowMean as RowMean
    from frontier_search.objective import Timed as Timed
    from frontier_search.reports.chart import Chart as Chart
    from frontier_search.reports.figures import FIGURES as FIGURES
    from frontier_search.reports.figures import FigureFormat as FigureFormat
    from frontier_search.runner import resume as resume
    from frontier_search.runner import run as run
    from frontier_search.sampling.known_size_sampler import KnownSizeSampler as KnownSizeSampler
    from frontier_search.sampling.samplers import SAMPLERS as SAMPLERS
    from frontier_search.sampling.samplers import Sampler as Sampler
    from frontier_search.search.search import Search as Search
    from frontier_search.search.sweep import Sweep as Sweep
    from frontier_search.session import Session as Session
    from frontier_search.space import Choice as Choice
    from frontier_search.space import Float as Float
    from frontier_search.space import Int as Int
    from frontier_search.space import SearchSpace as SearchSpace
    from frontier_search.storage.catalog import Entry as Entry
    from frontier_search.storage.catalog import find as find
    from frontier_search.storage.catalog import read_trials as read_trials
    from frontier_search.storage.folder import DEFAULT_HOME as DEFAULT_HOME
    from frontier_search.storage.lock import hold as hold
    from frontier_search.storage.storage import BACKENDS as BACKENDS
    from frontier_search.storage.storage import Backend as Backend
    from frontier_search.storage.storage import Storage as Storage
    from frontier_search.table.preprocessing import Preprocessing as Preprocessing
    from frontier_search.table.raw import RawTable as RawTable
    from frontier_search.table.raw import Written as Written
    from frontier_search.table.writing import write_table as write_table
    from frontier_search.targets import TARGETS as TARGETS
    from frontier_search.targets import Made as Made
    from frontier_search.targets import Target as Target
    from frontier_search.trial import Candidate as Candidate
    from frontier_search.trial import Cohort as Cohort
    from frontier_search.trial import Outcome as Outcome
    from frontier_search.trial import SeedOutcome as SeedOutcome
    from frontier_search.trial import Trial as Trial
    from frontier_search.trial import TrialState as TrialState

__version__ = "0.1.0"

_ROOMS = {  # module -> the names that it gives to the front door
    "search.search": "Search",
    "search.sweep": "Sweep",
    "space": "Choice Float Int SearchSpace",
    "objective": "Counted FromMean OBJECTIVES Objective RowMean Timed",
    "data.dataset": "Dataset Rows Split Task TrainingBudget",
    "data.datasets": "DATASETS",
    "table.preprocessing": "Preprocessing",
    "table.raw": "RawTable Written",
    "table.writing": "write_table",
    "data.pool": "Pool PoolRows Scaling",
    "data.splitting": "Sizes at_random in_order sixty_twenty_twenty split_pool split_rows "
    "standardised stratified",
    "export.bundle": "CheckedRows",
    "export.device": "Device",
    "export.functions": "exp",
    "export.plan": "Plan",
    "models.family": "Architecture Family Size",
    "models.families": "FAMILIES",
    "models.graph": "Graph Product",
    "models.architectures.reservoir": "Reservoir recurrent",
    "models.network": "Batches HandWritten Network Solved uniform",
    "models.tanh": "differentiable_tanh tanh",
    "models.networks.reservoir": "ReservoirStack",
    "sampling.known_size_sampler": "KnownSizeSampler",
    "models.trainable": "Fitted Problem Trainable",
    "sampling.samplers": "SAMPLERS Sampler",
    "trial": "Candidate Cohort Outcome SeedOutcome Trial TrialState",
    "session": "Session",
    "frontier.frontier": "Frontier Spread",
    "storage.catalog": "Entry find read_trials",
    "storage.folder": "DEFAULT_HOME",
    "storage.storage": "BACKENDS Backend Storage",
    "storage.lock": "hold",
    "targets": "Made TARGETS Target",
    "runner": "resume run",
    "executors": "EXECUTORS Execute Executor Where",
    "executors.dispatcher": "Dispatcher Observer",
    "executors.worker": "Worker",
    "reports.chart": "Chart",
    "reports.figures": "FIGURES FigureFormat",
    "errors": "SearchError SpecError TrialError",
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names.split()}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'frontier_search' has no attribute {name!r}")
    return getattr(importlib.import_module(f"frontier_search.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
