"""The files of a logged model: its program, its signature and an example of its rows."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
from mlflow.entities import LoggedModel
from mlflow.models import Model as ModelCard
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import AnyType
from numpy.typing import NDArray

from frontier_search import sources
from frontier_search.data.dataset import Dataset
from frontier_search.errors import SpecError
from frontier_search.files import write_arrays, write_whole
from frontier_search.mirror import numpy_model, served, written_model
from frontier_search.models.architectures.own_module import OwnModule
from frontier_search.models.program import Factors, Program
from frontier_search.training.trained_model import EXAMPLE_ROWS, FrontierModel, require_export

LOADER = "frontier_model"  # the name of numpy_model in the folder of a model


def save(
    exportable: torch.nn.Module,
    example: NDArray[np.float32],
    folder: Path,
    logged: LoggedModel,
    code: sources.Digests = (),
) -> None:
    """Writes an MLflow model: in NumPy where ``numpy_model`` knows the network, else in torch.

    A module of the user's own that torch.export refuses is written with its source. It does not use
    MLflow's fluent API, which needs a global active run.

    Args:
        example: (EXAMPLE_ROWS, d) rows, as the model takes them.
        code: the files of the search's own modules.
    """
    n_outputs = exportable(torch.from_numpy(example)).shape[1]
    inputs, outputs = (
        Schema([TensorSpec(np.dtype(np.float32), (-1, width))])
        for width in (example.shape[1], n_outputs)
    )
    card = _card(logged, ModelSignature(inputs, outputs))
    program = exportable.program() if isinstance(exportable, FrontierModel) else None
    if isinstance(exportable, FrontierModel) and program is not None:
        _save_numpy(program, exportable.arrays(), example, folder, card)
    elif isinstance(exportable, FrontierModel) and not exports(exportable, example.shape[1]):
        _save_written(exportable, example, folder, card, code)
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


def save_served(
    exportable: torch.nn.Module,
    dataset: Dataset,
    seed: int,
    scaled: NDArray[np.float32],
    folder: Path,
    logged: LoggedModel,
    code: sources.Digests = (),
) -> None:
    """Writes a model that takes raw rows, with their names and two of them as an example.

    The signature gives columns no type: MLflow would refuse whole numbers where it has seen
    fractions, and a cell that cannot be read is refused by its column's name anyway.

    Args:
        seed: whose training rows the preprocessing is of.
        scaled: (EXAMPLE_ROWS, d) rows after preprocessing.
        code: the files of the search's own modules.
    """
    import mlflow.pyfunc

    assert dataset.preprocessing is not None
    assert dataset.raw_rows is not None
    preprocessing, data = dataset.preprocessing(seed), folder.with_name("data")
    save(exportable, scaled, data / served.MODEL, logged, code)
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
    program: Program,
    arrays: Mapping[str, NDArray[np.float32]],
    example: NDArray[np.float32],
    folder: Path,
    card: ModelCard,
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
    # as MLflow itself writes an example of an array, and the body of a request that sends it
    files = {
        "artifact_path": "input_example.json",
        "serving_input_path": "serving_input_example.json",
    }
    (folder / files["artifact_path"]).write_text(json.dumps(example.tolist()))
    request = json.dumps({"inputs": example.tolist()}, indent=2)
    (folder / files["serving_input_path"]).write_text(request)
    card.saved_input_example_info = {"type": "ndarray", **files}
    card.add_flavor(
        "python_function",  # without mlflow.pyfunc, whose import takes as long as all models
        loader_module=LOADER,
        data="data",
        code="code",
        python_version=platform.python_version(),
    )
    card.save(folder / "MLmodel")


def exports(exportable: FrontierModel, n_inputs: int) -> bool:
    """Returns whether torch can export a model; a network of this project always can."""
    if exportable.plain is None:
        return True
    try:
        require_export(exportable, n_inputs)
    except SpecError:
        return False
    return True


def _save_written(
    exportable: FrontierModel,
    example: NDArray[np.float32],
    folder: Path,
    card: ModelCard,
    code: sources.Digests,
) -> None:
    """Writes a module of the user's own that torch.export refuses, with its source."""
    import mlflow.pyfunc

    architecture, plain = exportable.architecture, exportable.plain
    assert isinstance(architecture, OwnModule)
    assert plain is not None
    data, own = folder.with_name("written"), folder.with_name("own")
    module = plain.get_submodule("module")
    written_model.write(architecture, exportable.sizes, module, data)
    for file, content in sources.contents(code).items():
        write_whole(own / file, content)
    packages = ("frontier-search", "torch")
    mlflow.pyfunc.save_model(
        str(folder),
        loader_module=written_model.__name__,
        data_path=str(data),
        code_paths=[str(path) for path in own.iterdir()] if code else None,
        mlflow_model=card,
        input_example=example,
        pip_requirements=[f"{each}=={metadata.version(each)}" for each in packages],
    )


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
