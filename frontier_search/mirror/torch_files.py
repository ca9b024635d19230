"""The files of a logged model that needs torch: a torch.export archive, or the user's source."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
from mlflow.models import Model as ModelCard
from numpy.typing import NDArray

from frontier_search import sources
from frontier_search.errors import SpecError
from frontier_search.files import write_whole
from frontier_search.mirror import written_model
from frontier_search.models.architectures.own_module import OwnModule
from frontier_search.predictor import MemberModel
from frontier_search.training.trained_model import FrontierModel, module, require_export

Write = Callable[[NDArray[np.float32], Path, ModelCard], None]


def writer(model: MemberModel, n_inputs: int, code: sources.Digests) -> Write:
    """Returns what writes a model, given (EXAMPLE_ROWS, d) rows, a folder and its card.

    A module of the user's own that torch.export refuses is written with its source.

    Args:
        code: the files of the search's own modules.

    Raises:
        SpecError: the weights are not those of its architecture, or it has no torch program.
    """
    sizes = (n_inputs, model.n_outputs)
    exportable = module(model.architecture, model.seed, model.weights, sizes)

    def write(example: NDArray[np.float32], folder: Path, card: ModelCard) -> None:
        if isinstance(exportable, FrontierModel) and not exports(exportable, n_inputs):
            _save_written(exportable, example, folder, card, code)
            return
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

    return write


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
    written_model.write(architecture, exportable.sizes, plain.get_submodule("module"), data)
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
