"""What an MLflow run holds of a search or a trial: tags, parameters and metrics, as plain data.

A metric is a trial's mean over seeds: under the objective's own name (``loss``) on the validation
rows, under ``test_loss`` and ``train_loss`` on the test and training rows. ``seeds/val_loss`` has a
step for each seed. ``curve/val_loss`` and ``curve/train_loss`` have one for each of some epochs:
the learning curves, means over seeds. With the slash, MLflow makes a chart section of them. Values
that are not finite are named in a tag, because MLflow would store infinity as 1.8e308.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from typing import Any

import numpy as np

from frontier_search import __version__
from frontier_search.errors import SpecError
from frontier_search.frontier.frontier import Spread
from frontier_search.frontier.membership import Member
from frontier_search.objective import OBJECTIVES, FromMean, metric_keys
from frontier_search.reports.palette import QUIET, colour, family_indices
from frontier_search.reports.tables import hyperparameters
from frontier_search.search.search import Search
from frontier_search.trial import Trial, TrialState, learning_curves

UID, KIND, MEMBER, MODEL = "uid", "kind", "frontier.member", "model"
CHANCE = "frontier.chance"
# Prefix of the model tag while no model is logged. The rest is the reason; each sync tries again.
NO_MODEL = "none: "
NO_WEIGHTS = f"{NO_MODEL}its weights are not in the search's folder"
LEFT_FRONTIER = f"{NO_MODEL}it has left the frontier"
DESCRIBED, DRAWN = "described", "frontier.drawn"
SEARCH, TRIAL = "search", "trial"
PARENT, NOTE, COLOUR, TABLES = (
    "mlflow.parentRunId",
    "mlflow.note.content",
    "mlflow.runColor",
    "mlflow.loggedArtifacts",
)
FINGERPRINT = "fingerprint"
# in characters; MLflow silently cuts a longer parameter and refuses a longer tag
LONGEST_PARAM, LONGEST_TAG = 6000, 5000
# the metrics whose value of each seed is logged
PER_SEED = ("val_loss", "test_loss")
CURVE_EPOCHS = 12  # a step costs a twelfth of a millisecond
VERSIONS = ("torch", "ray", "optuna", "mlflow")


# ---- the search --------------------------------------------------------------------------------


def experiment_tags(search: Search) -> dict[str, str]:
    """Returns the tags of a search's experiment."""
    return {FINGERPRINT: search.fingerprint(), "mlflow.experimentKind": "custom_model_development"}


def search_tags(search: Search) -> dict[str, str]:
    """Returns the tags of a search's run.

    What may change when a search is resumed is a tag, because MLflow's parameters cannot change.
    """
    return {
        UID: search.name,
        KIND: SEARCH,
        FINGERPRINT: search.fingerprint(),
        "trials": str(search.trials),
        "time_budget_s": "none" if search.time_budget_s is None else f"{search.time_budget_s:g}",
        "version.frontier-search": __version__,
        "version.python": platform.python_version(),
        **{f"version.{name}": metadata.version(name) for name in VERSIONS},
        TABLES: json.dumps([{"path": "frontier.json", "type": "table"}]),
    }


def search_params(search: Search) -> dict[str, str]:
    """Returns the settings of a search and the space of each family, as parameters.

    A value that is too long for MLflow is cut and ends in dots; search.yaml holds all of it.
    """
    spec = search.to_spec()
    flat = {
        key: value
        for key, value in spec.items()
        if key not in ("families", "trials", "time_budget")
    }
    if search.warm_start:  # search.yaml has the outcomes
        flat["warm_start"] = "; ".join(map(str, search.warm_start))
    flat |= {f"families.{name}": space for name, space in spec["families"].items()}
    return {
        _key(key): _cut(value if isinstance(value, str) else json.dumps(value))
        for key, value in flat.items()
    }


def dataset(search: Search) -> dict[str, str]:
    """Returns the description of the search's dataset, as ``mlflow.entities.Dataset`` takes it.

    The digest is that of the dataset's file. For a dataset without a file it is the digest of its
    description.
    """
    about: dict[str, Any] = {"seeds": len(search.seeds)}
    try:
        found = search.find_dataset()
        about = {
            "task": found.task,
            "features": found.n_features,
            "outputs": found.n_outputs,
            "unit": found.unit,
        } | about
        source = found.source
    except SpecError:  # the file is missing or has changed; the search knows its name and digest
        source = search.dataset
    digest = (
        search.dataset_sha256
        or hashlib.sha256(json.dumps([search.dataset, source, about]).encode()).hexdigest()
    )
    described = json.dumps({"source": source, "path": search.dataset})
    return {
        "name": search.dataset[-500:],
        "digest": digest[:36],
        "source_type": "local",
        "source": described,
        "profile": json.dumps(about),
    }


def frontier_rows(members: Sequence[Member]) -> dict[str, Any]:
    """Returns the members as the table that MLflow's pages show: column names, a row a member."""
    trials = [member.trial for member in members]
    metrics = [key for key in metric_keys() if any(_is_shown(key, trial) for trial in trials)]
    rows: list[list[Any]] = []
    for member in members:
        trial = member.trial
        spreads = [Spread.of(trial.per_seed(metric)) for metric in metrics]
        uncertain = (member.test.low, member.test.high, member.probability, member.optimism)
        values = [
            _short(value)
            for value in (
                *(value for spread in spreads for value in (spread.mean, spread.std)),
                *uncertain,
            )
        ]
        rows.append(
            [
                trial.number,
                trial.candidate.family,
                trial.size["effective"],
                *values,
                hyperparameters(trial),
            ]
        )
    columns = [column for metric in metrics for column in (metric, f"{metric}_std")]
    columns += ["test_loss_low", "test_loss_high", "chance", "optimism"]
    return {"columns": ["trial", "family", "params", *columns, "hyperparameters"], "data": rows}


def _is_shown(key: str, trial: Trial) -> bool:
    """Returns whether the table of members has a column for a metric, because of this trial."""
    split, _, name = key.partition("_")
    return split != "train" and _is_logged(split, name, trial) and bool(trial.per_seed(key))


def _short(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None


# ---- a trial -----------------------------------------------------------------------------------


def trial_tags(
    trial: Trial, parent_id: str, member: bool, colours: Mapping[str, str]
) -> dict[str, str]:
    """Returns the tags of a trial's run.

    Args:
        parent_id: id of the search's run.
        member: whether the trial is a member of the frontier.
    """
    tags = {
        UID: trial.uid,
        KIND: TRIAL,
        PARENT: parent_id,
        "state": str(trial.state),
        "cohort": str(trial.cohort),
    }
    if trial.reason:
        tags["reason"] = _cut(trial.reason, LONGEST_TAG)
    unlogged = [name for name, value in _values(trial).items() if not math.isfinite(value)]
    unlogged += [
        f"seeds/{metric}" for metric in PER_SEED if not np.isfinite(trial.per_seed(metric)).all()
    ]
    if unlogged:
        tags["not_finite"] = _cut(", ".join(unlogged), LONGEST_TAG)
    return tags | member_tags(trial, member, colours)


def member_tags(trial: Trial, member: bool, colours: Mapping[str, str]) -> dict[str, str]:
    """Returns the tags that change when a trial joins or leaves the frontier.

    They are the mark and the colour of its point in MLflow's charts.

    Args:
        colours: of the families, by name.
    """
    return {
        MEMBER: str(member).lower(),
        COLOUR: colours[trial.candidate.family] if member else QUIET,
    }


def family_colours(search: Search) -> dict[str, str]:
    """Returns the colour of each family of a search."""
    indices = family_indices(list(dict(search.families)))
    return {family: colour(index) for family, index in indices.items()}


def trial_params(trial: Trial) -> dict[str, str]:
    """Returns the family and the hyperparameters of a trial."""
    values = {"family": trial.candidate.family, **trial.candidate.hyperparameters}
    return {_key(name): _cut(str(value)) for name, value in values.items()}


def trial_metrics(trial: Trial) -> dict[str, float]:
    """Returns the metrics of a trial that are finite."""
    return {_key(name): value for name, value in _values(trial).items() if math.isfinite(value)}


def trial_curves(trial: Trial) -> dict[str, dict[int, float]]:
    """Returns the metrics of a trial that have steps, where they are finite: name -> step -> value.

    The steps of ``seeds/...`` are the seeds, those of ``curve/...`` are epochs.
    """
    curves = {
        f"seeds/{metric}": {s.seed: s.metrics[metric] for s in trial.seeds if metric in s.metrics}
        for metric in PER_SEED
    }
    kept = learning_curves(trial, CURVE_EPOCHS)
    curves |= {f"curve/{name}": curve for name, curve in kept.items()}
    return {
        name: {step: value for step, value in curve.items() if math.isfinite(value)}
        for name, curve in curves.items()
    }


def run_status(trial: Trial) -> str:
    """Returns MLflow's status for a finished trial."""
    return "FAILED" if trial.state is TrialState.FAIL else "FINISHED"


def milliseconds(seconds: float | None) -> int:
    """Returns MLflow's form of a time; 0 for None."""
    return int((seconds or 0.0) * 1000)


def _values(trial: Trial) -> dict[str, float]:
    # a seed that diverged has an infinite loss, and so the spread is infinite
    with np.errstate(invalid="ignore", over="ignore"):
        return _measure(trial)


def _measure(trial: Trial) -> dict[str, float]:
    values = {name: each.of(trial) for name, each in OBJECTIVES.items() if each.counts(trial)}
    for metric in dict.fromkeys(name for seed in trial.seeds for name in seed.metrics):
        split, _, name = metric.partition("_")
        if _is_logged(split, name, trial):
            values[name if split == "val" else metric] = Spread.of(trial.per_seed(metric)).mean
    if len(trial.seeds) > 1:
        spreads = {f"{name}_std": trial.per_seed(f"val_{name}") for name in _measured(trial)}
        spreads["test_loss_std"] = trial.per_seed("test_loss")
        values |= {name: Spread.of(listed).std for name, listed in spreads.items() if listed}
    if trial.seeds:
        values["epochs"] = max(seed.epochs for seed in trial.seeds)
        values["seconds"] = sum(seed.seconds for seed in trial.seeds)
    logarithmic = [
        name
        for name in dict.fromkeys(("params", *trial.objectives))
        if OBJECTIVES[name].log and values.get(name, 0) > 0
    ]
    return values | {f"log10_{name}": math.log10(values[name]) for name in logarithmic}


def _is_logged(split: str, name: str, trial: Trial) -> bool:
    """Returns whether the mean of a metric is logged.

    Of the metrics on training rows, only the loss is logged. A metric that follows from another one
    is logged only where it is an objective.
    """
    objective = OBJECTIVES.get(name)
    follows = objective is not None and isinstance(objective.source, FromMean)
    return (split != "train" or name == "loss") and (name in trial.objectives or not follows)


def _measured(trial: Trial) -> Iterable[str]:
    """Returns ``loss`` and the measured objectives, where the trial has values of seeds."""
    measured = (name for name in trial.objectives if not OBJECTIVES[name].known)
    names = dict.fromkeys(("loss", *measured))
    return [name for name in names if trial.per_seed(f"val_{name}")]


def different(wanted: Mapping[str, str], present: Mapping[str, str]) -> dict[str, str]:
    """Returns the wanted tags that are missing or have another value."""
    return {key: value for key, value in wanted.items() if present.get(key) != value}


def _key(name: str) -> str:
    """Returns a name in which every character that MLflow does not allow is an underscore."""
    return "".join(c if c.isalnum() or c in "_-./ " else "_" for c in name)[:250]


def _cut(value: str, longest: int = LONGEST_PARAM) -> str:
    return value if len(value) <= longest else value[: longest - 3] + "..."


def certificate_tags(certificate: Mapping[str, Any]) -> dict[str, str]:
    """Returns the tags of a run whose model was exported: ``certificate.c.cortex-m4f.flash``."""
    start = f"certificate.{certificate['model']['target']}"
    tags = {f"{start}.rows": str(certificate["rows"])}
    for where, found in {"host": certificate["host"], **certificate["devices"]}.items():
        for name, value in (found or {}).items():
            if isinstance(value, int | float):
                tags[f"{start}.{where}.{name}"] = str(value)
    return tags
