"""The raw rows of the datasets of this package become the rows that models are trained on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from frontier_search.data.datasets import DATASETS
from frontier_search.data.splitting import Parts
from frontier_search.export import bundle, compiler
from frontier_search.export.operations.product import Product
from frontier_search.export.plan import Plan
from frontier_search.export.raw import reference
from frontier_search.export.raw.scale import narrowed
from frontier_search.export.source import source
from frontier_search.table import shipped

SEED = 101
HERE = [name for name, each in DATASETS.items() if each.package is None and each.file is None]


@pytest.mark.parametrize("name", HERE)
def test_raw_rows_are_scaled_as_in_training(name: str) -> None:
    dataset, split = DATASETS[name], DATASETS[name].split(SEED)
    made = shipped.preprocessing(dataset, SEED)
    assert made is not None
    for part in Parts._fields:
        rows = getattr(split, part)
        raw = shipped.rows(dataset, SEED, part)
        np.testing.assert_array_equal(made.transform(raw), rows.x)
        np.testing.assert_allclose(narrowed(made).transform(raw), rows.x, atol=1e-5)
        if dataset.task == "regression":
            assert split.unscaled is not None
            wanted = split.unscaled.y.values[split.unscaled.parts[part]]
            np.testing.assert_allclose(made.decode(rows.y[:, None]), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["friedman1", "iris", "digits", "moons"])
def test_the_c_takes_raw_rows(name: str, tmp_path: Path) -> None:
    dataset = DATASETS[name]
    known = shipped.preprocessing(dataset, SEED)
    assert known is not None
    made, raw = narrowed(known), shipped.rows(dataset, SEED, "test")
    d, o, rng = dataset.n_features, dataset.n_outputs, np.random.default_rng(1)
    weights, bias = rng.normal(size=(o, d)), rng.normal(size=o)
    product = Product("x", "y", weights.astype(np.float32), bias.astype(np.float32))
    plan = Plan(d, o, {}, [product])
    files = bundle.texts(plan, source(plan, "m", dataset.task), "m", name, dataset.task, made)
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    program = tmp_path / "m"
    sources = [str(tmp_path / "main.c"), str(tmp_path / "m.c")]
    words = [*compiler.host_compiler(), *compiler.FLAGS, "-o", str(program), *sources]
    subprocess.run(words, check=True)
    called = [str(program), *(["probabilities"] if made.target.classes else [])]
    rows = raw.to_csv(index=False).encode()
    found = subprocess.run(called, input=rows, capture_output=True, check=True).stdout.decode()
    wanted = reference.written(reference.answers(made, plan.run(made.transform(raw))))
    assert found.splitlines()[1:] == wanted.splitlines()[1:]
