"""What every target keeps: its files give what the trained model gives, and are checked again.

Every family is written by every target that can. The members come from the tables.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from frontier_search.export import certificate
from frontier_search.export.bundle import CheckedRows
from frontier_search.export.script.model import Model
from frontier_search.export.script.source import source
from frontier_search.exporter import export, verify
from frontier_search.mirror.payload import certificate_tags
from frontier_search.reports.blocks import Table
from frontier_search.reports.study import certificates as study_certificates
from frontier_search.reports.study.claims import Studied
from frontier_search.runner import resume, run
from frontier_search.storage import catalog
from frontier_search.targets import TARGETS, onnx_graph, torch_program
from frontier_search.training.stack import Model as Trained
from frontier_search.training.stack import Stack
from frontier_search.training.trained_model import FrontierModel
from tests.support import passengers, toys
from tests.support.exported import SEED, WRITTEN, Example, examples

ONNX = importlib.util.find_spec("onnxruntime") is not None
QUICK = ("dense", "kronecker", "spline", "fast_grnn")  # ONNX takes three to ten seconds for each
STEPS = 8  # of a sequence, of which torch writes every step


def rows_of(example: Example) -> CheckedRows:
    return CheckedRows(example.x, example.plan.run(example.x), example.trained)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_file_of_python_gives_the_bits_of_the_reference(name: str, tmp_path: Path) -> None:
    for example in examples(name):
        text = source(Model(example.plan, "regression"), "a test", example.name)
        assert "frontier_search" not in text
        (tmp_path / f"{example.name}.py").write_text(text)
        rows = rows_of(example)
        found = TARGETS["python"].check(tmp_path, example.name, "regression", rows)
        assert found == {"bit_equal": len(rows.x)}


def test_a_file_of_python_needs_numpy_only(tmp_path: Path) -> None:
    (example, _) = examples("kronecker")
    (tmp_path / "model.py").write_text(source(Model(example.plan, "binary"), "a test", "model"))
    rows = "a,b,c,d,e\n" + "\n".join(",".join(map(repr, row)) for row in example.x.tolist())
    script = (
        "import runpy, sys\n"
        "for name in ('pandas', 'torch', 'frontier_search'): sys.modules[name] = None\n"
        f"runpy.run_path({str(tmp_path / 'model.py')!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input=rows, capture_output=True, text=True, check=True
    )
    wanted = (example.plan.run(example.x)[:, 0] > 0).astype(int)
    assert done.stdout.split() == ["prediction", *map(str, wanted)]


@dataclass(frozen=True)
class OfExample:
    """A member as torch's targets read it."""

    example: Example

    def __getattr__(self, name: str) -> Any:
        facts = {
            "dataset": SimpleNamespace(
                n_features=self.example.x.shape[1],
                n_outputs=self.example.n_outputs,
                task="regression",
                split=lambda seed: SimpleNamespace(test=SimpleNamespace(x=self.example.x)),
            ),
            "numbers": "float32",
            "preprocessing": None,
            "prefix": self.example.name,
            "title": "a test",
            "seed": SEED,
            "weights": self.example.flat,
        }
        return facts[name]


def torch_families() -> list[Any]:
    return [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in WRITTEN
    ]


@cache
def programs(name: str) -> list[tuple[Example, Any]]:
    """Returns the examples of a family, each with its program, which takes torch some seconds."""
    found = []
    for example in examples(name, n_steps=STEPS):
        trained = [Trained(0, SEED, example.architecture, 0.0)]
        stack = Stack(trained, example.x.shape[1], example.n_outputs, "cpu")  # type: ignore[arg-type]
        model = FrontierModel(stack, example.flat).eval()
        found.append((example, torch_program.exported(model, example.x.shape[1])))
    return found


@pytest.mark.parametrize("name", torch_families())
@pytest.mark.parametrize("target", ["torch", "onnx"])
def test_torch_and_onnx_give_what_the_network_gives(
    target: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if target == "onnx" and not ONNX:
        pytest.skip("onnxruntime is not installed")
    for example, program in programs(name):
        monkeypatch.setattr(torch_program, "program", lambda _, found=program: found)
        monkeypatch.setattr(onnx_graph, "program", lambda _, found=program: found)
        made = TARGETS[target].make(OfExample(example), example.trained, ())  # type: ignore[arg-type]
        (file,) = [each for each in made.files if each.startswith(example.name)]
        (tmp_path / file).write_bytes(made.files[file])  # type: ignore[arg-type]
        found = TARGETS[target].check(tmp_path, example.name, "regression", made.rows)
        assert found is not None
        assert found["near"] == len(example.x)


# ---- from a search to a certificate that is checked again ----------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a search of a table of one's own, and one of a shipped dataset."""
    made = tmp_path_factory.mktemp("home")
    file = passengers.write(made / "passengers.csv", 200)
    table = {"dataset": str(file), "target": "survived", "name": "raw"}
    for search in (
        toys.search(trials=4),
        toys.search(trials=4, families=["linear", "dense"], **table),
    ):
        run(search, home=made, executor="inline")
    return made


@pytest.mark.parametrize("target", list(TARGETS))
@pytest.mark.parametrize("name", ["toy-1", "raw"])
def test_a_member_is_exported_and_verified(
    name: str, target: str, home: Path, tmp_path: Path
) -> None:
    if target == "onnx" and not ONNX:
        pytest.skip("onnxruntime is not installed")
    frontier = resume(name, home=home, executor="inline")  # finished: it is only opened
    said = frontier.best("params<=1000").export(tmp_path / "out", to=target)
    assert said == certificate.read(tmp_path / "out")
    assert said["model"]["target"] == target
    assert said["host"].get("bit_equal", said["host"].get("near")) == said["rows"] > 0
    if name == "raw" and target in ("c", "python"):
        assert said["host"]["raw_equal"] == said["rows"]
    assert verify(tmp_path / "out") == []


def test_python_predicts_raw_rows_as_the_predictor(home: Path, tmp_path: Path) -> None:
    best = resume("raw", home=home, executor="inline").best()
    best.export(tmp_path, to="python")
    (file,) = tmp_path.glob("*.py")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    rows = passengers.frame(50, seed=9)
    rows.loc[0, "port"], rows.loc[1, "age"] = "X", np.nan
    records = rows.to_dict("records")
    assert module.MODEL.predict(records) == best.predict(rows)["survived"].tolist()
    chances = module.MODEL.probabilities(records)
    np.testing.assert_allclose(chances, best.probabilities(rows).to_numpy(), atol=1e-5)
    with pytest.raises(ValueError, match="row 1 has no column 'class'"):
        module.MODEL.predict([{}])
    with pytest.raises(ValueError, match="column 'age', row 1: 'old' cannot be read"):
        module.MODEL.predict([records[2] | {"age": "old"}])


def test_members_are_checked_side_by_side(home: Path, tmp_path: Path) -> None:
    entry = catalog.find("toy-1", home)
    members = resume("toy-1", home=home, executor="inline").members
    folders = {tmp_path / str(each.number): each for each in members}
    found = export(entry, folders)
    assert [each["model"]["trial"] for each in found] == [each.number for each in members]
    assert all(verify(folder) == [] for folder in folders)
    kept = certificate.kept(entry.folder.certificates)
    assert all(each in kept for each in found)  # beside those of other targets


def test_certificates_stand_in_the_report(home: Path) -> None:
    entry = catalog.find("toy-1", home)
    trials = catalog.read_trials(entry)
    studied = [Studied(entry.search, trials, entry.folder, "a test")]
    for file in entry.folder.certificates.glob("*"):
        file.unlink()
    assert study_certificates.certificates(studied) == []
    frontier = resume("toy-1", home=home, executor="inline")
    said = frontier.best().export(home / "out")
    (_, _, table) = study_certificates.certificates(studied)
    assert isinstance(table, Table)
    (row,) = table.rows
    assert row[1] == str(said["model"]["trial"])
    assert f"{said['rows']} of {said['rows']}" in row
    tags = certificate_tags(said)
    assert tags["certificate.c.host.bit_equal"] == str(said["rows"])
