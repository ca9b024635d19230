"""Starts Ray on this machine, or joins a cluster."""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

# Set before ray is imported: its loggers, Ctrl-C handler and usage reports are not wanted.
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("TUNE_DISABLE_SIGINT_HANDLER", "1")
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
# Without it Tune would itself repeat the trial of a reclaimed machine, and inform nobody.
os.environ["RAY_TRAIN_COUNT_PREEMPTION_AS_FAILURE"] = "1"
# Ray's native handler of SIGTERM aborts the process 3 s later, before it has said how to resume.
os.environ.setdefault("RAY_DISABLE_FAILURE_SIGNAL_HANDLER", "1")

import ray
from ray.job_config import JobConfig

from frontier_search.errors import SearchError, SpecError
from frontier_search.executors import Where, local_ray, processors

START_TRIES = 3
REACH_S = 10.0  # in which a cluster must accept a connection


@contextmanager
def joined(where: Where) -> Iterator[None]:
    """Starts or joins Ray inside the block, in the thread that enters it.

    Raises:
        SearchError: Ray cannot be started or joined.
        SpecError: nothing answers at the address, GPUs are asked for and this machine has none, or
            no folder is fit for Ray's sockets.
    """
    # Ray logs tracebacks of dead workers, which the dispatcher reports in a sentence
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    with init_arguments(where) as arguments:
        _init(arguments)
        try:
            # A cohort would wait for ever. A cluster may still start machines with GPUs.
            if where.gpus_per_cohort and not where.address and not _sees_gpu():
                raise SpecError(
                    "Ray sees no GPU on this machine; leave --gpus-per-cohort out to train on CPUs,"
                    " or give the --address of a cluster with GPUs."
                )
            yield
        finally:
            ray.shutdown()


def init_arguments(where: Where) -> AbstractContextManager[dict[str, Any]]:
    """Returns what yields the arguments of ``ray.init`` and keeps them valid inside a block."""
    if where.address:
        _require_listener(where.address)
        return nullcontext({"address": where.address})
    return local_ray.private(processors.of_machine(where))


def _init(arguments: Mapping[str, Any]) -> None:
    """Starts or joins Ray.

    In a thread that is not the main one Ray leaves this process's own handlers of signals alone.
    It gives its raylet 30 s to start, which a busy machine may need more than once.

    Raises:
        SearchError: Ray cannot be started or joined.
    """
    for tries_left in reversed(range(START_TRIES)):
        try:
            ray.init(
                log_to_driver=False, logging_level=logging.CRITICAL, job_config=_job(), **arguments
            )
            return
        except Exception as error:
            ray.shutdown()
            if tries_left == 0 or "timed out" not in str(error):
                raise SearchError(
                    f"Ray cannot be reached or started: {' '.join(str(error).split())}"
                ) from error


class _NoFolders(list[str]):
    """The driver's folders, in which Ray's workers look for modules first. It stays empty.

    Else a file ``torch.py`` in the user's folder would stand in for torch in every worker.
    """

    def extend(self, folders: Iterable[str]) -> None:
        """Adds nothing."""


def _job() -> JobConfig:
    job = JobConfig()
    job._py_driver_sys_path = _NoFolders()
    return job


def _sees_gpu() -> bool:
    return bool(ray.cluster_resources().get("GPU"))  # type: ignore[no-untyped-call]


def _require_listener(address: str) -> None:
    """Raises SpecError when nothing answers at an address. Ray itself would try for minutes."""
    match = re.fullmatch(r"([^:/\s]+):(\d{1,5})", address)
    if address != "auto" and match is None:
        raise SpecError(
            f"--address {address!r}: give auto, or the HOST:PORT of a running Ray cluster's head."
        )
    if match is None:
        return
    try:
        socket.create_connection((match[1], int(match[2])), timeout=REACH_S).close()
    except (OSError, OverflowError) as error:
        words = getattr(error, "strerror", None) or error
        raise SpecError(
            f"--address {address}: nothing answers there ({words}); give the HOST:PORT of a running"
            " Ray cluster's head."
        ) from error
