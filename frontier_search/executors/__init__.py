"""The zoo of executors, which train a session's cohorts.

``inline``, a loop, is the definition. Every other executor gives the same trials.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from frontier_search.zoo import Zoo

if TYPE_CHECKING:  # the command line takes its choices from here, and must load quickly
    from frontier_search.executors.dispatcher import Dispatcher


@dataclass(frozen=True)
class Where:
    """Where cohorts are trained.

    Attributes:
        workers: the number of worker processes; None for one a CPU.
        address: of a running Ray cluster (``auto`` or ``HOST:PORT``); None starts one here.
        gpus_per_cohort: the share of a GPU that a cohort takes; 0 trains on CPUs.
        cpus_per_cohort: the processors that a cohort takes; None: see ``processors.of_worker``.
        accelerator: the device, of ``devices.DEVICES``, of a cohort that takes a share of a GPU.
        torch_compile: whether ``torch.compile`` makes programs of what torch trains.
    """

    workers: int | None = None
    address: str | None = None
    gpus_per_cohort: float = 0.0
    accelerator: str = "cuda"
    cpus_per_cohort: int | None = None
    torch_compile: bool = False

    @property
    def device(self) -> str:
        """Where stacks live, as torch calls it. Ray shows a worker only its own GPU."""
        return self.accelerator if self.gpus_per_cohort else "cpu"


Execute = Callable[["Dispatcher"], None]  # trains cohorts until the dispatcher has no more


class Executor(Protocol):
    """Starts workers, which last as long as the ``with`` block, for one search after another.

    Args:
        where: the workers.
        resume: the command that continues the search, for messages about an early end.
    """

    def __call__(self, where: Where, resume: str) -> AbstractContextManager[Execute]: ...


EXECUTORS: Zoo[Executor] = Zoo(
    "executor", {name: f"frontier_search.executors.{name}:ready" for name in ("inline", "ray_tune")}
)
