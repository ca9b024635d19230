"""A graph of ONNX, which onnxruntime and others execute."""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from frontier_search.data.dataset import Task
from frontier_search.errors import SpecError, ignoring
from frontier_search.export.bundle import CheckedRows
from frontier_search.targets import Found, Made, Member, Target
from frontier_search.targets.torch_program import difference, made, program

EXTRA = "pip install 'frontier-search[onnx]'"
README = """\
# {title}

```python
import onnxruntime

session = onnxruntime.InferenceSession("{prefix}.onnx")
(outputs,) = session.run(None, {{"x": rows}})   # float32, {d} numbers a row in, {o} out
```
"""


def _require() -> None:
    absent = [each for each in ("onnx", "onnxscript", "onnxruntime") if not _installed(each)]
    if absent:
        raise SpecError(
            f"ONNX needs {' and '.join(absent)}, which is not installed; install the extra: "
            f"{EXTRA}. `export --to torch` works without it."
        )


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def make(member: Member, trained: NDArray[np.float32], cores: tuple[str, ...]) -> Made:
    """Writes a member as a graph of ONNX.

    Raises:
        SpecError: torch cannot export it, or the extra is not installed.
    """
    _require()
    with ignoring():  # of what its own libraries will drop
        graph = torch.onnx.export(program(member), dynamo=True, verbose=False, external_data=False)
    assert graph is not None
    with tempfile.TemporaryDirectory(prefix="frontier-search-") as scratch:
        file = Path(scratch) / "model.onnx"
        graph.save(file)
        return made(member, trained, f"{member.prefix}.onnx", file.read_bytes(), README)


def check(folder: Path, prefix: str, task: Task, rows: CheckedRows) -> Found:
    """Executes the graph in onnxruntime; returns how far it is from the trained model.

    Raises:
        SpecError: the extra is not installed.
    """
    _require()
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(folder / f"{prefix}.onnx"), providers=["CPUExecutionProvider"]
    )
    (outputs,) = session.run(None, {"x": rows.x})
    return difference(outputs, rows)


TARGET = Target("a graph of ONNX", make, check)
