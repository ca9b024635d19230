"""inline: trains one cohort after another in this process. It defines what every executor does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from frontier_search.executors import Execute, Where
from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.executors.worker import Worker


@contextmanager
def ready(where: Where, resume: str) -> Iterator[Execute]:
    def execute(dispatcher: Dispatcher) -> None:
        files, threads = dispatcher.files.outcomes, where.cpus_per_cohort or 1
        worker = Worker(
            dispatcher.search, files, where.device, threads, torch_compile=where.torch_compile
        )
        while (cohort := dispatcher.next()) is not None:
            worker.train(cohort)
            dispatcher.settle(cohort)

    yield execute
