"""The files of a logged model: its program, its signature and an example of its rows."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Callable
from functools import partial
from importlib import metadata
from pathlib import Path

import numpy as np
from mlflow.entities import LoggedModel
from mlflow.models import Model as ModelCard
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import AnyType
from numpy.typing import NDArray

from frontier_search import sources
from frontier_search.data.dataset import Dataset
from frontier_search.files import write_arrays
from frontier_search.mirror import numpy_model, served
from frontier_search.mirror.arrays import NumpyFiles
from frontier_search.predictor import MemberModel

EXAMPLE_ROWS = 2
LOADER = "frontier_model"  # the name of numpy_model in the folder of a model


class ModelFiles:
    """How a member's model is written: in NumPy where ``numpy_model`` knows it, else in torch.

    It does not use MLflow's fluent API, which needs a global active run.

    Args:
        n_inputs: d, the columns of scaled rows.
        code: the files of the search's own modules.

    Raises:
        SpecError: the weights are not those of its architecture, or it has no program.
    """

    def __init__(self, model: MemberModel, n_inputs: int, code: sources.Digests = ()) -> None:
        self.model, self.n_inputs = model, n_inputs
        sizes = (n_inputs, model.n_outputs)
        found = NumpyFiles.of(model.architecture, model.weights, model.seed, sizes)
        self._write: Callable[[NDArray[np.float32], Path, ModelCard], None]
        if found is not None:
            self._write = partial(_save_numpy, found)
        else:
            from frontier_search.mirror import torch_files  # torch loads here

            self._write = torch_files.writer(model, n_inputs, code)

    def save(self, example: NDArray[np.float32], folder: Path, logged: LoggedModel) -> None:
        """Writes an MLflow model of scaled rows.

        Args:
            example: (EXAMPLE_ROWS, d) rows, as the model takes them.
        """
        inputs, outputs = (
            Schema([TensorSpec(np.dtype(np.float32), (-1, width))])
            for width in (self.n_inputs, self.model.n_outputs)
        )
        self._write(example, folder, _card(logged, ModelSignature(inputs, outputs)))

    def save_served(
        self,
        dataset: Dataset,
        scaled: NDArray[np.float32],
        folder: Path,
        logged: LoggedModel,
    ) -> None:
        """Writes a model that takes raw rows, with their names and two of them as an example.

        The signature gives columns no type: MLflow would refuse whole numbers where it has seen
        fractions, and a cell that cannot be read is refused by its column's name anyway.

        Args:
            scaled: (EXAMPLE_ROWS, d) rows after preprocessing.
        """
        import mlflow.pyfunc

        assert dataset.preprocessing is not None
        assert dataset.raw_rows is not None
        preprocessing, data = dataset.preprocessing(self.model.seed), folder.with_name("data")
        self.save(scaled, data / served.MODEL, logged)
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
        raw = dataset.raw_rows(self.model.seed, "val")
        example = raw[list(preprocessing.columns)][:EXAMPLE_ROWS]
        # MLflow compares the names with a range, of which pandas warns for its own text type
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


def _card(logged: LoggedModel, signature: ModelSignature) -> ModelCard:
    return ModelCard(
        artifact_path=logged.artifact_location,
        run_id=logged.source_run_id,
        model_uuid=logged.model_id,
        model_id=logged.model_id,
        signature=signature,
        metadata=dict(logged.tags),
    )


def _save_numpy(
    files: NumpyFiles, example: NDArray[np.float32], folder: Path, card: ModelCard
) -> None:
    """Writes a model that needs only NumPy. It takes a fiftieth of the time of a torch archive."""
    (folder / "data").mkdir(parents=True)
    (folder / "code").mkdir()
    (folder / "data" / numpy_model.PROGRAM).write_text(json.dumps(files.facts))
    write_arrays(folder / "data" / "arrays.npz", files.arrays)
    shutil.copy(numpy_model.__file__, folder / "code" / f"{LOADER}.py")
    (folder / "requirements.txt").write_text(f"numpy=={np.__version__}\n")
    # as MLflow itself writes an example of an array, and the body of a request that sends it
    examples = {
        "artifact_path": "input_example.json",
        "serving_input_path": "serving_input_example.json",
    }
    (folder / examples["artifact_path"]).write_text(json.dumps(example.tolist()))
    request = json.dumps({"inputs": example.tolist()}, indent=2)
    (folder / examples["serving_input_path"]).write_text(request)
    card.saved_input_example_info = {"type": "ndarray", **examples}
    card.add_flavor(
        "python_function",  # without mlflow.pyfunc, whose import takes as long as all models
        loader_module=LOADER,
        data="data",
        code="code",
        python_version=platform.python_version(),
    )
    card.save(folder / "MLmodel")
