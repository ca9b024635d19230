"""ray_tune: a Ray Tune trial trains a cohort, on this machine or on a cluster."""

from __future__ import annotations

import functools
import logging
import os
import re
import signal
import socket
import tempfile
import threading
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

import ray
from ray import tune
from ray.job_config import JobConfig

from frontier_search.errors import SearchError, SpecError
from frontier_search.executors import Execute, Where, local_ray, processors
from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.executors.tune_adapters import (
    COHORT,
    CohortScheduler,
    CohortSearcher,
    CohortTrainable,
    StopOnError,
)
from frontier_search.executors.watchdog import Watchdog, shut_down
from frontier_search.zoo import import_folders

REACH_S = 10.0  # in which a cluster must accept a connection


@contextmanager
def ready(where: Where, resume: str) -> Iterator[Execute]:
    """Starts or joins Ray, and watches it, inside the block.

    Raises:
        SearchError: Ray cannot be started or joined, or it loses the search.
        SpecError: nothing answers at the address, GPUs are asked for and this machine has none, or
            no folder is fit for Ray's sockets.
    """
    # Ray logs tracebacks of dead workers, which the dispatcher reports in a sentence
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    with _init_arguments(where) as arguments:
        _init(arguments)
        try:
            # A cohort would wait for ever. A cluster may still start machines with GPUs.
            if where.gpus_per_cohort and not where.address and not _sees_gpu():
                raise SpecError(
                    "Ray sees no GPU on this machine; leave --gpus-per-cohort out to train on CPUs,"
                    " or give the --address of a cluster with GPUs."
                )
            with Watchdog(resume):
                yield functools.partial(_tune, where=where)
        finally:
            shut_down(resume)


def _init_arguments(where: Where) -> AbstractContextManager[dict[str, Any]]:
    """Returns what yields the arguments of ``ray.init`` and keeps them valid inside a block."""
    if where.address:
        _require_listener(where.address)
        return nullcontext({"address": where.address})
    return local_ray.private(processors.of_machine(where))


def _init(arguments: Mapping[str, Any]) -> None:
    """Starts or joins Ray, and keeps this process's own handlers of signals.

    Raises:
        SearchError: Ray cannot be started or joined.
    """
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        ray.init(
            log_to_driver=False, logging_level=logging.CRITICAL, job_config=_job(), **arguments
        )
    except SystemExit as error:  # of ray.init's own SIGTERM handler
        raise KeyboardInterrupt from error
    except Exception as error:  # a node that does not start raises Exception itself
        raise SearchError(
            f"Ray cannot be reached or started: {' '.join(str(error).split())}"
        ) from error
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers.items():  # ray.init puts its own in their place
            signal.signal(number, handler)


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


def _tune(dispatcher: Dispatcher, where: Where) -> None:
    """Trains cohorts until the dispatcher has no more.

    Raises:
        SearchError: a worker or the session stopped the search, or Tune ended before it did.
    """
    searcher, threads = CohortSearcher(dispatcher), processors.of_worker(where, dispatcher.search)
    trainable = tune.with_parameters(
        CohortTrainable,
        spec=dispatcher.search.to_spec(),
        root=str(dispatcher.files.root.resolve()),
        device=where.device,
        threads=threads,
        folders=import_folders(),
    )
    with tempfile.TemporaryDirectory(prefix="frontier-search-") as scratch:
        tuner = tune.Tuner(
            tune.with_resources(trainable, {"cpu": threads, "gpu": where.gpus_per_cohort}),
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                scheduler=CohortScheduler(searcher),
                num_samples=-1,
                max_concurrent_trials=dispatcher.search.in_flight,
                reuse_actors=True,
                trial_dirname_creator=_trial_name,
                trial_name_creator=_trial_name,
            ),
            run_config=tune.RunConfig(
                name=dispatcher.search.name,
                storage_path=scratch,
                verbose=0,
                stop=StopOnError(searcher),
                # the searcher suggests a failed cohort again, as a new trial of Tune's
                failure_config=tune.FailureConfig(max_failures=0),
                # workers keep their own checkpoints, in the search's folder
                checkpoint_config=tune.CheckpointConfig(
                    checkpoint_frequency=0, checkpoint_at_end=False
                ),
            ),
        )
        with _out_of_memory_in_a_sentence():
            tuner.fit()
    if searcher.error is not None:
        raise searcher.error
    if not dispatcher.session.finished:
        raise SearchError("Ray Tune ended before the search did.")


@contextmanager
def _out_of_memory_in_a_sentence() -> Iterator[None]:
    """Turns Ray's error for a machine whose memory is almost full into a SearchError.

    Ray then ends a worker. Tune does not take this for a worker's death, and ends with an error.
    """
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error.__cause__, ray.exceptions.OutOfMemoryError):
            raise
        raise SearchError(
            "Ray ended a worker during training, because the memory of its machine was almost full;"
            " everything finished is kept. Resume with fewer --workers, or where there is more"
            " memory."
        ) from error


def _trial_name(trial: Any) -> str:
    return f"cohort-{trial.config[COHORT]:05d}-{trial.trial_id}"
