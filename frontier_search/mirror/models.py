"""Logs the models of the frontier's members.

They load on any machine, without pickle, and predict what the trained models predicted: each is
loaded again after it was logged, and compared. A model of a user's own table takes raw rows.
"""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlparse
from urllib.request import url2pathname

import numpy as np
import torch
from mlflow import MlflowClient
from mlflow.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus
from mlflow.models import Model as ModelCard
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import AnyType
from numpy.typing import NDArray
from torch import Tensor

from frontier_search.data.dataset import Dataset
from frontier_search.errors import SpecError
from frontier_search.files import raising_oserror, write_arrays
from frontier_search.mirror import numpy_model, served
from frontier_search.mirror.payload import NO_MODEL, NO_WEIGHTS, trial_params
from frontier_search.models.networks.feedforward import FeedForwardStack
from frontier_search.models.networks.reservoir import ReservoirStack
from frontier_search.models.program import Factors, Program, Programmed
from frontier_search.models.trainable import Fit
from frontier_search.search.search import Search
from frontier_search.storage.catalog import Entry
from frontier_search.table import predictions
from frontier_search.training import fitting
from frontier_search.training.stack import Model, Stack, views
from frontier_search.trial import Trial

LOADER = "frontier_model"  # the name of numpy_model in the folder of a model
COMPARED_ROWS, ALONE_ROWS = 256, 3  # after a model was logged
TOLERANCE = 1e-4  # relative, or of the spread of the predictions
EXAMPLE_ROWS = 2  # with one row, torch.export would make a program for exactly one row


class FrontierModel(torch.nn.Module):
    """One trained model: (n, d) standardised rows -> (n, o) outputs, which are logits for classes.

    Args:
        stack: a stack of only this model.
        weights: (P,) learned scalars, in the order of ``StackTraining.selected_weights``.
    """

    def __init__(self, stack: Stack, weights: NDArray[np.float32]) -> None:
        super().__init__()
        self._network = stack.network
        flat = torch.from_numpy(np.array(weights, dtype=np.float32))
        learned = views(flat, 1, stack.network.learned)
        plain = getattr(stack.network, "plain", None)
        self.plain: torch.nn.Module | None = plain(learned) if plain is not None else None
        if self.plain is not None:  # a module of the user's own is logged as it was written
            return
        self._names = {name: name.replace(".", "__") for name in learned}
        for name, tensor in learned.items():
            parameter = torch.nn.Parameter(tensor.clone(), requires_grad=False)
            self.register_parameter(self._names[name], parameter)
        for name, value in vars(stack.network).items():
            if isinstance(value, Tensor):  # the graph: part of the model, but not learned
                self.register_buffer(f"fixed_{name}", value)

    def program(self) -> Program | None:
        """Returns what ``numpy_model`` needs to know of the network; None: it does not know it."""
        network = self._network
        if type(network) not in (FeedForwardStack, ReservoirStack):
            return None
        return cast(Programmed, network).program()

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """Returns the learned arrays, as the network names them."""
        return {name: getattr(self, own)[0].numpy() for name, own in self._names.items()}

    def forward(self, x: Tensor) -> Tensor:
        if self.plain is not None:
            found: Tensor = self.plain(x)
            return found
        learned = {name: getattr(self, own) for name, own in self._names.items()}
        outputs: Tensor = self._network.forward(learned, x.t()[None])
        return outputs[0].t()


def module(
    search: Search, trial: Trial, weights: NDArray[np.float32], seed_index: int
) -> torch.nn.Module:
    """Returns the trained model of one seed of a trial: rows (n, d) -> outputs (n, o).

    Args:
        weights: (n_seeds, P), as ``MemberModels.read`` gives them.
        seed_index: position of the seed in the search.

    Raises:
        SpecError: the weights do not fit this trial's architecture, or the dataset's file is
            missing or has changed.
    """
    dataset = search.find_dataset()
    architecture = search.architecture(trial.candidate)
    if isinstance(architecture, Fit):
        return fitting.module(architecture, weights[seed_index])
    stack = Stack(
        [Model(0, search.seeds[seed_index], architecture, 0.0)],
        dataset.n_features,
        dataset.n_outputs,
        torch.device("cpu"),
    )
    needed = (len(search.seeds), stack.n_learned)
    if weights.shape != needed:
        raise SpecError(
            f"the weights of trial {trial.number} have shape {weights.shape}; {needed} is needed."
        )
    return FrontierModel(stack, weights[seed_index]).eval()


def log(client: MlflowClient, experiment_id: str, run_id: str, entry: Entry, trial: Trial) -> str:
    """Logs the model of a member's median seed, unless MLflow holds it already.

    Returns:
        the model's id in MLflow, or ``none: `` and the reason why there is none.
    """
    weights = entry.files.models.read(trial.number)
    if weights is None:
        return NO_WEIGHTS
    position = trial.median_seed()
    try:
        exportable = module(entry.search, trial, weights, position)
        if getattr(exportable, "plain", None) is not None:
            require_export(exportable, entry.search.find_dataset().n_features)
    except SpecError as error:
        return f"{NO_MODEL}{error}"
    logged = _find(client, experiment_id, run_id) or _create(
        client, experiment_id, run_id, trial, position
    )
    if logged.status != LoggedModelStatus.READY:  # it is new, or a process died while logging it
        # MLflow reports a database error if an output is logged twice
        if logged.model_id not in _outputs(client, run_id):
            client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
        with tempfile.TemporaryDirectory(prefix="frontier-search-") as scratch:
            folder = Path(scratch) / "model"
            dataset, seed = entry.search.find_dataset(), entry.search.seeds[position]
            if dataset.preprocessing is None:
                save(exportable, dataset.n_features, folder, logged)
            else:
                _save_served(exportable, dataset, seed, folder, logged)
            with raising_oserror(logged.artifact_location):
                client.log_model_artifacts(logged.model_id, str(folder))
                held = _held(logged.artifact_location, Path(scratch) / "held")
            problem = difference(held, dataset, seed, exportable)
        if problem:
            client.finalize_logged_model(logged.model_id, LoggedModelStatus.FAILED)
            return f"{NO_MODEL}{problem}"
        client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    return str(logged.model_id)


def _held(location: str, scratch: Path) -> Path:
    """Returns the folder of a logged model, brought to this machine if it is elsewhere."""
    url = urlparse(location)
    if url.scheme in ("", "file"):
        return Path(url2pathname(url.path))
    from mlflow.artifacts import download_artifacts

    return Path(download_artifacts(artifact_uri=location, dst_path=str(scratch)))


def difference(
    folder: Path, dataset: Dataset, seed: int, trained: Callable[[Tensor], Tensor]
) -> str | None:
    """Returns how a logged model differs from the trained one, in a clause; None if it does not.

    Rows are compared together and one by one, raw where the model takes raw rows.

    Args:
        folder: of the logged model.
        trained: inputs (n, d) -> outputs (n, o).
    """
    x = np.ascontiguousarray(dataset.split(seed).val.x[:COMPARED_ROWS])
    with torch.no_grad():
        outputs = trained(torch.from_numpy(x)).numpy()
    rows: Any = x  # or a frame of raw rows
    if dataset.preprocessing is None or dataset.raw_rows is None:
        predict, wanted = _loaded(folder).predict, outputs
    else:
        preprocessing = dataset.preprocessing(seed)
        classes = bool(preprocessing.target.classes)
        raw = dataset.raw_rows(seed, "val")[: len(x)]
        rows = raw[list(preprocessing.columns)]
        asked = {"probabilities": True} if classes else None
        give = predictions.probabilities if classes else predictions.predictions
        predict = partial(_loaded(folder).predict, params=asked)
        wanted = give(preprocessing, outputs, rows.index).to_numpy(np.float64)
    together = np.asarray(predict(rows))
    alone = np.concatenate([predict(rows[i : i + 1]) for i in range(min(len(x), ALONE_ROWS))])
    for words, found in (("", together), (" a row alone", alone)):
        expected = wanted[: len(found)]
        near = TOLERANCE * (float(np.std(wanted)) or 1.0)
        if found.shape != expected.shape or not np.allclose(found, expected, TOLERANCE, near):
            return f"loaded again, it predicts{words} otherwise than the trained model"
    return None


def _loaded(folder: Path) -> Any:
    """Returns a logged model, as MLflow loads it."""
    if (folder / "data" / numpy_model.PROGRAM).exists():
        # without mlflow.pyfunc, whose import takes as long as all models
        return numpy_model.NumpyModel(folder / "data")
    import mlflow.pyfunc

    return mlflow.pyfunc.load_model(str(folder))


def require_export(exportable: torch.nn.Module, n_inputs: int) -> None:
    """Exports a user's own module once, and compares a row alone and others with the module.

    Raises:
        SpecError: torch cannot export it, because its ``forward`` reads a value for example, or
            what it exports computes something else.
    """
    rows = torch.randn(7, n_inputs, generator=torch.Generator().manual_seed(0))
    shapes = {"x": {0: torch.export.Dim("n")}}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of how torch keeps the weights of a GRU
            exported = torch.export.export(
                exportable, (rows[:EXAMPLE_ROWS],), dynamic_shapes=shapes
            ).module()
            for some in (rows, rows[:1]):
                if not torch.allclose(exported(some), exportable(some), rtol=1e-3, atol=1e-4):
                    raise SpecError("what it exports computes something else")
    except Exception as error:  # whatever torch raises about the user's code
        reason = " ".join(str(error).split())[:120]
        raise SpecError(f"torch.export refuses this module: {reason}") from error


def _find(client: MlflowClient, experiment_id: str, run_id: str) -> LoggedModel | None:
    found = client.search_logged_models(
        [experiment_id], filter_string=f"source_run_id = '{run_id}'"
    )
    return found[0] if found else None


def _outputs(client: MlflowClient, run_id: str) -> list[str]:
    """Returns the ids of the models that are logged as outputs of a run."""
    outputs = client.get_run(run_id).outputs
    return [output.model_id for output in outputs.model_outputs] if outputs else []


def _create(
    client: MlflowClient, experiment_id: str, run_id: str, trial: Trial, position: int
) -> LoggedModel:
    tags = {
        "uid": trial.uid,
        "seed": str(trial.seeds[position].seed),
        "seed_chosen": "median validation loss",
    }
    return client.create_logged_model(
        experiment_id, f"trial-{trial.number}", run_id, tags, trial_params(trial)
    )


def save(exportable: torch.nn.Module, n_inputs: int, folder: Path, logged: LoggedModel) -> None:
    """Writes an MLflow model: in NumPy where ``numpy_model`` knows the network, else in torch.

    It does not use MLflow's fluent API, which needs a global active run.
    """
    example = np.zeros((EXAMPLE_ROWS, n_inputs), dtype=np.float32)
    n_outputs = exportable(torch.from_numpy(example)).shape[1]
    inputs, outputs = (
        Schema([TensorSpec(np.dtype(np.float32), (-1, width))]) for width in (n_inputs, n_outputs)
    )
    card = _card(logged, ModelSignature(inputs, outputs))
    program = exportable.program() if isinstance(exportable, FrontierModel) else None
    if isinstance(exportable, FrontierModel) and program is not None:
        _save_numpy(program, exportable.arrays(), folder, card)
    else:
        _save_torch(exportable, example, folder, card)


def _card(logged: LoggedModel, signature: ModelSignature) -> ModelCard:
    return ModelCard(
        artifact_path=logged.artifact_location,
        run_id=logged.source_run_id,
        model_uuid=logged.model_id,
        model_id=logged.model_id,
        signature=signature,
        metadata=dict(logged.tags),
    )


def _save_served(
    exportable: torch.nn.Module, dataset: Dataset, seed: int, folder: Path, logged: LoggedModel
) -> None:
    """Writes a model that takes raw rows, with their names and two of them as an example.

    The signature gives columns no type: MLflow would refuse whole numbers where it has seen
    fractions, and a cell that cannot be read is refused by its column's name anyway.
    """
    import mlflow.pyfunc

    assert dataset.preprocessing is not None
    assert dataset.raw_rows is not None
    preprocessing, data = dataset.preprocessing(seed), folder.with_name("data")
    save(exportable, dataset.n_features, data / served.MODEL, logged)
    served.write(preprocessing, data)
    classes = preprocessing.target.classes
    anything = AnyType()  # type: ignore[no-untyped-call]
    kind = anything if classes else DataType.double
    flags = [ParamSpec("probabilities", DataType.boolean, False)] if classes else []
    signature = ModelSignature(
        Schema([ColSpec(anything, name) for name in preprocessing.columns]),
        Schema([ColSpec(kind, name) for name in preprocessing.target.names]),
        ParamSchema(flags),
    )
    example = dataset.raw_rows(seed, "val")[list(preprocessing.columns)][:EXAMPLE_ROWS]
    # MLflow compares the names with a range, of which pandas warns for names of its own text type
    example.columns = example.columns.astype(object)
    packages = ("frontier-search", "torch", "pandas")
    mlflow.pyfunc.save_model(
        str(folder),
        loader_module=served.__name__,
        data_path=str(data),
        mlflow_model=_card(logged, signature),
        input_example=example,
        # given, because MLflow would start a process to find them
        pip_requirements=[f"{each}=={metadata.version(each)}" for each in packages],
    )


def _save_numpy(
    program: Program, arrays: Mapping[str, NDArray[np.float32]], folder: Path, card: ModelCard
) -> None:
    """Writes a model that needs only NumPy. It takes a fiftieth of the time of ``_save_torch``."""
    facts = {
        "kind": program.kind,
        "hidden": program.hidden,
        "layers": len(program.layers),
        "activation": program.activation,
        "skip": program.skip,
        "gated": program.gated,
        "steps": program.steps[0] if program.steps else 0,
    }
    arrays = dict(arrays)
    if program.leaks is not None:
        arrays["leaks"] = program.leaks[0][:, None]
    if program.graphs:  # none where T = 0
        graph = program.graphs[0]
        if isinstance(graph, Factors):
            facts["factors"] = len(graph.factors)
            arrays |= {f"factor_{i}": factor for i, factor in enumerate(graph.factors)}
            arrays["loops"] = graph.loops[:, None]
        else:
            arrays["graph"] = graph
    (folder / "data").mkdir(parents=True)
    (folder / "code").mkdir()
    (folder / "data" / numpy_model.PROGRAM).write_text(json.dumps(facts))
    write_arrays(folder / "data" / "arrays.npz", arrays)
    shutil.copy(numpy_model.__file__, folder / "code" / f"{LOADER}.py")
    (folder / "requirements.txt").write_text(f"numpy=={np.__version__}\n")
    card.add_flavor(
        "python_function",  # without mlflow.pyfunc, whose import takes as long as all models
        loader_module=LOADER,
        data="data",
        code="code",
        python_version=platform.python_version(),
    )
    card.save(folder / "MLmodel")


def _save_torch(
    exportable: torch.nn.Module, example: NDArray[np.float32], folder: Path, card: ModelCard
) -> None:
    """Writes a model whose program is a ``torch.export`` archive."""
    import mlflow.pytorch  # it loads half of torch.export, and few models need it

    mlflow.pytorch.save_model(
        exportable,
        str(folder),
        mlflow_model=card,
        input_example=example,
        # given, because MLflow would start a process to find them
        pip_requirements=[f"torch=={metadata.version('torch')}"],
        serialization_format="pt2",
    )
