"""The models of the frontier: the same predictions as in training, loaded without pickle."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow import MlflowClient
from mlflow.entities import LoggedModel, ViewType
from numpy.typing import NDArray

from frontier_search import sources
from frontier_search.data.dataset import TrainingBudget
from frontier_search.errors import SpecError
from frontier_search.files import write_arrays
from frontier_search.frontier.frontier import Frontier
from frontier_search.mirror import model_files, models, payload, torch_files
from frontier_search.mirror.arrays import NumpyFiles
from frontier_search.mirror.mirror import Mirror
from frontier_search.mirror.numpy_model import PROGRAM, NumpyModel
from frontier_search.models.families import FAMILIES
from frontier_search.predictor import MemberModel
from frontier_search.storage.catalog import Entry
from frontier_search.training import trained_model
from frontier_search.training.epochs import outputs_of
from frontier_search.training.outputs import outputs
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack
from frontier_search.training.train import StackTraining
from frontier_search.training.trained_model import FrontierModel
from frontier_search.trial import Candidate, Trial
from tests.support import toys
from tests.support.reading import At

NO_ROWS = np.empty((0, 0), np.float32)


@pytest.fixture
def tracking(tracked: At) -> Iterator[Entry]:
    """A mirrored search. MLflow's global URI is reset afterwards."""
    entry, before = tracked("mlflow.db"), mlflow.get_tracking_uri()
    Mirror(entry).sync()
    mlflow.set_tracking_uri(entry.locations.tracking_uri)
    yield entry
    mlflow.set_tracking_uri(before)


def weights_of(entry: Entry, trial: Trial) -> NDArray[np.float32]:
    weights = entry.files.models.read(trial.number)
    assert weights is not None
    return weights


def test_a_module_predicts_what_the_trial_measured(entry: Entry, trials: list[Trial]) -> None:
    for trial in Frontier.of(trials, entry.search.objective_table()).members:
        for position, seed in enumerate(trial.seeds):
            rows = entry.search.find_dataset().split(seed.seed).test
            module = trained_model.module(
                entry.search.architecture(trial.candidate),
                seed.seed,
                weights_of(entry, trial)[position],
                (rows.x.shape[1], 3),
            )
            logits = module(torch.from_numpy(rows.x))
            assert logits.shape == (len(rows), 3)
            loss = torch.nn.functional.cross_entropy(
                logits, torch.from_numpy(np.asarray(rows.y, dtype=np.int64))
            )
            assert float(loss) == pytest.approx(seed.metrics["test_loss"], abs=1e-6)


@pytest.mark.parametrize("family", [name for name in FAMILIES if not FAMILIES[name].fitted])
def test_every_family_can_be_logged(
    family: str, entry: Entry, trials: list[Trial], tmp_path: Path
) -> None:
    """The logged model predicts what the network predicts, for any number of rows."""
    name = entry.search.dataset
    if FAMILIES[family].image:
        name = "tests.support.toys:IMAGES"
    elif FAMILIES[family].sequence:
        name = "tests.support.toys:SEQUENCES"
    search = replace(entry.search, dataset=name)
    dataset, seeds = search.find_dataset(), search.seeds
    parameters = FAMILIES[family].default_space((1e-3, 1e-2)).sample(np.random.default_rng(0)) | {
        "hidden": 4
    }
    architecture = FAMILIES[family].build(parameters)
    data = Data(dataset, seeds, torch.device("cpu"))
    stack = Stack(
        [Model(0, seed, architecture, 0.01) for seed in seeds],
        dataset.n_features,
        dataset.n_outputs,
        data.device,
    )
    training = StackTraining(stack, data, TrainingBudget(1, 32))
    training.run()
    sizes = (dataset.n_features, dataset.n_outputs)
    model = MemberModel(
        replace(trials[0], candidate=Candidate(family, parameters)),
        seeds[1],
        architecture,
        training.selected_weights()[1],
        dataset.n_outputs,
        NO_ROWS,
    )
    module = trained_model.module(architecture, model.seed, model.weights, sizes)
    x = torch.randn(7, dataset.n_features, generator=torch.Generator().manual_seed(0))
    rows = x.t().expand(len(seeds), -1, -1).contiguous()
    trained = outputs_of(stack, stack.learned, rows)[1].t()
    assert torch.allclose(module(x), trained, atol=1e-5)
    assert np.allclose(model.float_outputs(x.numpy()), trained.numpy(), atol=1e-4)
    example = np.zeros((2, dataset.n_features), dtype=np.float32)
    files = model_files.ModelFiles(model, dataset.n_features)
    files.save(example, tmp_path / "model", logged_as("m-0"))
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    for rows in (x, x[:3], x[:1]):
        assert np.allclose(loaded.predict(rows.numpy()), module(rows).numpy(), atol=1e-5)


def logged_as(model_id: str) -> LoggedModel:
    return LoggedModel("0", model_id, "trial-0", "elsewhere", 0, 0, source_run_id="0")


@settings(max_examples=30)
@given(
    hidden=st.sampled_from([4, 16, 128]),
    steps=st.integers(1, 4),
    family=st.sampled_from(["kronecker", "gated_kronecker", "leaky_kronecker", "dense_skip"]),
)
def test_a_numpy_model_predicts_as_its_network(hidden: int, steps: int, family: str) -> None:
    """Beyond 64 units a Kronecker graph is its factors."""
    space = FAMILIES[family].default_space((1e-3, 1e-2)).sample(np.random.default_rng(0))
    given_ = space | {"hidden": hidden} | ({"steps": steps} if "steps" in space else {})
    architecture = FAMILIES[family].build(given_)
    stack = Stack([Model(0, 7, architecture, 0.01)], 3, 2, torch.device("cpu"))
    weights = torch.cat([tensor.flatten(1) for tensor in stack.learned.values()], dim=1)[0]
    module = trained_model.FrontierModel(stack, weights.numpy())
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    files = NumpyFiles.of(architecture, weights.numpy(), 7, (3, 2))
    assert files is not None
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / PROGRAM).write_text(json.dumps(files.facts))
        write_arrays(Path(folder) / "arrays.npz", files.arrays)
        predicted = NumpyModel(Path(folder)).predict(x.numpy())
    assert np.allclose(predicted, module(x).numpy(), atol=1e-5)


def test_a_numpy_model_needs_neither_torch_nor_this_package(tracking: Entry) -> None:
    client = MlflowClient(tracking.locations.tracking_uri)
    logged = client.search_logged_models([client.get_experiment_by_name("small").experiment_id])[0]
    script = (
        "import sys, mlflow, numpy as np\n"
        "sys.modules['torch'] = sys.modules['frontier_search'] = None\n"
        f"model = mlflow.pyfunc.load_model({logged.artifact_location!r})\n"
        "print(model.predict(np.zeros((5, 4), dtype=np.float32)).shape)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd="/"
    )
    assert ended.stdout == "(5, 3)\n", ended.stderr


def test_members_load_without_pickle(
    tracking: Entry, trials: list[Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    client = MlflowClient(tracking.locations.tracking_uri)
    experiment = client.get_experiment_by_name("small")
    runs = {
        run.data.tags["uid"]: run
        for run in client.search_runs([experiment.experiment_id], "", ViewType.ACTIVE_ONLY, 1000)
    }
    members = Frontier.of(trials, tracking.search.objective_table()).members
    assert {uid for uid, run in runs.items() if "model" in run.data.tags} == {
        trial.uid for trial in members
    }
    for trial in members:
        model_id = runs[trial.uid].data.tags["model"]
        loaded = mlflow.pyfunc.load_model(f"models:/{model_id}")
        position = trial.median_seed()
        x = torch.from_numpy(
            tracking.search.find_dataset().split(trial.seeds[position].seed).test.x
        )
        expected = outputs(
            tracking.search.architecture(trial.candidate),
            trial.seeds[position].seed,
            weights_of(tracking, trial)[position],
            x.numpy(),
            3,
        )
        assert np.allclose(loaded.predict(x.numpy()), expected, atol=1e-5)
        tags = client.get_logged_model(model_id).tags
        assert tags["seed"] == str(trial.seeds[position].seed)
        assert tags["seed_chosen"] == "median validation loss"


def test_a_logged_model_is_a_function_of_arrays(tracking: Entry) -> None:
    """As pyfunc, the form that MLflow serves."""
    client = MlflowClient(tracking.locations.tracking_uri)
    logged = client.search_logged_models([client.get_experiment_by_name("small").experiment_id])[0]
    predicted = mlflow.pyfunc.load_model(f"models:/{logged.model_id}").predict(
        np.zeros((5, 4), dtype=np.float32)
    )
    assert np.asarray(predicted).shape == (5, 3)


def test_a_model_has_its_own_metrics_its_data_set_and_an_example(
    tracking: Entry, trials: list[Trial]
) -> None:
    client = MlflowClient(tracking.locations.tracking_uri)
    (parent,) = client.search_runs(["1"], "tags.kind = 'search'")
    (dataset,) = parent.inputs.dataset_inputs
    for logged in client.search_logged_models(["1"]):
        trial = next(each for each in trials if each.uid == logged.tags["uid"])
        seed = trial.seeds[trial.median_seed()]
        found = client.get_logged_model(logged.model_id).metrics
        assert {each.key: each.value for each in found} == {
            f"model/{name}": value for name, value in seed.metrics.items()
        }
        assert {(each.dataset_name, each.dataset_digest) for each in found} == {
            (dataset.dataset.name, dataset.dataset.digest)
        }
        assert (
            logged.tags["rows"] == f"scaled, as the split of iris for seed {seed.seed} gives them"
        )
        card = mlflow.pyfunc.load_model(f"models:/{logged.model_id}").metadata
        rows = tracking.search.find_dataset().split(seed.seed).val.x[:2]
        assert np.array_equal(card.load_input_example(logged.artifact_location), rows)


def test_the_card_of_a_model_names_its_run_and_its_folder(tracking: Entry) -> None:
    client = MlflowClient(tracking.locations.tracking_uri)
    logged = client.search_logged_models([client.get_experiment_by_name("small").experiment_id])[0]
    card = mlflow.models.get_model_info(f"models:/{logged.model_id}")
    assert (card.run_id, card.artifact_path) == (logged.source_run_id, logged.artifact_location)


def test_without_weights_no_model_is_logged(
    entry: Entry, trials: list[Trial], tmp_path: Path
) -> None:
    elsewhere = replace(entry, folder=replace(entry.folder, home=tmp_path))
    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert models.log(client, "1", "run", elsewhere, trials[0]) == payload.NO_WEIGHTS


def test_weights_of_another_shape_are_refused(entry: Entry, trials: list[Trial]) -> None:
    architecture = entry.search.architecture(trials[0].candidate)
    with pytest.raises(SpecError, match="the model has 1 learned scalars; its architecture needs"):
        trained_model.module(architecture, 7, np.zeros(1, dtype=np.float32), (4, 3))


def test_the_median_seed_has_the_median_loss(trials: list[Trial]) -> None:
    values = trials[0].per_seed("val_loss")
    assert sorted(values)[1] == values[trials[0].median_seed()]


@pytest.mark.parametrize("name", ["ReadsAValue", "Everything"])
def test_a_module_that_cannot_be_exported_is_logged_with_its_source(
    name: str, trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ways of writing a module of the user's own give what was trained, for any rows."""
    monkeypatch.setattr(torch_files, "exports", lambda exportable, n_inputs: False)
    path = f"tests.support.own_modules:{name}"
    family = FAMILIES[path]
    built = family.build(family.default_space((1e-3, 1e-2)).smallest())
    dataset = toys.MULTICLASS
    stack = Stack([Model(0, 101, built, 0.01)], 3, 3, torch.device("cpu"))
    training = StackTraining(
        stack, Data(dataset, (101,), torch.device("cpu")), TrainingBudget(1, 16)
    )
    training.run()
    trained = FrontierModel(stack, training.selected_weights()[0]).eval()
    x = torch.randn(7, 3, generator=torch.Generator().manual_seed(0))
    trial = replace(trials[0], candidate=Candidate(path, {}))
    weights, code = training.selected_weights()[0], sources.collect([path])
    files = model_files.ModelFiles(MemberModel(trial, 101, built, weights, 3, NO_ROWS), 3, code)
    files.save(x[:2].numpy(), tmp_path / "model", logged_as("m-0"))
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    for rows in (x, x[:3], x[:1]):
        np.testing.assert_allclose(loaded.predict(rows.numpy()), trained(rows).numpy(), atol=1e-5)


def test_torch_refuses_a_module_that_reads_a_value() -> None:
    family = FAMILIES["tests.support.own_modules:ReadsAValue"]
    built = family.build(family.default_space((1e-3, 1e-2)).smallest())
    stack = Stack([Model(0, 101, built, 0.01)], 3, 3, torch.device("cpu"))
    assert not torch_files.exports(FrontierModel(stack, stack.flat.numpy()).eval(), 3)
