"""What workers leave behind: taken when it is whole and of the same candidates, and never otherwise; models of the frontier are kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frontier_search.files import read_arrays, write_arrays, write_whole
from frontier_search.folder import SearchFolder
from frontier_search.outcomes import OutcomeFiles
from frontier_search.trial import Candidate, Cohort, Outcome
from tests import fakes

COHORT = Cohort(3, (6, 7, 8), tuple(Candidate("dense", {"hidden": h, "learning_rate": 0.1 / 3}) for h in (2, 4, 8)))
OUTCOMES = tuple(fakes.train(candidate, (101, 202)) for candidate in COHORT.candidates)
WEIGHTS = {number: np.full((2, 5), number, dtype=np.float32) for number in COHORT.numbers}


@pytest.fixture
def files(tmp_path: Path) -> OutcomeFiles:
    return OutcomeFiles(SearchFolder(tmp_path, "toy-1"))


@pytest.fixture
def outcome_file(files: OutcomeFiles) -> Path:
    """The outcome of the cohort, left whole."""
    files.leave(COHORT, OUTCOMES, WEIGHTS)
    return files.folder.cohort(COHORT.index) / "outcome.json"


def test_what_is_left_is_taken_as_it_was(files: OutcomeFiles, outcome_file: Path) -> None:
    assert files.take(COHORT) == OUTCOMES
    assert files.take(COHORT) == OUTCOMES  # taking does not remove it: the storage comes first


def test_nothing_is_taken_where_nothing_was_left(files: OutcomeFiles) -> None:
    assert files.take(COHORT) is None
    files.post(COHORT)
    assert files.take(COHORT) is None
    assert files.posted(COHORT.index) == COHORT


def test_a_file_that_is_cut_anywhere_is_not_taken(files: OutcomeFiles, outcome_file: Path) -> None:
    content = outcome_file.read_bytes()
    for cut in range(len(content)):
        outcome_file.write_bytes(content[:cut])
        assert files.take(COHORT) is None


@pytest.mark.parametrize(
    "other",
    [
        replace(COHORT, numbers=(6, 7, 9)),
        replace(COHORT, candidates=COHORT.candidates[::-1]),
        replace(COHORT, numbers=(6, 7), candidates=COHORT.candidates[:2]),
        replace(COHORT, candidates=(Candidate("dense", {"hidden": 2, "learning_rate": 0.1 / 3 + 1e-16}), *COHORT.candidates[1:])),
        replace(COHORT, candidates=(Candidate("dense_deep", COHORT.candidates[0].hyperparameters), *COHORT.candidates[1:])),
    ],
)
def test_an_outcome_of_other_candidates_is_not_taken(files: OutcomeFiles, outcome_file: Path, other: Cohort) -> None:
    assert other != COHORT
    assert files.take(other) is None
    assert files.take(COHORT) is not None


@pytest.mark.parametrize(
    "damage", [{"cohort": None}, {"outcomes": []}, {"outcomes": None}, {"outcomes": [{"seeds": []}]}, {"cohort": {"index": 3}}]
)
def test_a_file_with_something_missing_is_not_taken(files: OutcomeFiles, outcome_file: Path, damage: dict[str, Any]) -> None:
    outcome_file.write_text(json.dumps(json.loads(outcome_file.read_bytes()) | damage))
    assert files.take(COHORT) is None


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"3", b"\xff\xfe", b'"text"'])
def test_a_file_of_something_else_is_not_taken(files: OutcomeFiles, outcome_file: Path, content: bytes) -> None:
    outcome_file.write_bytes(content)
    assert files.take(COHORT) is None


def test_models_of_members_are_kept_and_those_that_left_are_removed(files: OutcomeFiles, outcome_file: Path) -> None:
    files.keep_models(COHORT, {1, 6, 8})
    files.discard(COHORT.index)
    assert not outcome_file.parent.exists()
    for number in (6, 8):
        model = files.model(number)
        assert model is not None
        assert np.array_equal(model, WEIGHTS[number])
    assert files.model(7) is None
    assert files.model(1) is None
    (files.folder.models / "notes.npz").write_bytes(b"the user's own")
    files.discard_models({8})
    assert files.model(6) is None
    assert files.model(8) is not None
    assert (files.folder.models / "notes.npz").exists()


def test_lost_or_damaged_weights_lose_the_model_and_nothing_else(files: OutcomeFiles, outcome_file: Path) -> None:
    weights = outcome_file.with_name("weights.npz")
    content = weights.read_bytes()
    for damaged in (b"", content[:50], content[: len(content) // 2], b"rubbish"):
        weights.write_bytes(damaged)
        files.keep_models(COHORT, {6})
        assert files.model(6) is None
    weights.unlink()
    files.keep_models(COHORT, {6})
    assert files.model(6) is None
    assert files.take(COHORT) == OUTCOMES


def test_discarding_what_is_not_there_is_fine(files: OutcomeFiles) -> None:
    files.discard(99)
    files.discard_models(set())
    assert not files.folder.path.exists()


# ---- whole or absent --------------------------------------------------------------------------------------------------------------------


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "file"
    write_whole(path, b"old")

    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new, and longer")
    assert path.read_bytes() == b"old"


def test_a_written_file_is_flushed_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, seen = tmp_path / "file", []
    monkeypatch.setattr("os.fsync", lambda descriptor: seen.append(path.exists()))
    write_whole(path, b"content")
    assert seen == [False]
    assert path.read_bytes() == b"content"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_arrays_are_read_back_and_nothing_is_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "arrays.npz"
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "7": np.array([True, False]), "scalar": np.asarray(3)}
    write_arrays(path, arrays)
    back = read_arrays(path)
    assert back is not None
    assert set(back) == set(arrays)
    assert all(np.array_equal(back[key], arrays[key]) and back[key].dtype == arrays[key].dtype for key in arrays)
    np.savez(path, evil=np.array([Outcome(())], dtype=object))
    assert read_arrays(path) is None


def test_arrays_that_are_cut_anywhere_are_none(tmp_path: Path) -> None:
    path = tmp_path / "arrays.npz"
    write_arrays(path, {"a": np.arange(4)})
    content = path.read_bytes()
    for cut in range(len(content)):
        path.write_bytes(content[:cut])
        assert read_arrays(path) is None
    assert read_arrays(tmp_path / "nosuch.npz") is None
