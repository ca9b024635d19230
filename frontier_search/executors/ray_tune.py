"""ray_tune: a Ray Tune trial trains a cohort, on this machine or on a cluster.

Ray and its first worker take about 20 s to start on two processors that train meanwhile. On one
machine the first cohorts are therefore trained in this process, and Ray is started only if the
search will take much longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext

from frontier_search.data.seed_rows import SeedRows
from frontier_search.executors import Execute, Where, process_ray, processors
from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.executors.head_start import HeadStart
from frontier_search.search.search import Search


@contextmanager
def ready(where: Where, resume: str) -> Iterator[Execute]:
    """Uses the Ray of this process inside the block. It starts when a search first needs it.

    Raises:
        SearchError: Ray cannot be started or joined, or it loses the search.
        SpecError: nothing answers at the address, GPUs are asked for and this machine has none, or
            no folder is fit for Ray's sockets.
    """
    with process_ray.used(where, resume) as ray:

        def execute(dispatcher: Dispatcher) -> None:
            here = processors.trains_here(where, dispatcher.search)
            threads = processors.of_worker(where, dispatcher.search)
            with closing(HeadStart(dispatcher, threads)) if here else nullcontext() as head_start:
                if head_start is not None and head_start.train_until_up(ray):
                    return
                ray.start()
                rows = None if where.address else _rows(dispatcher.search, head_start)
                ray.require()
                from frontier_search.executors import tuning  # loads ray.tune

                tuning.run(dispatcher, where, resume, head_start, rows)

        yield execute


def _rows(search: Search, head_start: HeadStart | None) -> SeedRows:
    """Returns the rows of all seeds, which are made here while Ray starts, once for all workers."""
    if head_start is not None:
        return head_start.rows
    return SeedRows.of(search.find_dataset().split, search.seeds)
