"""What must be equal when a search has ended.

The search equals its twin. Its storage, MLflow, the command line and the models agree.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from frontier_search.cli.main import group
from frontier_search.files import names_in
from frontier_search.frontier.frontier import Frontier
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Trial, TrialState

if TYPE_CHECKING:
    from mlflow.entities import Run


@contextmanager
def folder() -> Iterator[Path]:
    """Yields a new folder with a short name, and removes it.

    Errors of the removal are ignored: processes that were just killed may still write there.
    """
    with tempfile.TemporaryDirectory(prefix="fault-", ignore_cleanup_errors=True) as path:
        yield Path(path)


@cache
def empty_database() -> Path:
    """Returns an MLflow database without a run."""
    from frontier_search.mirror import database

    path = Path(tempfile.mkdtemp(prefix="empty-mlflow-")) / "mlflow.db"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The ``noload``")
        database.create(path, path.parent)
    return path


def plain(trial: Trial) -> dict[str, Any]:
    """Returns a trial in JSON form, without times and hosts."""
    row = trial.to_json(curves=True)
    for key in ("seconds", "worker", "started_at", "finished_at"):
        del row[key]
    return row | {
        "seeds": [
            {key: value for key, value in seed.items() if key != "seconds"} for seed in row["seeds"]
        ]
    }


def stuck(entry: Entry, mirror: bool = True) -> list[str]:
    """Returns a sentence for each trial or run that is running, and each cohort with files."""
    runs = _runs(entry) if mirror else []
    found = [
        f"trial {trial.number} is {trial.state}"
        for trial in catalog.read_trials(entry)
        if not trial.state.finished
    ]
    found += [
        f"MLflow's run {uid} is {run.info.status}"
        for uid, run in runs
        if run.info.status not in ("FINISHED", "FAILED")
    ]
    found += [
        f"{name} is left in outcomes/" for name in sorted(names_in(entry.files.root / "outcomes"))
    ]
    return found


def disagreements(entry: Entry, twin: Sequence[Trial], mirror: bool = True) -> list[str]:
    """Returns a sentence for each difference."""
    trials = catalog.read_trials(entry)
    found = [] if len(trials) == len(twin) else [f"{len(trials)} trials, the twin has {len(twin)}"]
    found += [
        f"trial {ours.number} differs from its twin"
        for ours, theirs in zip(trials, twin, strict=False)
        if repr(plain(ours)) != repr(plain(theirs))  # repr: a nan is not equal to itself
    ]
    return [
        *found,
        *(_mlflow(entry, trials) if mirror else []),
        *_command_line(entry, trials),
        *_models(entry, trials),
    ]


def _runs(entry: Entry) -> list[tuple[str, Run]]:
    from mlflow import MlflowClient  # takes seconds, and many searches have no mirror

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The ``noload``")
        client = MlflowClient(entry.locations.tracking_uri)
        experiment = client.get_experiment_by_name(entry.search.name)
        runs = (
            list(client.search_runs([experiment.experiment_id], "", max_results=5000))
            if experiment
            else []
        )
    return [(run.data.tags.get("uid", "?"), run) for run in runs]


def _mlflow(entry: Entry, trials: Sequence[Trial]) -> list[str]:
    runs = _runs(entry)
    uids = Counter(uid for uid, _ in runs)
    wanted = {trial.uid for trial in trials} | {entry.search.name}
    found = [f"MLflow has {count} runs of {uid}" for uid, count in uids.items() if count > 1]
    found += [f"MLflow has no run of {uid}" for uid in sorted(wanted - set(uids))] + [
        f"MLflow has a run of {uid}" for uid in sorted(set(uids) - wanted)
    ]
    by_uid = dict(runs)
    members = Frontier.of(trials, entry.search.objective_table()).numbers()
    for trial in trials:
        run = by_uid.get(trial.uid)
        if run is None:
            continue
        status = "FINISHED" if trial.state is TrialState.COMPLETE else "FAILED"
        same = (
            run.info.status == status
            and run.data.tags["frontier.member"] == str(trial.number in members).lower()
        )
        same &= all(run.data.metrics.get(name) == value for name, value in trial.objectives.items())
        same &= run.data.params == {"family": trial.candidate.family} | {
            k: str(v) for k, v in trial.candidate.hyperparameters.items()
        }
        found += [] if same else [f"MLflow's run of {trial.uid} differs from the trial"]
    return found


def _command_line(entry: Entry, trials: Sequence[Trial]) -> list[str]:
    states = Counter(str(trial.state) for trial in trials)
    status = _printed(entry, "status")[0]
    counted = {state: status[state] for state in ("complete", "fail", "running")}
    found = (
        []
        if counted == {state: states[state] for state in counted}
        else [f"status counts {counted}, the storage has {dict(states)}"]
    )
    found += [] if status["state"] == "finished" else [f"status says {status['state']}"]
    rows = json.loads(json.dumps([trial.to_json() for trial in trials]))
    return (
        found
        if _printed(entry, "trials") == rows
        else [*found, "the command line lists other trials than the storage has"]
    )


def _printed(entry: Entry, command: str) -> Any:
    result = CliRunner().invoke(
        group, [command, entry.search.name, "--home", str(entry.folder.home), "--format", "json"]
    )
    return json.loads(result.stdout)


def _models(entry: Entry, trials: Sequence[Trial]) -> list[str]:
    members = Frontier.of(trials, entry.search.objective_table()).numbers()
    kept = entry.files.models.numbers()
    return (
        []
        if kept == members
        else [f"models of {sorted(kept)} are kept, the frontier is {sorted(members)}"]
    )
