"""The location of outcomes: which URLs and paths are legal, and how a failing one is reported."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from frontier_search.errors import SearchError, SpecError
from frontier_search.files import (
    names_in,
)
from frontier_search.storage import remote
from frontier_search.storage.search_files import SearchFiles
from frontier_search.training.checkpoints import Checkpoints
from tests.support import s3, toys
from tests.support.exchange import COHORT


@pytest.mark.parametrize(
    "outcomes",
    [
        "",
        "s3://",
        "s3://b",
        "s3://frontier/a//b",
        "s3://frontier/*",
        "s3://key:secret@frontier",
        "gs://frontier/a",
        "s3:/frontier/a",
    ],
)
def test_a_location_of_another_kind_is_refused(outcomes: str) -> None:
    with pytest.raises(SpecError, match=r"give a folder's path, or s3://BUCKET/PATH"):
        remote.normal(outcomes)


def test_a_location_is_written_so_that_every_process_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert remote.normal("shared/outcomes/") == str(tmp_path / "shared" / "outcomes")
    assert remote.normal("/") == "/"
    assert remote.normal("s3://frontier/outcomes/") == "s3://frontier/outcomes"
    assert remote.normal("s3://frontier") == "s3://frontier"


def test_a_location_that_can_be_used_is_not_changed(location: str) -> None:
    remote.reach(location)
    assert names_in(remote.folder(location)) == set()


def test_a_folder_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(
        SpecError,
        match="--outcomes /proc/outcomes cannot be used: .*Give a folder that you may write to",
    ):
        remote.reach("/proc/outcomes")


def test_a_bucket_that_does_not_exist_is_refused(s3_server: s3.Server) -> None:
    with pytest.raises(
        SpecError,
        match="--outcomes s3://no-such-bucket/a cannot be used:"
        " The specified bucket does not exist. Give a bucket",
    ):
        remote.reach("s3://no-such-bucket/a")


def test_an_error_of_a_bucket_is_an_oserror_and_never_means_absent(
    s3_server: s3.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise finished cohorts would be trained again when a bucket fails for a moment."""
    import s3fs

    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(key)
    s3fs.S3FileSystem.clear_instance_cache()
    location = f"s3://{s3.BUCKET}/locked"
    with pytest.raises(
        SpecError,
        match=f"--outcomes {location} cannot be used: Unable to locate credentials"
        ".*in AWS's own variables",
    ):
        remote.reach(location)
    locked = SearchFiles(remote.folder(location) / "toy-1", exchanged=True)
    for ask in (
        lambda: locked.outcomes.read(COHORT),
        lambda: locked.archive.read(COHORT),
        lambda: locked.models.read(3),
        lambda: locked.outcomes.indices(),
    ):
        with pytest.raises(OSError, match="Unable to locate credentials"):
            ask()
    with pytest.raises(
        SearchError,
        match=f"cannot read or write {location}/toy-1/outcomes/00003/checkpoints:"
        " Unable to locate credentials",
    ):
        Checkpoints(locked.outcomes.checkpoints(3))
    with pytest.raises(SpecError, match="Unable to locate credentials"):
        locked.archive.claim(toys.search())
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_bucket_without_its_packages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(
        SpecError,
        match=r"--outcomes s3://frontier/a: s3fs is not installed;"
        r" pip install 'frontier-search\[bucket\]'",
    ):
        remote.reach("s3://frontier/a")
