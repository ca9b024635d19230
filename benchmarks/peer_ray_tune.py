"""The first peer: Ray Tune with OptunaSearch, reused actors and the MLflow callback.

It is written as the documentation of Ray 2.60 shows:

    https://docs.ray.io/en/latest/tune/
        examples/optuna_example.html    a list of metrics, a define-by-run space
        api/trainable.html              a class with reset_config, so that actors can be reused
        examples/tune-mlflow.html       MLflowLoggerCallback

It reports once for each trial and not for each epoch. Every reported number costs the callback a
call to MLflow, so this is its fast way.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import ray
import workload
from equal_frontier import REACHED, Ended, volumes
from ray import tune
from ray.air.integrations.mlflow import MLflowLoggerCallback
from ray.tune.search.optuna import OptunaSearch
from report import Clock, Report, sizes

clock = Clock()


class Models(tune.Trainable):
    """One step trains the models of all seeds."""

    def setup(self, config: dict[str, Any]) -> None:
        workload.prepare()
        self.params = config

    def step(self) -> dict[str, Any]:
        begun_at = time.time()
        outcome = workload.train_all(self.params)
        return {
            **outcome,
            "begun_at": begun_at,
            "training_s": time.time() - begun_at,
            "process": os.getpid(),
        }

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.params = new_config
        return True  # the actor can be used for another trial

    def save_checkpoint(self, checkpoint_dir: str) -> None:  # Ray calls it at the end of a trial
        return None

    def load_checkpoint(self, checkpoint: Any) -> None:
        return None


class TimedSearch(OptunaSearch):
    """OptunaSearch, timed."""

    finished_at = 0.0

    def suggest(self, trial_id: str) -> Any:
        with clock("ask"):
            return super().suggest(trial_id)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        with clock("tell"):
            super().on_trial_complete(trial_id, result, error)
        self.finished_at = time.time()


class TimedMLflow(MLflowLoggerCallback):
    """MLflowLoggerCallback, timed."""

    def log_trial_start(self, trial: Any) -> None:
        with clock("mirror"):
            super().log_trial_start(trial)

    def log_trial_result(self, iteration: int, trial: Any, result: dict[str, Any]) -> None:
        with clock("mirror"):
            super().log_trial_result(iteration, trial, result)

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        with clock("mirror"):
            super().log_trial_end(trial, failed)


class Until(tune.Stopper):
    """Ends each trial after its step, and all when they cover a hypervolume or time is over.

    It writes when each trial ended, and its objectives, into the home folder.
    """

    def __init__(self, home: Path, goal: float, limit_s: float) -> None:
        self._file, self._goal = home / REACHED, goal
        self._end_s = time.time() + limit_s
        self._ended: list[Ended] = []
        self._file.write_text("[]")

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        self._ended.append((time.time(), result["loss"], result["params"]))
        self._file.write_text(json.dumps(self._ended))
        return True

    def stop_all(self) -> bool:
        curve = volumes(self._ended)
        return time.time() > self._end_s or bool(curve and curve[-1][1] >= self._goal)


def run(trials: int, home: Path, seed: int, stopper: Until | None = None) -> Report | None:
    """Runs the search and reports it; a search that a stopper ends reports by itself."""
    ray.init(address="local", num_cpus=workload.WORKERS)
    # TuneConfig(metric=[...]) is refused, so only the searcher knows the metrics. The searcher's
    # state is saved with plain pickle, so the space must be a function of an importable module.
    search = TimedSearch(
        workload.suggest,
        metric=list(workload.OBJECTIVES),
        mode=["min"] * len(workload.OBJECTIVES),
        seed=seed,
    )
    tuner = tune.Tuner(
        tune.with_resources(Models, {"cpu": 1}),
        tune_config=tune.TuneConfig(
            search_alg=search,
            num_samples=trials,
            reuse_actors=True,
            max_concurrent_trials=workload.WORKERS,
        ),
        run_config=tune.RunConfig(
            name="peer",
            storage_path=str(home / "tune"),
            stop=stopper or {"training_iteration": 1},
            verbose=0,
            # MLflow 3.17 refuses its old ./mlruns folder; a database is the documented default
            callbacks=[
                TimedMLflow(tracking_uri=f"sqlite:///{home / 'mlflow.db'}", experiment_name="peer")
            ],
        ),
    )
    grid = tuner.fit()
    if stopper is not None:
        return None
    results: list[dict[str, Any]] = [
        grid[i].metrics or {} for i in range(len(grid)) if grid[i].error is None
    ]
    if len({result["process"] for result in results}) > workload.WORKERS:
        raise RuntimeError("actors were not reused, so this is not the run that was meant")
    mean_hidden, mean_steps = sizes([result["config"] for result in results])
    return Report(
        trials=len(results),
        begun_at=min(result["begun_at"] for result in results),
        finished_at=search.finished_at,
        driver_s=clock.totals,
        training_s=sum(result["training_s"] for result in results),
        best_loss=min(result["loss"] for result in results),
        mean_hidden=mean_hidden,
        mean_steps=mean_steps,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, required=True)
    parser.add_argument(
        "--home",
        type=Path,
        required=True,
        help="an empty folder for everything that is written, the report too",
    )
    parser.add_argument("--goal", type=float, help="a hypervolume at which the search ends")
    parser.add_argument("--limit", type=float, default=360, help="seconds to that, at most")
    parser.add_argument("--seed", type=int, default=1, help="of OptunaSearch (default: 1)")
    options = parser.parse_args()
    home: Path = options.home.resolve()
    stopper = None if options.goal is None else Until(home, options.goal, options.limit)
    report = run(options.trials, home, options.seed, stopper)
    if report is not None:
        report.write(home)


if __name__ == "__main__":
    main()
