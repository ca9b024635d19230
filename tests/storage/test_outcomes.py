"""What workers leave behind, on a disk and in a bucket: taken when it is whole and of the same candidates, and never otherwise; models of
the frontier are kept, and what was told where the storage may be lost."""

from __future__ import annotations

import json
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.errors import SearchError, SpecError
from frontier_search.files import (
    names_in,
    read_arrays,
    read_whole,
    remove,
    write_arrays,
    write_whole,
)
from frontier_search.storage import remote
from frontier_search.storage.outcomes import CohortOutcomes
from frontier_search.storage.search_files import SearchFiles
from frontier_search.training import crashes
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.trial import Candidate, Cohort, Outcome
from tests.support import fakes, s3, toys

if TYPE_CHECKING:
    from frontier_search.files import AnyPath

COHORT = Cohort(
    3,
    (6, 7, 8),
    tuple(Candidate("dense", {"hidden": h, "learning_rate": 0.1 / 3}) for h in (2, 4, 8)),
)
OUTCOMES = tuple(fakes.train(candidate, (101, 202)) for candidate in COHORT.candidates)
WEIGHTS = {number: np.full((2, 5), number, dtype=np.float32) for number in COHORT.numbers}


@pytest.fixture(scope="module")
def server() -> Iterator[s3.Server]:
    with s3.running() as server:
        yield server


@pytest.fixture(params=["disk", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty folder of each kind."""
    if request.param == "disk":
        return str(tmp_path)
    request.getfixturevalue("server")
    return f"s3://{s3.BUCKET}/{uuid.uuid4().hex}"


@pytest.fixture
def files(place: str) -> SearchFiles:
    return SearchFiles(remote.folder(place) / "toy-1")


@pytest.fixture
def exchanged(files: SearchFiles) -> SearchFiles:
    """The same folder, where what was told stays."""
    return SearchFiles(files.root, exchanged=True)


@pytest.fixture
def outcome_file(files: SearchFiles) -> AnyPath:
    """The outcome of the cohort, left whole."""
    files.outcomes.write(COHORT, OUTCOMES, WEIGHTS)
    return files.outcomes.folder(COHORT.index) / "outcome.json"


def content_of(path: AnyPath) -> bytes:
    content = read_whole(path)
    assert content is not None
    return content


def test_what_is_left_is_taken_as_it_was(files: SearchFiles, outcome_file: AnyPath) -> None:
    assert files.outcomes.read(COHORT) == OUTCOMES
    assert (
        files.outcomes.read(COHORT) == OUTCOMES
    )  # taking does not remove it: the storage comes first


def test_nothing_is_taken_where_nothing_was_left(files: SearchFiles) -> None:
    assert files.outcomes.read(COHORT) is None
    files.outcomes.queue(COHORT)
    assert files.outcomes.read(COHORT) is None
    assert files.outcomes.queued(COHORT.index) == COHORT


def test_a_file_that_is_cut_anywhere_is_not_taken(
    files: SearchFiles, outcome_file: AnyPath
) -> None:
    content = content_of(outcome_file)
    for cut in range(
        0, len(content), 1 if isinstance(outcome_file, Path) else 97
    ):  # a bucket holds what is sent, as a disk does
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
def test_an_outcome_of_other_candidates_is_not_taken(
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
def test_a_file_with_something_missing_is_not_taken(
    files: SearchFiles, outcome_file: AnyPath, damage: dict[str, Any]
) -> None:
    write_whole(outcome_file, json.dumps(json.loads(content_of(outcome_file)) | damage).encode())
    assert files.outcomes.read(COHORT) is None


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"3", b"\xff\xfe", b'"text"'])
def test_a_file_of_something_else_is_not_taken(
    files: SearchFiles, outcome_file: AnyPath, content: bytes
) -> None:
    write_whole(outcome_file, content)
    assert files.outcomes.read(COHORT) is None


def test_models_of_members_are_kept_and_those_that_left_are_removed(
    files: SearchFiles, outcome_file: AnyPath
) -> None:
    files.models.keep(files.outcomes.weights(COHORT, {1, 6, 8}))
    files.outcomes.discard(COHORT.index)
    assert names_in(outcome_file.parent) == set()
    assert list(files.outcomes.indices()) == []
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


def test_discarding_what_is_not_there_is_fine(files: SearchFiles) -> None:
    files.outcomes.discard(99)
    files.models.discard({1, 2})
    assert names_in(files.root) == set()


def test_cohorts_are_found_in_their_order(files: SearchFiles) -> None:
    for index in (12345, 3, 20):
        files.outcomes.queue(replace(COHORT, index=index))
    assert list(files.outcomes.indices()) == [3, 20, 12345]
    files.outcomes.discard(20)
    assert list(files.outcomes.indices()) == [3, 12345]


# ---- checkpoints and deaths ---------------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(["0", "1", "0-3"]), st.booleans()), max_size=40))
def test_deaths_and_lost_machines_are_counted_by_stack(events: list[tuple[str, bool]]) -> None:
    """Whatever the order: a machine that is lost counts as a death of its stack from the ninth on, and never of another."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        seen: Counter[tuple[str, bool]] = Counter()
        for stack, machine_lost in events:
            seen[stack, machine_lost] += 1
            crashes.begin(folder, stack)
            blamed = not machine_lost or seen[stack, True] > crashes.LOST_MACHINES_ALLOWED
            assert crashes.count_death(folder, machine_lost) == crashes.Death(stack, blamed)
        stacks = {stack for stack, _ in events}
        beyond = {
            stack: max(0, seen[stack, True] - crashes.LOST_MACHINES_ALLOWED) for stack in stacks
        }
        lost = {stack: seen[stack, True] - beyond[stack] for stack in stacks}
        died = {stack: seen[stack, False] + beyond[stack] for stack in stacks}
        assert crashes.lost_machines(folder) == {
            stack: count for stack, count in lost.items() if count
        }
        assert crashes.deaths(folder) == {stack: count for stack, count in died.items() if count}


def test_deaths_are_read_by_the_next_worker_and_lost_machines_are_not(files: SearchFiles) -> None:
    folder = files.outcomes.checkpoints(3)
    for machine_lost in (False, True, False, True):
        crashes.begin(folder, "0")
        crashes.count_death(folder, machine_lost)
    assert Checkpoints(folder).deaths("0") == 2
    assert crashes.lost_machines(folder) == {"0": 2}
    for name in ("deaths.json", "machines.json"):
        write_whole(folder / name, b"{")
    assert Checkpoints(folder).deaths("0") == 0
    assert crashes.lost_machines(folder) == {}


@pytest.mark.parametrize("machine_lost", [False, True])
def test_a_worker_that_dies_before_it_begins_is_not_counted_against_what_the_last_one_trained(
    files: SearchFiles, machine_lost: bool
) -> None:
    folder = files.outcomes.checkpoints(3)
    assert crashes.count_death(folder, machine_lost).stack is None
    crashes.begin(folder, "0")
    assert crashes.count_death(folder).stack == "0"
    assert crashes.count_death(folder, machine_lost).stack is None
    assert crashes.deaths(folder) == {"0": 1}
    assert crashes.lost_machines(folder) == {}


def test_a_stack_goes_on_from_what_an_earlier_worker_left(files: SearchFiles) -> None:
    folder = files.outcomes.checkpoints(3)
    state = {"epoch": np.asarray(3), "weights": np.ones(4)}
    assert Checkpoints(folder).begin("0") is None
    write_arrays(folder / "0.npz", state)
    write_arrays(folder / "1.npz", {})
    write_whole(folder / "1.npz", b"cut")
    again = Checkpoints(folder)
    found = again.begin("0")
    assert found is not None
    assert all(np.array_equal(found[key], state[key]) for key in state)
    assert again.begin("1") is None
    assert content_of(folder / "training") == b"1"


# ---- the archive: what was told, where the storage may be lost --------------------------------------------------------------------------


def test_what_was_told_stays_where_it_may_be_needed_again(
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


def test_an_archive_is_of_one_search(files: SearchFiles, exchanged: SearchFiles) -> None:
    files.archive.claim(toys.search())
    assert names_in(files.root) == set()
    exchanged.archive.claim(toys.search())
    exchanged.archive.claim(toys.search(trials=50))  # a larger budget is the same search
    assert b"trials: 50" in content_of(exchanged.root / "told" / "search.yaml")
    with pytest.raises(
        SpecError,
        match=r"toy-1 holds the outcomes of another search named 'toy-1' \(fingerprint .*choose another --name",
    ):
        exchanged.archive.claim(toys.search(epochs=3))
    exchanged.archive.claim(toys.search())


# ---- places that cannot be used ---------------------------------------------------------------------------------------------------------


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
def test_a_place_of_another_kind_is_refused(outcomes: str) -> None:
    with pytest.raises(SpecError, match=r"give a folder's path, or s3://BUCKET/PATH"):
        remote.normal(outcomes)


def test_a_place_is_written_down_so_that_every_process_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert remote.normal("shared/outcomes/") == str(tmp_path / "shared" / "outcomes")
    assert remote.normal("/") == "/"
    assert remote.normal("s3://frontier/outcomes/") == "s3://frontier/outcomes"
    assert remote.normal("s3://frontier") == "s3://frontier"


def test_a_place_that_can_be_used_is_left_as_it_was(place: str) -> None:
    remote.reach(place)
    assert names_in(remote.folder(place)) == set()


def test_a_folder_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(
        SpecError,
        match="--outcomes /proc/outcomes cannot be used: .*Give a folder that you may write to",
    ):
        remote.reach("/proc/outcomes")


def test_a_bucket_that_is_not_there_is_refused(server: s3.Server) -> None:
    with pytest.raises(
        SpecError,
        match="--outcomes s3://no-such-bucket/a cannot be used: The specified bucket does not exist. Give a bucket",
    ):
        remote.reach("s3://no-such-bucket/a")


def test_what_goes_wrong_in_a_bucket_is_an_oserror_and_never_nothing(
    server: s3.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a bucket that does not answer for a moment would have finished cohorts trained again."""
    import s3fs

    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(key)
    s3fs.S3FileSystem.clear_instance_cache()
    place = f"s3://{s3.BUCKET}/locked"
    with pytest.raises(
        SpecError,
        match=f"--outcomes {place} cannot be used: Unable to locate credentials.*in AWS's own variables",
    ):
        remote.reach(place)
    locked = SearchFiles(remote.folder(place) / "toy-1", exchanged=True)
    for ask in (
        lambda: locked.outcomes.read(COHORT),
        lambda: locked.archive.read(COHORT),
        lambda: locked.models.read(3),
        lambda: list(locked.outcomes.indices()),
    ):
        with pytest.raises(OSError, match="Unable to locate credentials"):
            ask()
    with pytest.raises(
        SearchError,
        match=f"cannot read or write {place}/toy-1/outcomes/00003/checkpoints: Unable to locate credentials",
    ):
        Checkpoints(locked.outcomes.checkpoints(3))
    with pytest.raises(SpecError, match="Unable to locate credentials"):
        locked.archive.claim(toys.search())
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_bucket_without_its_packages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(
        SpecError,
        match=r"--outcomes s3://frontier/a: s3fs is not installed; pip install 'frontier-search\[bucket\]'",
    ):
        remote.reach("s3://frontier/a")


# ---- whole or absent --------------------------------------------------------------------------------------------------------------------


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "deep" / "file"
    write_whole(path, b"old")

    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new, and longer")
    assert path.read_bytes() == b"old"


def test_a_written_file_is_flushed_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "file", []
    monkeypatch.setattr("os.fsync", lambda descriptor: seen.append(path.exists()))
    write_whole(path, b"content")
    assert seen == [False]
    assert path.read_bytes() == b"content"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_arrays_are_read_back_and_nothing_is_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "arrays.npz"
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "7": np.array([True, False]),
        "scalar": np.asarray(3),
    }
    write_arrays(path, arrays)
    back = read_arrays(path)
    assert back is not None
    assert set(back) == set(arrays)
    assert all(
        np.array_equal(back[key], arrays[key]) and back[key].dtype == arrays[key].dtype
        for key in arrays
    )
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
