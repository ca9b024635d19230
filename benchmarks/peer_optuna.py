"""The second peer: only Optuna, with two worker processes on one journal file, and MLflow.

It is written as the documentation of Optuna 5.0 shows:

    https://optuna.readthedocs.io/en/stable/
        tutorial/10_key_features/004_distributed.html           processes that share a journal file
        reference/generated/optuna.study.MaxTrialsCallback.html

optuna-integration's MLflowCallback is deprecated since 4.9, so each worker logs a finished trial
itself, with the same calls.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import mlflow
import optuna
import workload
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import MaxTrialsCallback
from optuna.trial import FrozenTrial, TrialState
from report import Clock, Report, sizes

STUDY = "peer"


def storage(home: Path) -> JournalStorage:
    return JournalStorage(JournalFileBackend(str(home / "journal.log")))


def use_mlflow(home: Path) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{home / 'mlflow.db'}")
    mlflow.set_experiment(STUDY)


@dataclass
class Worker:
    """What one process does of the search, with its clock.

    Attributes:
        begun_at: when its first trial began to train; 0 before that.
        waiting_since: when its last objective returned, or 0. Until the next one begins, the time
            is spent in ``tell``, MLflow and ``ask``.
    """

    clock: Clock = field(default_factory=Clock)
    begun_at: float = 0.0
    training_s: float = 0.0
    waiting_since: float = 0.0
    between_s: float = 0.0

    def objective(self, trial: optuna.Trial) -> tuple[float, float]:
        if self.waiting_since:
            self.between_s += time.time() - self.waiting_since
        with self.clock("suggest"):
            params = workload.suggest(trial)
        start = time.time()
        self.begun_at = self.begun_at or start
        outcome = workload.train_all(params)
        self.waiting_since = time.time()
        self.training_s += self.waiting_since - start
        return outcome["loss"], outcome["params"]

    def mirror(self, _study: optuna.Study, trial: FrozenTrial) -> None:
        with self.clock("mirror"), mlflow.start_run(run_name=str(trial.number)):
            mlflow.log_metrics(dict(zip(workload.OBJECTIVES, trial.values, strict=True)))
            mlflow.log_params(trial.params)
            mlflow.set_tags({"number": str(trial.number), "state": trial.state.name})

    def driver_s(self) -> dict[str, float]:
        """Returns the driver's seconds; Optuna asks and tells in one step between objectives."""
        mirror = self.clock.totals["mirror"]
        return {
            "ask and tell": self.clock.totals["suggest"] + max(0.0, self.between_s - mirror),
            "mirror": mirror,
        }


def work(position: int, trials: int, home: Path) -> Worker:
    """Optimises the shared study, in a worker process, until it holds enough complete trials."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    workload.prepare()
    use_mlflow(home)
    worker = Worker()
    study = optuna.load_study(
        study_name=STUDY,
        storage=storage(home),
        sampler=optuna.samplers.TPESampler(seed=1 + position),
    )
    study.optimize(
        worker.objective,
        callbacks=[MaxTrialsCallback(trials, states=(TrialState.COMPLETE,)), worker.mirror],
    )
    return worker


def run(trials: int, home: Path) -> Report:
    """Runs the search and reports it.

    The two workers may finish one trial more than ``trials``.
    """
    study = optuna.create_study(
        study_name=STUDY, storage=storage(home), directions=["minimize"] * len(workload.OBJECTIVES)
    )
    use_mlflow(home)  # once, here: two processes that create the same database at once can fail
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workload.WORKERS, mp_context=spawn) as pool:
        futures = [
            pool.submit(work, position, trials, home) for position in range(workload.WORKERS)
        ]
        workers = [future.result() for future in futures]
    complete = study.get_trials(states=(TrialState.COMPLETE,))
    mean_hidden, mean_steps = sizes([trial.params for trial in complete])
    driver_s: dict[str, float] = {}
    for worker in workers:
        for name, seconds in worker.driver_s().items():
            driver_s[name] = driver_s.get(name, 0.0) + seconds
    return Report(
        trials=len(complete),
        begun_at=min(worker.begun_at for worker in workers),
        finished_at=max(
            trial.datetime_complete.timestamp() for trial in complete if trial.datetime_complete
        ),
        driver_s=driver_s,
        training_s=sum(worker.training_s for worker in workers),
        best_loss=min(trial.values[0] for trial in complete),
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
    options = parser.parse_args()
    home: Path = options.home.resolve()
    run(options.trials, home).write(home)


if __name__ == "__main__":
    main()
