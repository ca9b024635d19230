"""What Ray Tune is given: a trainable that trains cohorts, a searcher, a scheduler and a stopper.

Ray's own stores may be lost at any moment, and nothing is restored from them. The configuration of
a Tune trial holds only the index of its cohort. Candidates and outcomes pass through the search's
folder, or through the location that ``--outcomes`` names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher

from frontier_search import machine, sources
from frontier_search.errors import SearchError
from frontier_search.executors import lost_machines, shared_rows
from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.executors.head_start import HeadStart
from frontier_search.executors.watchdog import some_node_is_alive
from frontier_search.search.search import Search
from frontier_search.storage import remote
from frontier_search.storage.outcomes import OutcomeFiles
from frontier_search.trial import Cohort
from frontier_search.zoo import search_last

COHORT, PROBLEM = "cohort", "problem"  # keys of a Tune trial's configuration and result
BEGINS_NEXT = "begins_next"  # whether its worker may begin the cohort after its own, too
NO_COHORT = -1  # of a Tune trial that only starts a worker, while this process trains cohorts
HERE_S = 0.1  # the longest wait for a cohort that this process trains, while no worker is busy


class CohortTrainable(tune.Trainable):
    """A worker process. Tune reuses it from cohort to cohort."""

    def setup(
        self,
        config: dict[str, Any],
        spec: dict[str, Any] | None = None,
        root: str = "",
        device: str = "cpu",
        threads: int = 1,
        folders: Sequence[str] = (),
        rows: str = "",
        torch_compile: bool = False,
    ) -> None:
        machine.spare_collector()
        search_last(folders)  # the user's own modules are there
        # torch loads in the workers, not in the driver
        from frontier_search.executors.worker import Worker

        spec, folder = spec or {}, remote.folder(root)
        sources.hold(spec.get("code", {}), folder / sources.FOLDER)
        search = Search.from_spec(spec)
        outcomes = OutcomeFiles(folder)
        mapped = shared_rows.mapped(rows)
        self.worker = Worker(search, outcomes, device, threads, mapped, torch_compile)
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.index, self.begins_next = new_config[COHORT], new_config[BEGINS_NEXT]
        return True

    def step(self) -> dict[str, Any]:
        result = {COHORT: self.index, "done": True}
        try:
            if self.index != NO_COHORT:
                self.worker.train_queued(self.index, self.begins_next)
        except (SearchError, OSError) as error:
            # A full disk, for example. No candidate is at fault, so the search stops and says why.
            result[PROBLEM] = f"a worker stopped: {error}"
        return result


class CohortSearcher(Searcher):
    """Shows a session to Ray Tune: every suggestion is a cohort.

    With a head start the first suggestion is no cohort. When it is done, its worker is ready, and
    this process begins to train no more cohorts.

    Args:
        head_start: trains cohorts in this process; None: only workers train.

    Attributes:
        error: what stopped the search. Tune itself would log it and continue.
        last_words: the last line that the worker printed which died last.
        last_error: what Ray raised for that worker; None when it cannot be read.
        is_over: whether the search was over before the first worker was ready.
    """

    def __init__(self, dispatcher: Dispatcher, head_start: HeadStart | None = None) -> None:
        super().__init__(metric=COHORT, mode="max")
        self.dispatcher, self.head_start = dispatcher, head_start
        self.error: BaseException | None = None
        self.last_words = ""
        self.last_error: BaseException | None = None
        self._in_training: dict[str, Cohort] = {}  # by the id of the Tune trial
        self._to_train_again: list[Cohort] = list(head_start.for_workers) if head_start else []
        self._starting: str | None = None  # the id of the Tune trial that starts the first worker
        self._has_worker = head_start is None
        self.is_over = False

    def suggest(  # type: ignore[override]  # FINISHED is a string
        self, trial_id: str
    ) -> dict[str, Any] | str | None:
        if self.head_start is not None:
            self._keeping_errors(self._train_here)
        if not self._has_worker and not self.is_over and self.error is None:
            if self._starting is not None:
                return None
            self._starting = trial_id
            return {COHORT: NO_COHORT, BEGINS_NEXT: False}
        cohort = self._next() if self.error is None else None
        if cohort is None:
            is_waiting = (self._in_training or self._trains_here) and self.error is None
            return None if is_waiting else str(Searcher.FINISHED)
        self._in_training[trial_id] = cohort
        is_only_worker = self.head_start is not None and not self.head_start.is_busy
        return {COHORT: cohort.index, BEGINS_NEXT: is_only_worker}

    @property
    def _trains_here(self) -> bool:
        return self.head_start is not None and self.head_start.is_busy

    def _train_here(self) -> None:
        """Records what was trained in this process, and trains more until a worker is ready."""
        assert self.head_start is not None
        self.head_start.settle(0.0 if self._in_training or not self._has_worker else HERE_S)
        if not self._has_worker:
            self.head_start.fill()
            self.is_over = not (self.head_start.is_busy or self._to_train_again)

    def _next(self) -> Cohort | None:
        if self._to_train_again:
            return self._to_train_again.pop(0)
        return self._keeping_errors(self.dispatcher.next)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        if trial_id == self._starting:
            self._has_worker = True  # after an error the first cohort tries another one
            return
        cohort = self._in_training.pop(trial_id)
        if self.error is not None:
            return  # the search stops; the next session records the outcome that is on disk
        if error:
            self._to_train_again.append(cohort)
            # Without a live node the raylet has ended the worker, which is not the fault of the
            # stack. The watchdog ends the search then.
            if some_node_is_alive():
                self._keeping_errors(lambda: self._count_death(cohort))
        elif result and PROBLEM in result:
            self.error = SearchError(result[PROBLEM])
        else:
            self._keeping_errors(lambda: self.dispatcher.settle(cohort))

    def _count_death(self, cohort: Cohort) -> None:
        machine_lost = lost_machines.is_lost(self.last_error)
        self.dispatcher.worker_died(cohort, self.last_words, machine_lost)

    def _keeping_errors(self, step: Callable[[], Cohort | None]) -> Cohort | None:
        """Runs a step, and keeps what it raises in ``error``."""
        try:
            return step()
        except Exception as error:
            self.error = error
            return None

    def __getstate__(self) -> dict[str, Any]:
        """Returns nothing. Tune pickles its searcher, and a live session must not be copied."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Saves nothing: the storage is the only truth."""

    def restore(self, checkpoint_path: str) -> None:
        """Restores nothing: the storage is the only truth."""


class StopEarly(tune.Stopper):
    """Ends all Tune trials when the search must stop, or is over while a worker still starts."""

    def __init__(self, searcher: CohortSearcher) -> None:
        self.searcher = searcher

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        return self.searcher.error is not None or self.searcher.is_over


class CohortScheduler(FIFOScheduler):
    """Chooses the cohort for a free worker, and records why a worker died.

    This is done in a scheduler because Tune informs the searcher of a failure before it calls the
    callbacks.
    """

    def __init__(self, searcher: CohortSearcher) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.searcher = searcher

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        """Returns the waiting cohort with the lowest index, unless its worker is still starting.

        Tune by default gives the free worker to the cohort that has waited longest, and cancels the
        half-started worker of that cohort. Where workers start more slowly than cohorts end, most
        of them then never started (3 of 16 did).
        """
        waiting: list[Trial] = [
            trial for trial in tune_controller.get_live_trials() if trial.status == Trial.PENDING
        ]
        workers = tune_controller._tune_controller._trial_to_actor
        actors = tune_controller._tune_controller._actor_manager
        without_starting_worker = [
            trial
            for trial in waiting
            if trial not in workers or not actors.is_actor_started(workers[trial])
        ]
        if without_starting_worker:
            return min(without_starting_worker, key=_index)
        # every waiting cohort has a worker that starts: the highest index began to wait last
        return max(waiting, key=_index, default=None)

    def on_trial_error(self, tune_controller: Any, trial: Any) -> None:
        try:
            lines = Path(trial.error_file).read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        self.searcher.last_words = lines[-1].strip() if lines else "nothing"
        try:
            # Tune's own `Trial.get_pickled_error` reads the copy in its storage, which is not
            # uploaded yet.
            pickled = Path(trial.pickled_error_file).read_bytes()
            self.searcher.last_error = ray.cloudpickle.loads(pickled)
        except Exception:  # there is none, or it is of a class that cannot be imported here
            self.searcher.last_error = None


def _index(trial: Trial) -> int:
    return int(trial.config[COHORT])
