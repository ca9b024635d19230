"""Runs a search in Ray Tune, where Ray is up."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import ray
from ray import tune

from frontier_search.data.seed_rows import SeedRows
from frontier_search.errors import SearchError
from frontier_search.executors import Where, processors, shared_rows
from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.executors.head_start import HeadStart
from frontier_search.executors.tune_adapters import (
    COHORT,
    CohortScheduler,
    CohortSearcher,
    CohortTrainable,
    StopEarly,
)
from frontier_search.executors.watchdog import Watchdog
from frontier_search.zoo import import_folders


def run(
    dispatcher: Dispatcher,
    where: Where,
    resume: str,
    head_start: HeadStart | None,
    rows: SeedRows | None = None,
) -> None:
    """Trains cohorts until the dispatcher has no more.

    Args:
        resume: the command that continues the search, for a message when Ray is lost.
        head_start: trains cohorts in this process until the first worker is ready.
        rows: of all seeds, which workers on this machine share; None: they make them.

    Raises:
        SearchError: a worker or the session stopped the search, or Tune ended before it did.
    """
    searcher = CohortSearcher(dispatcher, head_start)
    threads = processors.of_worker(where, dispatcher.search)
    with (
        shared_rows.written(rows) as rows_folder,
        tempfile.TemporaryDirectory(prefix="frontier-search-") as scratch,
    ):
        trainable = tune.with_parameters(
            CohortTrainable,
            spec=dispatcher.search.to_spec(),
            root=str(dispatcher.files.root.resolve()),
            device=where.device,
            threads=threads,
            folders=import_folders(),
            rows=rows_folder,
            torch_compile=where.torch_compile,
        )
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
                stop=StopEarly(searcher),
                # the searcher suggests a failed cohort again, as a new trial of Tune's
                failure_config=tune.FailureConfig(max_failures=0),
                # workers keep their own checkpoints, in the search's folder
                checkpoint_config=tune.CheckpointConfig(
                    checkpoint_frequency=0, checkpoint_at_end=False
                ),
            ),
        )
        with closing(Watchdog(resume)), _out_of_memory_in_a_sentence():
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
