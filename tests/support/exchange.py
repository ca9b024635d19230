"""One cohort with its outcomes, and folders to exchange them, on a disk and in a bucket."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from frontier_search.files import read_whole
from frontier_search.storage import remote
from frontier_search.storage.search_files import SearchFiles
from frontier_search.trial import Candidate, Cohort
from tests.support import fakes

if TYPE_CHECKING:
    from frontier_search.files import AnyPath
    from tests.support import s3

COHORT = Cohort(
    3,
    (6, 7, 8),
    tuple(Candidate("dense", {"hidden": h, "learning_rate": 0.1 / 3}) for h in (2, 4, 8)),
)
OUTCOMES = tuple(fakes.train(candidate, (101, 202)) for candidate in COHORT.candidates)
WEIGHTS = {number: np.full((2, 5), number, dtype=np.float32) for number in COHORT.numbers}


@pytest.fixture(scope="module")
def s3_server() -> Iterator[s3.Server]:
    from tests.support import s3  # moto takes a second to load, and most tests need no bucket

    with s3.running() as server:
        yield server


@pytest.fixture(params=["disk", "bucket"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty folder of each kind."""
    if request.param == "disk":
        return str(tmp_path)
    server = request.getfixturevalue("s3_server")
    return f"s3://{server.bucket}/{uuid.uuid4().hex}"


@pytest.fixture
def files(location: str) -> SearchFiles:
    """The files of a search in its own folder."""
    return SearchFiles(remote.folder(location) / "toy-1")


@pytest.fixture
def exchanged(files: SearchFiles) -> SearchFiles:
    """The files in the same folder of a search whose outcomes are exchanged there."""
    return SearchFiles(files.root, exchanged=True)


@pytest.fixture
def outcome_file(files: SearchFiles) -> AnyPath:
    """The whole outcome file of COHORT."""
    files.outcomes.write(COHORT, OUTCOMES, WEIGHTS)
    return files.outcomes.folder(COHORT.index) / "outcome.json"


def content_of(path: AnyPath) -> bytes:
    """Returns the content of a file that exists."""
    content = read_whole(path)
    assert content is not None
    return content
