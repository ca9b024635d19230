"""inline: one cohort after another in this process. The definition of what every executor does."""

from __future__ import annotations

from frontier_search.executors import Where
from frontier_search.executors.handover import Handover
from frontier_search.executors.worker import Worker


def execute(handover: Handover, where: Where) -> None:
    worker = Worker(handover.search, handover.folder, where.device)
    while (cohort := handover.next()) is not None:
        worker.train(cohort)
        handover.settle(cohort)
