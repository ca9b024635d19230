"""export and verify, as typed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from frontier_search.exporter import verify
from frontier_search.files import read_arrays, write_arrays
from frontier_search.runner import run as search
from tests.cli.results import Result, Run
from tests.support import toys


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a trained search."""
    made = tmp_path_factory.mktemp("home")
    search(toys.search(trials=4), home=made, executor="inline")
    return made


def export(run: Run, home: Path, output: Path, *words: str) -> Result:
    return run("export", "toy-1", "--home", home, "--output", output, *words)


def test_all_members_are_written_and_verified(run: Run, home: Path, tmp_path: Path) -> None:
    assert export(run, home, tmp_path / "c", "--all").code == 0
    folders = sorted((tmp_path / "c").iterdir())
    assert folders
    for folder in folders:
        said = json.loads((folder / "certificate.json").read_text())
        assert said["host"]["bit_equal"] == said["rows"] > 0
        assert said["trained_model"]["equal_decisions"] == said["rows"]
        assert run("verify", folder).code == 0


def test_a_member_is_written_in_its_own_format(run: Run, tmp_path: Path) -> None:
    formats = {"device": "cortex-m0plus", "numbers": ["int16"], "objectives": ["loss", "flash"]}
    search(toys.search(trials=4, **formats), home=tmp_path, executor="inline")
    assert export(run, tmp_path, tmp_path / "c", "--best", "flash<=1MB").code == 0
    said = json.loads((tmp_path / "c" / "certificate.json").read_text())["model"]
    assert said["numbers"] == "int16"
    trials = json.loads(run("trials", "toy-1", "--home", tmp_path, "--format", "json").out)
    losses = {each["seed"]: each["test_loss"] for each in trials[said["trial"]]["seeds"]}
    assert losses[said["seed"]] == pytest.approx(said["test_loss"], rel=1e-6)
    assert export(run, tmp_path, tmp_path / "f", "--all", "--numbers", "float32").code == 0
    (folder, *_) = sorted((tmp_path / "f").iterdir())
    assert json.loads((folder / "certificate.json").read_text())["model"]["numbers"] == "float32"


def test_verify_notices_another_file_and_another_bit(run: Run, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "c"
    assert export(run, home, folder, "--best", "params<=1000").code == 0
    rows = read_arrays(folder / "test_rows.npz")
    assert rows is not None
    changed = rows | {"reference": np.nextafter(rows["reference"], np.float32(9))}
    write_arrays(folder / "test_rows.npz", changed)
    assert verify(folder) == ["test_rows.npz is not the file that was certified."]
    said = json.loads((folder / "certificate.json").read_text())
    said["sha256"].pop("test_rows.npz")
    (folder / "certificate.json").write_text(json.dumps(said))
    (first, second) = verify(folder)
    assert "bit_equal is 0; the certificate says" in first
    assert "0 of" in second
    assert run("verify", folder).code == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "one of --trial N"),
        (["--trial", "0", "--all"], "one of --trial N"),
        (["--trial", "99"], "trial 99 is not on the frontier"),
        (["--best", "params<=1"], "the smallest have params ="),
        (["--best", "flash<=2KB"], "search with --device"),
        (["--best", "loss<=1"], "known before training"),
        (["--all", "--device", "cortex-m4"], "Did you mean 'cortex-m4f'?"),
        (["--all", "--to", "cc"], "unknown target 'cc'. Did you mean 'c'?"),
        (["--all", "--to", "python", "--device", "cortex-m4f"], "--device compiles C"),
        (["--all", "--to", "torch", "--numbers", "int8"], "written as C and Python only"),
    ],
)
def test_a_mistake_is_a_sentence(
    words: list[str], sentence: str, run: Run, home: Path, tmp_path: Path
) -> None:
    result = export(run, home, tmp_path / "c", *words)
    assert (result.code, sentence in result.err) == (2, True), result.err
    assert not (tmp_path / "c").exists()


def test_nothing_is_written_if_one_member_is_refused(run: Run, tmp_path: Path) -> None:
    families = {"families": ["linear", "spline"]}
    search(toys.search(trials=6, **families), home=tmp_path, executor="inline")
    rows = json.loads(run("frontier", "toy-1", "--home", tmp_path, "--format", "json").out)
    assert {"linear", "spline"} <= {each["family"] for each in rows}
    result = export(run, tmp_path, tmp_path / "c", "--all", "--numbers", "int8")
    assert (result.code, "has no integer form" in result.err) == (2, True), result.err
    assert not (tmp_path / "c").exists()


def test_verify_says_what_it_needs(run: Run, tmp_path: Path) -> None:
    result = run("verify", tmp_path)
    assert result.code == 2
    assert "holds no certificate.json" in result.err
