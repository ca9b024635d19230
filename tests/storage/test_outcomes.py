"""Outcome files, on a disk and in a bucket: one is read only when it is whole and of the same
candidates."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from frontier_search.files import (
    names_in,
    write_whole,
)
from frontier_search.storage.search_files import SearchFiles
from frontier_search.trial import Candidate, Cohort
from tests.support.exchange import COHORT, OUTCOMES, content_of

if TYPE_CHECKING:
    from frontier_search.files import AnyPath


def test_an_outcome_is_read_as_it_was_written(files: SearchFiles, outcome_file: AnyPath) -> None:
    assert files.outcomes.read(COHORT) == OUTCOMES
    assert files.outcomes.read(COHORT) == OUTCOMES  # reading does not remove it


def test_a_cohort_without_an_outcome_has_none(files: SearchFiles) -> None:
    assert files.outcomes.read(COHORT) is None
    files.outcomes.queue(COHORT)
    assert files.outcomes.read(COHORT) is None
    assert files.outcomes.queued(COHORT.index) == COHORT


def test_a_file_that_is_cut_anywhere_is_not_read(files: SearchFiles, outcome_file: AnyPath) -> None:
    content = content_of(outcome_file)
    step = 1 if isinstance(outcome_file, Path) else 97  # bytes; a bucket is slower
    for cut in range(0, len(content), step):
        write_whole(outcome_file, content[:cut])
        assert files.outcomes.read(COHORT) is None


@pytest.mark.parametrize(
    "other",
    [
        replace(COHORT, numbers=(6, 7, 9)),
        replace(COHORT, candidates=COHORT.candidates[::-1]),
        replace(COHORT, numbers=(6, 7), candidates=COHORT.candidates[:2]),
        replace(
            COHORT,
            candidates=(
                Candidate("dense", {"hidden": 2, "learning_rate": 0.1 / 3 + 1e-16}),
                *COHORT.candidates[1:],
            ),
        ),
        replace(
            COHORT,
            candidates=(
                Candidate("dense_deep", COHORT.candidates[0].hyperparameters),
                *COHORT.candidates[1:],
            ),
        ),
    ],
)
def test_an_outcome_of_other_candidates_is_not_read(
    files: SearchFiles, outcome_file: AnyPath, other: Cohort
) -> None:
    assert other != COHORT
    assert files.outcomes.read(other) is None
    assert files.outcomes.read(COHORT) is not None


@pytest.mark.parametrize(
    "damage",
    [
        {"cohort": None},
        {"outcomes": []},
        {"outcomes": None},
        {"outcomes": [{"seeds": []}]},
        {"cohort": {"index": 3}},
    ],
)
def test_a_file_with_something_missing_is_not_read(
    files: SearchFiles, outcome_file: AnyPath, damage: dict[str, Any]
) -> None:
    write_whole(outcome_file, json.dumps(json.loads(content_of(outcome_file)) | damage).encode())
    assert files.outcomes.read(COHORT) is None


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"3", b"\xff\xfe", b'"text"'])
def test_a_file_of_something_else_is_not_read(
    files: SearchFiles, outcome_file: AnyPath, content: bytes
) -> None:
    write_whole(outcome_file, content)
    assert files.outcomes.read(COHORT) is None


def test_discarding_missing_files_is_no_error(files: SearchFiles) -> None:
    files.outcomes.discard(99)
    files.models.discard({1, 2})
    assert names_in(files.root) == set()


def test_indices_are_ascending(files: SearchFiles) -> None:
    for index in (12345, 3, 20):
        files.outcomes.queue(replace(COHORT, index=index))
    assert files.outcomes.indices() == [3, 20, 12345]
    files.outcomes.discard(20)
    assert files.outcomes.indices() == [3, 12345]
