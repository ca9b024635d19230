"""A program of ``torch.export``, for every family: what MLflow holds too."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from frontier_search.data.dataset import Task
from frontier_search.errors import SpecError, ignoring
from frontier_search.export.bundle import CheckedRows
from frontier_search.export.numbers import FLOAT
from frontier_search.targets import Found, Made, Member, Target
from frontier_search.training.trained_model import exported, module

TOLERANCE = 1e-4  # of the spread of the trained model's outputs
SCALED = """
Rows are scaled as the training rows of seed {seed} were. Outputs are {outputs}.
"""
RAW = """
`preprocessing.json` turns raw rows into such rows, and outputs into predictions. With
frontier-search installed:

```python
import json
from frontier_search import Preprocessing

preprocessing = Preprocessing.from_json(json.load(open("preprocessing.json")))
rows = preprocessing.transform(frame)
answers = preprocessing.decode(outputs)
```
"""
OUTPUTS = {
    "regression": "scaled numbers",
    "binary": "the logit of the second class",
    "multiclass": "a logit for each class",
}
README = """\
# {title}

```python
import torch

model = torch.export.load("{prefix}.pt2").module()
outputs = model(rows)   # float32 tensors, ({d}) numbers a row in, ({o}) out
```
"""


def program(member: Member) -> torch.export.ExportedProgram:
    """Returns a member as a program of torch.

    Raises:
        SpecError: torch cannot export it, or it is to be in integers.
    """
    if member.numbers != FLOAT:
        raise SpecError(
            f"a model in {member.numbers} is written as C and Python only; give --numbers float32."
        )
    sizes = (member.dataset.n_features, member.dataset.n_outputs)
    model = module(member.architecture, member.seed, member.weights, sizes)
    try:
        return exported(model, member.dataset.n_features)
    except Exception as error:  # whatever torch raises about a user's own module
        reason = " ".join(str(error).split())[:120]
        raise SpecError(f"torch.export refuses the model of {member.title}: {reason}") from error


def make(member: Member, trained: NDArray[np.float32], cores: tuple[str, ...]) -> Made:
    """Writes a member as an archive of torch; raises SpecError as ``program``."""
    archive = io.BytesIO()
    torch.export.save(program(member), archive)
    return made(member, trained, f"{member.prefix}.pt2", archive.getvalue(), README)


def check(folder: Path, prefix: str, task: Task, rows: CheckedRows) -> Found:
    """Executes the archive; returns how far it is from the trained model."""
    with ignoring():
        model = torch.export.load(folder / f"{prefix}.pt2").module()
    with torch.no_grad():
        return difference(model(torch.from_numpy(rows.x)).numpy(), rows)


def made(
    member: Member, trained: NDArray[np.float32], name: str, content: bytes, readme: str
) -> Made:
    """Returns a program of scaled rows with what belongs beside it.

    Args:
        trained: what the trained model gives for the test rows: the reference.
        name, content: of the program's file.
    """
    dataset, preprocessing = member.dataset, member.preprocessing
    words = {"title": member.title, "prefix": member.prefix}
    text = readme.format(**words, d=dataset.n_features, o=dataset.n_outputs)
    text += SCALED.format(seed=member.seed, outputs=OUTPUTS[dataset.task])
    files: dict[str, str | bytes] = {name: content, "README.md": text}
    if preprocessing is not None:
        files["README.md"] = text + RAW
        files["preprocessing.json"] = json.dumps(preprocessing.to_json(), indent=1) + "\n"
    x = np.ascontiguousarray(dataset.split(member.seed).test.x)
    rows = CheckedRows(x, trained, trained)
    return Made(files, rows, 4 * len(member.weights))


def difference(outputs: NDArray[np.float32], rows: CheckedRows) -> Found:
    """Returns how many rows are the trained model's, ``near``, and the largest difference."""
    apart = np.abs(outputs.astype(np.float64) - rows.trained)
    near = TOLERANCE * (float(rows.trained.std()) or 1.0)
    return {
        "near": int((apart <= near + TOLERANCE * np.abs(rows.trained)).all(axis=1).sum()),
        "largest_difference": float(apart.max(initial=0)),
    }


TARGET = Target("a program of torch.export", make, check)
