"""How many processors a worker takes, and so how many workers there are."""

from __future__ import annotations

from frontier_search import machine
from frontier_search.executors import Where
from frontier_search.models.editions import trains_compiled
from frontier_search.models.program import COMPILED
from frontier_search.objective import Timed
from frontier_search.search.search import Search
from frontier_search.training.kernels.library import library
from frontier_search.trial import Candidate


def of_machine(where: Where) -> int:
    """Returns the processors that Ray hands out where it is started on this machine."""
    per_cohort = where.cpus_per_cohort or 1
    return per_cohort * (where.workers or max(1, machine.processors() // per_cohort))


def of_worker(where: Where, search: Search) -> int:
    """Returns the processors that a worker of a search takes: its threads.

    On one machine that nobody divides otherwise, one worker takes all of them, if the compiled
    kernel trains every family: half the imports and one copy of the rows. Torch gains nothing from
    threads, so otherwise, and on a cluster, a worker takes one.
    """
    if where.cpus_per_cohort is not None:
        return where.cpus_per_cohort
    divided = where.workers or where.address or where.gpus_per_cohort
    return 1 if divided or not _in_kernel(search) else machine.processors()


def trains_here(where: Where, search: Search) -> bool:
    """Returns whether this process may train cohorts of a search itself, while Ray starts.

    It may where one worker would take all processors of this machine. No model of the kernel ends
    the process, and Python's lock is free meanwhile. What is timed needs a quiet machine.
    """
    timed = any(isinstance(each.source, Timed) for each in search.objective_table())
    return where == Where() and _in_kernel(search) and not timed


def _in_kernel(search: Search) -> bool:
    return (
        trains_compiled(search.edition)
        and library() is not None
        and all(
            search.architecture(Candidate(name, space.smallest())).network in COMPILED
            for name, space in search.spaces.items()
        )
    )
