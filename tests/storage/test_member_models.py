"""Models of members, on a disk and in a bucket: kept from a cohort's weights, removed by number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from frontier_search.files import (
    names_in,
    read_whole,
    remove,
    write_whole,
)
from frontier_search.storage.search_files import SearchFiles
from tests.support.exchange import COHORT, OUTCOMES, WEIGHTS, content_of

if TYPE_CHECKING:
    from frontier_search.files import AnyPath


def test_models_of_members_are_kept_and_others_are_removed(
    files: SearchFiles, outcome_file: AnyPath
) -> None:
    files.models.keep(files.outcomes.weights(COHORT, {1, 6, 8}))
    files.outcomes.discard(COHORT.index)
    assert names_in(outcome_file.parent) == set()
    assert files.outcomes.indices() == []
    assert files.models.numbers() == {6, 8}
    for number in (6, 8):
        model = files.models.read(number)
        assert model is not None
        assert np.array_equal(model, WEIGHTS[number])
    assert files.models.read(7) is None
    assert files.models.read(1) is None
    write_whole(files.root / "models" / "notes.npz", b"the user's own")
    files.models.discard({1, 6, 7})
    assert files.models.read(6) is None
    assert files.models.read(8) is not None
    assert read_whole(files.root / "models" / "notes.npz") is not None


def test_lost_or_damaged_weights_lose_the_model_and_nothing_else(
    files: SearchFiles, outcome_file: AnyPath
) -> None:
    weights = outcome_file.with_name("weights.npz")
    content = content_of(weights)
    for damaged in (b"", content[:50], content[: len(content) // 2], b"rubbish"):
        write_whole(weights, damaged)
        files.models.keep(files.outcomes.weights(COHORT, {6}))
        assert files.models.read(6) is None
    remove(weights)
    files.models.keep(files.outcomes.weights(COHORT, {6}))
    assert files.models.read(6) is None
    assert files.outcomes.read(COHORT) == OUTCOMES
