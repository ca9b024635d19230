"""The threads of a worker: they train independent stacks at the same time.

Only stacks that the compiled kernel trains go to threads, because Python's lock is free meanwhile.
A stack that costs more than one thread's share of the cohort gets several, among which the kernel
spreads its models.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TypeVar

import torch

Result = TypeVar("Result")


class Stopping:
    """Lets threads stop between two epochs, as soon as the cohort cannot be finished."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def raise_if_set(self) -> None:
        """Raises KeyboardInterrupt, which no candidate answers for."""
        if self._event.is_set():
            raise KeyboardInterrupt


def shares(costs: Sequence[float], threads: int) -> list[int]:
    """Returns the number of threads that each stack gets, at least one."""
    total = sum(costs) or 1.0
    return [max(1, math.ceil(threads * cost / total)) if threads > 1 else 1 for cost in costs]


def run_all(
    tasks: Sequence[Callable[[], Result]],
    costs: Sequence[float],
    in_threads: Sequence[bool],
    threads: int,
    stopping: Stopping,
) -> list[Result]:
    """Runs tasks and returns what they return, in their order.

    Args:
        costs: of each task; the most expensive begins first, so that the threads end together.
        in_threads: whether a task may run in a thread beside others. All others run one after
            another in the thread that calls.
        threads: how many run at a time.
        stopping: is set when a task raises, or when this thread is interrupted.
    """
    results: dict[int, Result] = {}
    with _pool(threads, stopping) as pool:
        by_cost = sorted(range(len(tasks)), key=lambda i: -costs[i])
        futures = {pool.submit(tasks[i]): i for i in by_cost if in_threads[i]}
        for i, task in enumerate(tasks):
            if not in_threads[i]:
                results[i] = task()
        for future in as_completed(futures):
            results[futures[future]] = future.result()
    return [results[i] for i in range(len(tasks))]


@contextmanager
def _pool(threads: int, stopping: Stopping) -> Iterator[ThreadPoolExecutor]:
    """Yields threads with torch's settings of a worker. An error stops those that still run."""
    with ThreadPoolExecutor(threads, "stack", initializer=settle_thread) as pool:
        try:
            yield pool
        except BaseException:
            stopping.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def settle_thread() -> None:
    """Makes torch use one thread for what this thread does, without denormal numbers."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Turns denormal numbers into zeros inside the block, which is quicker.

    Outside samplers and the user's own code see them as they are.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
