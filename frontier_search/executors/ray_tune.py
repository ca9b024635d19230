"""ray_tune: a Ray Tune trial trains a cohort; a searcher of ours asks the session and tells it.

Ray's own stores are projections that may be lost at any moment: nothing is restored from them. The configuration of a Tune trial holds the
cohort's index alone; the candidates and the outcome pass through the search's folder, or where its outcomes are exchanged.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

# before ray is imported: its loggers, its Ctrl-C handler and its usage reports are not wanted
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("TUNE_DISABLE_SIGINT_HANDLER", "1")
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
os.environ["RAY_TRAIN_COUNT_PREEMPTION_AS_FAILURE"] = (
    "1"  # or Tune would try a reclaimed trial again by itself, without a word to anybody
)

import ray
from ray import tune
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher

from frontier_search import machine
from frontier_search.errors import SearchError, SpecError
from frontier_search.executors import Execute, Where, local_ray, lost_machines
from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.executors.watchdog import Watchdog, shut_down, some_node_is_alive
from frontier_search.search.search import Search
from frontier_search.storage import remote
from frontier_search.storage.outcomes import OutcomeFiles
from frontier_search.trial import Cohort

REACH_S = 10.0  # for the head of a cluster to take a connection
COHORT, PROBLEM = "cohort", "problem"


class CohortTrainable(tune.Trainable):
    """A worker process that is reused from cohort to cohort."""

    def setup(
        self,
        config: dict[str, Any],
        spec: dict[str, Any] | None = None,
        root: str = "",
        device: str = "cpu",
    ) -> None:
        from frontier_search.executors.worker import (
            Worker,
        )  # torch loads in the workers, not in the driver

        search = Search.from_spec(spec or {})
        self.outcomes, self.index = OutcomeFiles(remote.folder(root)), config[COHORT]
        self.worker = Worker(search, self.outcomes, device)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.index = new_config[COHORT]
        return True

    def step(self) -> dict[str, Any]:
        result = {COHORT: self.index, "done": True}
        try:
            self.worker.train(self.outcomes.queued(self.index))
        except (
            SearchError,
            OSError,
        ) as error:  # a full disk, say: no candidate's fault, so the search stops and says why
            result[PROBLEM] = f"a worker stopped: {error}"
        return result


class CohortSearcher(Searcher):
    """Ray Tune's view of a session: a suggestion is a cohort. What goes wrong inside is kept in ``error``, because Tune would swallow it."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        super().__init__(metric=COHORT, mode="max")
        self.dispatcher = dispatcher
        self.error: BaseException | None = None
        self.last_words = ""  # of the worker that died last
        self.last_error: BaseException | None = None  # which Ray raised for it
        self._cohorts: dict[str, Cohort] = {}
        self._again: list[Cohort] = []  # whose workers died

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:  # type: ignore[override]  # FINISHED is a string
        cohort = None
        if self.error is None:
            cohort = self._again.pop(0) if self._again else self._guarded(self.dispatcher.next)
        if cohort is None:
            return None if self._cohorts and self.error is None else str(Searcher.FINISHED)
        self._cohorts[trial_id] = cohort
        return {COHORT: cohort.index}

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        cohort = self._cohorts.pop(trial_id)
        if (
            self.error is not None
        ):  # the search stops; what this worker left waits on the disk for the next session
            return
        if error:
            self._again.append(cohort)
            # without any node the raylet took the worker with it, which is no fault of the stack's: the watchdog ends the search
            if some_node_is_alive():
                self._guarded(
                    lambda: self.dispatcher.worker_died(
                        cohort, self.last_words, lost_machines.lost(self.last_error)
                    )
                )
        elif result and PROBLEM in result:
            self.error = SearchError(result[PROBLEM])
        else:
            self._guarded(lambda: self.dispatcher.settle(cohort))

    def _guarded(self, step: Callable[[], Cohort | None]) -> Cohort | None:
        try:
            return step()
        except Exception as error:  # Tune would log it and go on; the search must stop with it
            self.error = error
            return None

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles its searcher, and a live session is not a thing to copy."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the storage is the only truth."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: see ``save``."""


class StopOnError(tune.Stopper):
    """Ends the other trials too, once the search must stop."""

    def __init__(self, searcher: CohortSearcher) -> None:
        self.searcher = searcher

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        return self.searcher.error is not None


class CohortScheduler(FIFOScheduler):
    """Says which cohort gets the worker that has become free, and keeps why a worker died, and the last line of what it said; a scheduler,
    because the searcher is told of a death before the callbacks."""

    def __init__(self, searcher: CohortSearcher) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.searcher = searcher

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        """The lowest cohort that waits, but for those whose own worker is being started: Tune would throw that one away, half started.

        Where workers start slower than cohorts end, none would ever be started (3 of 16 were), because Tune takes the longest waiting.
        """
        waiting: list[Trial] = [
            trial for trial in tune_controller.get_live_trials() if trial.status == Trial.PENDING
        ]
        workers, manager = (
            tune_controller._tune_controller._trial_to_actor,
            tune_controller._tune_controller._actor_manager,
        )
        idle = [
            trial
            for trial in waiting
            if trial not in workers or not manager.is_actor_started(workers[trial])
        ]
        if idle:
            return min(idle, key=lambda trial: int(trial.config[COHORT]))
        return max(
            waiting, key=lambda trial: int(trial.config[COHORT]), default=None
        )  # whose worker has just begun to start

    def on_trial_error(self, tune_controller: Any, trial: Any) -> None:
        try:
            lines = Path(trial.error_file).read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        self.searcher.last_words = lines[-1].strip() if lines else "nothing"
        try:
            # as Tune's trial would read it, if it looked beside the words and not in the storage, where nothing is yet
            self.searcher.last_error = ray.cloudpickle.loads(
                Path(trial.pickled_error_file).read_bytes()
            )
        except Exception:  # none was kept, or one of a user's class that cannot be read here
            self.searcher.last_error = None


@contextmanager
def ready(where: Where, resume: str) -> Iterator[Execute]:
    """Ray, started or joined, and watched.

    Raises:
        SearchError: Ray cannot be reached or started, or loses the search.
        SpecError: nobody answers at the address, or GPUs are asked for and this machine has none.
    """
    logging.getLogger("ray").setLevel(
        logging.CRITICAL
    )  # its tracebacks of dead workers: the dispatcher says it in a sentence
    with _init_arguments(where) as arguments:
        _init(arguments)
        try:
            # a cohort would wait for ever; a cluster may still start machines with GPUs
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
    """Holds what ``ray.init`` needs, to join a cluster or to start Ray on this machine."""
    if where.address:
        _reach(where.address)
        return nullcontext({"address": where.address})
    return local_ray.private(where.workers or machine.processors())


def _init(arguments: Mapping[str, Any]) -> None:
    """Starts or joins Ray, and keeps this process's own handlers of signals.

    Raises:
        SearchError: it cannot be started or joined.
    """
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        ray.init(log_to_driver=False, logging_level=logging.CRITICAL, **arguments)
    except SystemExit as error:  # of ray.init's own SIGTERM handler
        raise KeyboardInterrupt from error
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise SearchError(
            f"Ray cannot be reached or started: {' '.join(str(error).split())}"
        ) from error
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers.items():  # ray.init puts its own in their place
            signal.signal(number, handler)


def _sees_gpu() -> bool:
    return bool(ray.cluster_resources().get("GPU"))  # type: ignore[no-untyped-call]


def _reach(address: str) -> None:
    """Raises SpecError where nobody answers: Ray itself would go on asking for minutes, and say so in its own words."""
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
            f"--address {address}: nobody answers there ({words}); give the HOST:PORT of a running Ray cluster's head."
        ) from error


def _tune(dispatcher: Dispatcher, where: Where) -> None:
    searcher = CohortSearcher(dispatcher)
    root = str(dispatcher.files.root.resolve())
    trainable = tune.with_parameters(
        CohortTrainable, spec=dispatcher.search.to_spec(), root=root, device=where.device
    )
    with tempfile.TemporaryDirectory(prefix="frontier-search-") as scratch:
        tuner = tune.Tuner(
            tune.with_resources(trainable, {"cpu": 1, "gpu": where.gpus_per_cohort}),
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
                failure_config=tune.FailureConfig(
                    max_failures=0
                ),  # the searcher suggests a cohort again, which Tune sees as a new trial
                checkpoint_config=tune.CheckpointConfig(
                    checkpoint_frequency=0, checkpoint_at_end=False
                ),  # ours are in the folder
            ),
        )
        with _memory_permitting():
            tuner.fit()
    if searcher.error is not None:
        raise searcher.error
    if not dispatcher.session.finished:
        raise SearchError("Ray Tune ended before the search did.")


@contextmanager
def _memory_permitting() -> Iterator[None]:
    """Ray ends a worker before a machine's memory is full, which Tune does not take for a death but falls over."""
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error.__cause__, ray.exceptions.OutOfMemoryError):
            raise
        raise SearchError(
            "Ray ended a worker in the midst of training, because the memory of its machine was almost full; everything finished is kept. "
            "Go on with fewer --workers, or where there is more memory."
        ) from error


def _trial_name(trial: Any) -> str:
    return f"cohort-{trial.config[COHORT]:05d}-{trial.trial_id}"
