"""One file of Python that needs only numpy, and whose outputs are those of the reference."""

from __future__ import annotations

import csv
import io
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Task
from frontier_search.errors import SearchError
from frontier_search.export.bundle import CheckedRows
from frontier_search.export.certificate import bit_equal, equal_lines
from frontier_search.export.script.model import Model, RawModel
from frontier_search.export.script.source import source
from frontier_search.targets import Found, Made, Member, Target


def make(member: Member, trained: NDArray[np.float32], cores: tuple[str, ...]) -> Made:
    """Writes a member as a file of Python.

    Raises:
        SpecError: the family has no emitter or no form in integers.
    """
    plan, dataset, preprocessing = member.plan, member.dataset, member.preprocessing
    x = dataset.split(member.seed).test.x
    raw, answers = None, None
    model: Model | RawModel = Model(plan, dataset.task)
    frame = member.raw_rows("test")
    if preprocessing is not None and frame is not None:
        model = RawModel(plan, preprocessing)
        x, raw = preprocessing.transform(frame), frame.to_csv(index=False)
    reference = plan.run(x)
    if isinstance(model, RawModel):
        answers = _written(model, reference)
    files = {f"{member.prefix}.py": source(model, member.title, member.prefix)}
    return Made(files, CheckedRows(x, reference, trained, raw, answers), plan.stored_bytes)


def _written(model: RawModel, outputs: NDArray[np.float32]) -> str:
    """Returns the predictions as the file writes them."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(model.preprocessing.target.names)
    found = model.preprocessing.decode(outputs).tolist()
    writer.writerows(each if isinstance(each, list) else [each] for each in found)
    return stream.getvalue()


def check(folder: Path, prefix: str, task: Task, rows: CheckedRows) -> Found:
    """Executes the file.

    Returns:
        How many rows equal the reference, ``bit_equal``; and for how many raw rows it predicts as
        the reference does, ``raw_equal``.

    Raises:
        SearchError: it fails.
    """
    file = folder / f"{prefix}.py"
    model = runpy.run_path(str(file), run_name=prefix)["MODEL"]
    found: Found = {"bit_equal": bit_equal(model.plan.run(rows.x), rows.reference)}
    if rows.raw is not None and rows.answers is not None:
        words = [sys.executable, "-I", str(file)]
        done = subprocess.run(words, input=rows.raw, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SearchError(f"{file} failed: {done.stderr.strip()[-300:]}")
        found["raw_equal"] = equal_lines(done.stdout, rows.answers)
    return found


TARGET = Target("one file of Python that needs only numpy", make, check)
