"""Logs the models of the frontier's members.

They load on any machine, without pickle, and predict what the trained models predicted: each is
loaded again after it was logged, and compared. A model of a user's own table takes raw rows.
"""

from __future__ import annotations

import math
import tempfile
import time
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import numpy as np
from mlflow import MlflowClient
from mlflow.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus, Metric

from frontier_search.errors import SpecError
from frontier_search.files import raising_oserror
from frontier_search.mirror import model_check
from frontier_search.mirror.model_files import EXAMPLE_ROWS, ModelFiles
from frontier_search.mirror.payload import NO_MODEL, NO_WEIGHTS, dataset, trial_params
from frontier_search.predictor import MemberModel
from frontier_search.search.search import Search
from frontier_search.storage.catalog import Entry
from frontier_search.trial import SeedOutcome, Trial


def log(client: MlflowClient, experiment_id: str, run_id: str, entry: Entry, trial: Trial) -> str:
    """Logs the model of a member's median seed, unless MLflow holds it already.

    Returns:
        the model's id in MLflow, or ``none: `` and the reason why there is none.
    """
    if entry.files.models.read(trial.number) is None:
        return NO_WEIGHTS
    position = trial.median_seed()
    try:
        model, rows = MemberModel.of(entry, trial), entry.search.find_dataset()
        files = ModelFiles(model, rows.n_features, entry.search.code)
    except SpecError as error:
        return f"{NO_MODEL}{error}"
    found = _find(client, experiment_id, run_id)
    logged = found or _create(client, experiment_id, run_id, entry.search, trial, position)
    if logged.status != LoggedModelStatus.READY:  # it is new, or a process died while logging it
        # MLflow reports a database error if an output is logged twice
        if found is None or logged.model_id not in _outputs(client, run_id):
            client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
        with tempfile.TemporaryDirectory(prefix="frontier-search-") as scratch:
            folder = Path(scratch) / "model"
            example = np.ascontiguousarray(rows.split(model.seed).val.x[:EXAMPLE_ROWS])
            if rows.preprocessing is None:
                files.save(example, folder, logged)
            else:
                files.save_served(rows, example, folder, logged)
            with raising_oserror(logged.artifact_location):
                client.log_model_artifacts(logged.model_id, str(folder))
                held = _held(logged.artifact_location, Path(scratch) / "held")
            problem = model_check.difference(held, rows, model.seed, model.float_outputs)
        if problem:
            client.finalize_logged_model(logged.model_id, LoggedModelStatus.FAILED)
            return f"{NO_MODEL}{problem}"
        if not logged.metrics:
            _log_metrics(client, run_id, logged, entry.search, trial.seeds[position])
        client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    return str(logged.model_id)


def _held(location: str, scratch: Path) -> Path:
    """Returns the folder of a logged model, brought to this machine if it is elsewhere."""
    url = urlparse(location)
    if url.scheme in ("", "file"):
        return Path(url2pathname(url.path))
    from mlflow.artifacts import download_artifacts

    return Path(download_artifacts(artifact_uri=location, dst_path=str(scratch)))


def _find(client: MlflowClient, experiment_id: str, run_id: str) -> LoggedModel | None:
    found = client.search_logged_models(
        [experiment_id], filter_string=f"source_run_id = '{run_id}'"
    )
    return found[0] if found else None


def _outputs(client: MlflowClient, run_id: str) -> list[str]:
    """Returns the ids of the models that are logged as outputs of a run."""
    outputs = client.get_run(run_id).outputs
    return [output.model_id for output in outputs.model_outputs] if outputs else []


def _log_metrics(
    client: MlflowClient, run_id: str, logged: LoggedModel, search: Search, seed: SeedOutcome
) -> None:
    """Logs what the model's own seed measured, with the data set that it was measured on."""
    about, now = dataset(search), int(time.time() * 1000)
    where = {"dataset_name": about["name"], "dataset_digest": about["digest"]}
    metrics = [
        Metric(f"model/{name}", value, now, 0, model_id=logged.model_id, run_id=run_id, **where)
        for name, value in seed.metrics.items()
        if math.isfinite(value)
    ]
    client.log_batch(run_id, metrics)


def _create(
    client: MlflowClient,
    experiment_id: str,
    run_id: str,
    search: Search,
    trial: Trial,
    position: int,
) -> LoggedModel:
    seed = trial.seeds[position].seed
    raw = search.find_dataset().preprocessing is not None
    tags = {
        "uid": trial.uid,
        "seed": str(seed),
        "seed_chosen": "median validation loss",
        "dataset": search.dataset,
        "rows": "raw: its preprocessing is inside, in preprocessing.json"
        if raw
        else f"scaled, as the split of {search.dataset} for seed {seed} gives them",
    }
    return client.create_logged_model(
        experiment_id, f"trial-{trial.number}", run_id, tags, trial_params(trial)
    )
