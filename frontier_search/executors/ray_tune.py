"""ray_tune: a Ray Tune trial trains a cohort; a searcher of ours asks the session and tells it.

Ray's own stores are projections that may be lost at any moment: nothing is restored from them. The configuration of a Tune trial holds the
cohort's index alone; the candidates and the outcome pass through the search's folder.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

# before ray is imported: its loggers, its Ctrl-C handler and its usage reports are not wanted
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("TUNE_DISABLE_SIGINT_HANDLER", "1")
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

import ray
from ray import tune
from ray.tune.search import Searcher

from frontier_search.errors import SearchError
from frontier_search.executors import Where
from frontier_search.executors.handover import Handover
from frontier_search.folder import SearchFolder
from frontier_search.outcomes import OutcomeFiles
from frontier_search.search import Search
from frontier_search.trial import Cohort

COHORT = "cohort"
RETRIES = 1  # of a cohort whose worker died


class CohortTrainable(tune.Trainable):  # type: ignore[misc]  # ray ships no types for it
    """A worker process that is reused from cohort to cohort."""

    def setup(self, config: dict[str, Any], spec: dict[str, Any], home: str) -> None:
        from frontier_search.executors.worker import Worker  # torch loads in the workers, not in the driver

        search = Search.from_spec(spec)
        folder = SearchFolder(Path(home), search.name)
        self.files, self.worker, self.index = OutcomeFiles(folder), Worker(search, folder), config[COHORT]

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.index = new_config[COHORT]
        return True

    def step(self) -> dict[str, Any]:
        self.worker.train(self.files.posted(self.index))
        return {COHORT: self.index, "done": True}


class CohortSearcher(Searcher):  # type: ignore[misc]  # ray ships no types for it
    """Ray Tune's view of a session: a suggestion is a cohort."""

    def __init__(self, handover: Handover) -> None:
        super().__init__(metric=COHORT, mode="max")
        self.handover = handover
        self.cohorts: dict[str, Cohort] = {}
        self.error: BaseException | None = None

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        if self.error is not None:
            return str(Searcher.FINISHED)
        try:
            cohort = self.handover.next()
        except Exception as error:  # Tune would log it and go on; the search must stop with it
            self.error = error
            return str(Searcher.FINISHED)
        if cohort is None:
            return str(Searcher.FINISHED) if not self.cohorts else None
        self.cohorts[trial_id] = cohort
        return {COHORT: cohort.index}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        cohort = self.cohorts.pop(trial_id)
        try:
            if error:
                self.handover.give_up(cohort, f"the worker died {RETRIES + 1} times while it trained the cohort; out of memory is the usual cause")
            else:
                self.handover.settle(cohort)
        except Exception as problem:  # as above
            self.error = problem

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles its searcher, and a live session is not a thing to copy."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the storage is the only truth."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: see ``save``."""


def execute(handover: Handover, where: Where) -> None:
    """Raises SearchError when Ray cannot be started or loses the search."""
    workers = where.workers or os.cpu_count() or 1
    try:
        if where.address:
            ray.init(address=where.address, log_to_driver=False, logging_level="ERROR")
        else:
            ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise SearchError(f"Ray cannot be reached or started: {' '.join(str(error).split())}") from error
    try:
        _tune(handover, where)
    finally:
        ray.shutdown()


def _tune(handover: Handover, where: Where) -> None:
    searcher = CohortSearcher(handover)
    trainable = tune.with_parameters(CohortTrainable, spec=handover.search.to_spec(), home=str(handover.folder.home.resolve()))
    with tempfile.TemporaryDirectory(prefix="frontier-search-") as scratch:
        tuner = tune.Tuner(
            tune.with_resources(trainable, {"cpu": 1}),
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                num_samples=-1,
                max_concurrent_trials=handover.search.in_flight,
                reuse_actors=True,
                trial_dirname_creator=lambda trial: f"cohort-{trial.config[COHORT]:05d}",
                trial_name_creator=lambda trial: f"cohort-{trial.config[COHORT]:05d}",
            ),
            run_config=tune.RunConfig(
                name=handover.search.name,
                storage_path=scratch,
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=RETRIES),
                checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=0, checkpoint_at_end=False),  # ours are in the folder
            ),
        )
        tuner.fit()
    if searcher.error is not None:
        raise searcher.error
    if not handover.session.finished:
        raise SearchError("Ray Tune ended before the search did.")
