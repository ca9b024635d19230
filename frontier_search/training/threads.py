"""The threads of a worker: they train independent stacks at the same time.

Only stacks that the compiled kernel trains go to threads, because Python's lock is free meanwhile.
The stacks of several cohorts wait together, those of the earliest cohort first, so that no thread
is idle while the last stacks of a cohort are trained. When no stack waits, the threads share the
models of one that is in training.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import contextmanager
from functools import partial
from queue import PriorityQueue
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

Result = TypeVar("Result")
Urgency = tuple[float, float]  # cohort, and cost with a minus; the smallest begins first
AT_ONCE: Urgency = (float("-inf"), 0.0)


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


def settle_thread() -> None:
    """Makes torch use one thread for what this thread does, without denormal numbers."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


class Threads:
    """Threads that take the most urgent of the tasks that wait.

    Args:
        count: of the threads. With one, all stacks are trained in the thread that calls.
    """

    def __init__(self, count: int = 1) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count, "stack", initializer=settle_thread)
        self._waiting: PriorityQueue[tuple[Urgency, int, Callable[[], Any], Future[Any]]]
        self._waiting = PriorityQueue()
        self._serial = itertools.count()  # of a task: equally urgent ones begin in their order
        self._unfinished = 0  # tasks that wait or run
        self._lock = threading.Lock()

    def submit(self, task: Callable[[], Result], urgency: Urgency = AT_ONCE) -> Future[Result]:
        """Lets a thread run a task as soon as no task that waits is more urgent."""
        future: Future[Result] = Future()
        with self._lock:
            self._unfinished += 1
        self._waiting.put((urgency, next(self._serial), task, future))
        self._pool.submit(self._run_most_urgent)
        return future

    def _run_most_urgent(self) -> None:
        *_, task, future = self._waiting.get_nowait()  # one waits for each call of this
        result, error = None, None
        if is_wanted := future.set_running_or_notify_cancel():
            try:
                result = task()
            except BaseException as raised:
                error = raised
        with self._lock:  # before the caller knows, who may have another task at once
            self._unfinished -= 1
        if error is not None:
            future.set_exception(error)
        elif is_wanted:
            future.set_result(result)

    def spread(
        self, task: Callable[[NDArray[np.int32]], Result], items: NDArray[np.int32]
    ) -> list[Result]:
        """Runs a task on parts of ``items``, here and in the threads that have nothing to do.

        Returns:
            what the task returned for each part. A part that no thread has begun by the time that
            this thread is free runs here.
        """
        with self._lock:
            idle = max(0, self.count - self._unfinished)
        n_parts = max(1, min(self.count, 1 + idle, len(items)))
        first, *others = np.array_split(items, n_parts)
        begun = [(part, self.submit(partial(task, part))) for part in others]
        results = [task(first)]
        return results + [
            task(part) if future.cancel() else future.result() for part, future in begun
        ]


ONE_THREAD = Threads()  # the thread that calls


def run_all(
    tasks: Sequence[Callable[[], Result]],
    urgencies: Sequence[Urgency],
    in_threads: Sequence[bool],
    threads: Threads,
    stopping: Stopping,
) -> list[Result]:
    """Runs tasks and returns what they return, in their order.

    Args:
        urgencies: of each task.
        in_threads: whether a task may run in a thread beside others. All others run one after
            another in the thread that calls.
        stopping: is set when a task raises, or when this thread is interrupted.
    """
    results: dict[int, Result] = {}
    futures = {
        threads.submit(task, urgency): i
        for i, (task, urgency) in enumerate(zip(tasks, urgencies, strict=True))
        if in_threads[i]
    }
    try:
        for i, task in enumerate(tasks):
            if not in_threads[i]:
                results[i] = task()
        for future in as_completed(futures):
            results[futures[future]] = future.result()
    except BaseException:
        stopping.set()
        wait([future for future in futures if not future.cancel()])
        raise
    return [results[i] for i in range(len(tasks))]


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
