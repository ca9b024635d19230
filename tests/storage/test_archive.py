"""The archive, on a disk and in a bucket: it outlives cohorts' files and belongs to one search."""

from __future__ import annotations

from dataclasses import replace

import pytest

from frontier_search.errors import SpecError
from frontier_search.files import (
    names_in,
)
from frontier_search.storage.outcomes import CohortOutcomes
from frontier_search.storage.search_files import SearchFiles
from tests.support import toys
from tests.support.exchange import COHORT, OUTCOMES, content_of


def test_only_an_exchanged_search_keeps_an_archive(
    files: SearchFiles, exchanged: SearchFiles
) -> None:
    files.archive.keep(COHORT, OUTCOMES, 12.5)
    assert exchanged.archive.read(COHORT) is None  # a search's own folder is lost with its storage
    exchanged.archive.keep(COHORT, OUTCOMES, 12.5)
    exchanged.outcomes.discard(COHORT.index)
    assert exchanged.archive.read(COHORT) == CohortOutcomes(OUTCOMES, 12.5)
    assert exchanged.outcomes.read(COHORT) is None
    assert exchanged.archive.read(replace(COHORT, candidates=COHORT.candidates[::-1])) is None
    assert files.archive.read(COHORT) is None


def test_an_archive_belongs_to_one_search(files: SearchFiles, exchanged: SearchFiles) -> None:
    files.archive.claim(toys.search())
    assert names_in(files.root) == set()
    exchanged.archive.claim(toys.search())
    exchanged.archive.claim(toys.search(trials=50))  # a larger budget is the same search
    assert b"trials: 50" in content_of(exchanged.root / "told" / "search.yaml")
    with pytest.raises(
        SpecError,
        match=r"toy-1 holds the outcomes of another search named 'toy-1' \(fingerprint "
        ".*choose another --name",
    ):
        exchanged.archive.claim(toys.search(epochs=3))
    exchanged.archive.claim(toys.search())
