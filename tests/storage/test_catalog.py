"""The searches under a home are defined once, found again, extended, and read while they run."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import frontier_search
from frontier_search import runner
from frontier_search.errors import SearchError, SpecError
from frontier_search.frontier.frontier import Frontier
from frontier_search.search.search import Search
from frontier_search.search.sweep import Sweep
from frontier_search.session import Session
from frontier_search.storage import catalog, sweep_catalog
from frontier_search.storage.folder import names
from frontier_search.storage.locations import Locations
from frontier_search.storage.names import known_names, newest_name
from tests.support import fakes, toys


@pytest.mark.parametrize("storage", [None, "sqlite"])
def test_a_defined_search_is_found_as_it_was(storage: str | None, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/search.db" if storage else None
    entry = catalog.define(
        toys.search(), tmp_path, Locations.of(tmp_path, url, "http://127.0.0.1:5000")
    )
    assert catalog.find("toy-1", tmp_path) == entry
    assert entry.locations == Locations(url or "journal", "http://127.0.0.1:5000")
    assert known_names(tmp_path) == ["toy-1"]


def test_the_mirror_is_in_the_home_by_default(tmp_path: Path) -> None:
    entry = catalog.define(toys.search(), tmp_path / "home")
    assert entry.locations.tracking_uri == f"sqlite:///{tmp_path.resolve()}/home/mlflow.db"


def test_a_search_whose_dataset_is_missing_is_read_but_not_trained(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("a,target\n" + "".join(f"{i},{i % 3}\n" for i in range(40)))
    entry = catalog.define(
        toys.search(dataset=str(rows), require=["params<=90"]), tmp_path / "home"
    )
    fakes.play(Session(entry.search, entry.open_storage(writable=True)))
    trials = catalog.read_trials(entry)
    for content in (
        "a,b,c,d,e,f,g,h,target\n" + "".join(f"{i},1,2,3,4,5,6,7,{i % 20}\n" for i in range(400)),
        "rubbish",
        None,
    ):
        if content is None:
            rows.unlink()
        else:
            rows.write_text(content)
        again = catalog.find("toy-1", tmp_path / "home")
        assert again == entry
        assert repr(catalog.read_trials(again)) == repr(trials)
        with pytest.raises(SpecError, match="put it back, or start a new search"):
            runner.conduct(again, "inline", None, ())
        with pytest.raises(SpecError, match="put it back, or start a new search"):
            catalog.define(replace(again.search, name="copied"), tmp_path / "home")
    assert known_names(tmp_path / "home") == ["toy-1"]


def test_a_name_that_exists_is_refused_with_the_command_that_resumes_it(tmp_path: Path) -> None:
    catalog.define(toys.search(), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(SpecError) as caught:
        catalog.define(toys.search(epochs=9), tmp_path)
    assert (
        f"Continue it with `frontier-search resume toy-1 --home {tmp_path}`,"
        " or choose another --name." in str(caught.value)
    )
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_relative_sqlite_urls_name_the_same_files_in_every_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    entry = catalog.define(
        toys.search(),
        tmp_path,
        Locations.of(tmp_path, "sqlite:///search.db?timeout=9", "sqlite:///pages.db"),
    )
    assert entry.locations.storage == f"sqlite:///{tmp_path}/search.db?timeout=9"
    assert entry.locations.tracking_uri == f"sqlite:///{tmp_path}/pages.db"
    with closing(entry.open_storage(writable=True)) as storage:
        fakes.play(Session(entry.search, storage))
    monkeypatch.chdir("elsewhere")
    assert len(catalog.read_trials(catalog.find("toy-1", tmp_path))) == entry.search.trials


def test_a_storage_that_cannot_be_opened_takes_no_name(tmp_path: Path) -> None:
    broken = Locations.of(tmp_path, f"sqlite:///{tmp_path}/missing/search.db")
    sweep = Sweep.from_spec({"name": "toys", "searches": {"first": {"dataset": "iris"}}})
    with pytest.raises(SearchError, match="cannot open the storage sqlite:///.*missing"):
        catalog.define(toys.search(), tmp_path, broken)
    with pytest.raises(SearchError, match="cannot open the storage sqlite:///.*missing"):
        sweep_catalog.define(sweep, tmp_path, broken)
    assert names(tmp_path) == []
    assert sweep_catalog.find("toys", tmp_path) is None
    assert catalog.define(toys.search(epochs=9), tmp_path).locations.storage == "journal"
    assert sweep_catalog.define(sweep, tmp_path).locations.storage == "journal"


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("place.yaml", "storage: journal", "place.yaml is damaged"),
        ("place.yaml", "", "place.yaml is damaged"),
        ("place.yaml", "[1, 2]", "place.yaml is damaged"),
        ("place.yaml", "a: [", "place.yaml is damaged"),
        ("place.yaml", b"\xff\xfe\xfa", "place.yaml is damaged"),
        ("place.yaml", "{storage: journal, tracking_uri: x, more: y}", "place.yaml is damaged"),
        ("place.yaml", None, "place.yaml is damaged"),
        ("search.yaml", "trials: [", "search.yaml is not valid YAML"),
        ("search.yaml", "", "search.yaml holds nothing"),
        ("search.yaml", "name: toy-1", "no dataset given"),
    ],
)
def test_damaged_files_are_named(
    file: str, content: str | bytes | None, words: str, tmp_path: Path
) -> None:
    entry = catalog.define(toys.search(), tmp_path)
    path = entry.folder.path / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SpecError, match=words):
        catalog.find("toy-1", tmp_path)


def test_an_unknown_name_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    catalog.define(toys.search(), tmp_path)
    with pytest.raises(SpecError, match="unknown search 'toy-2'. Did you mean 'toy-1'"):
        catalog.find("toy-2", tmp_path)
    with pytest.raises(SpecError, match="there is no search in"):
        known_names(tmp_path / "empty")
    with pytest.raises(SpecError, match="there is no search in"):
        newest_name(tmp_path / "empty")


def test_a_search_is_extended_and_never_shortened(tmp_path: Path) -> None:
    entry = catalog.define(toys.search(trials=12), tmp_path)
    larger = catalog.extend(entry, 20)
    assert larger.search.trials == 20
    assert larger.search.fingerprint() == entry.search.fingerprint()
    assert catalog.find("toy-1", tmp_path) == larger
    for trials in (20, 12, 0):
        with pytest.raises(
            SpecError,
            match=f"--trials {trials}: the search has a budget of 20 already; give a larger one",
        ):
            catalog.extend(larger, trials)


def test_a_running_search_is_not_extended(tmp_path: Path) -> None:
    entry = catalog.define(toys.search(trials=12), tmp_path)
    with entry.folder.lock(), pytest.raises(SpecError, match="already running"):
        catalog.extend(entry, 20)
    assert catalog.find("toy-1", tmp_path) == entry


@pytest.mark.parametrize("storage", [None, "sqlite"])
def test_trials_are_read_while_a_search_is_running(storage: str | None, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/search.db" if storage else None
    entry = catalog.define(toys.search(), tmp_path, Locations.of(tmp_path, url))
    assert catalog.read_trials(entry) == []
    with entry.folder.lock():
        live = Session(entry.search, entry.open_storage(writable=True))
        fakes.ask_all(live)
        assert catalog.read_trials(entry) == list(live.trials)
        fakes.play(live)
    assert repr(catalog.read_trials(entry)) == repr(list(live.trials))


def test_the_package_offers_the_nouns_and_the_verbs() -> None:
    assert set(frontier_search.__all__) == set(frontier_search._HOMES)
    assert (frontier_search.run, frontier_search.resume) == (runner.run, runner.resume)
    assert (frontier_search.Search, frontier_search.Frontier) == (Search, Frontier)
    with pytest.raises(AttributeError, match="module 'frontier_search' has no attribute 'nosuch'"):
        frontier_search.nosuch  # noqa: B018


def test_running_and_resuming_from_python(tmp_path: Path) -> None:
    frontier = runner.run(toys.search(), tmp_path, "inline")
    assert frontier.members
    entry = catalog.find("toy-1", tmp_path)
    before = catalog.read_trials(entry)
    assert all(trial.state.finished for trial in before)
    assert runner.resume("toy-1", tmp_path, "inline") == frontier
    assert catalog.read_trials(entry) == before
    catalog.extend(entry, 16)
    runner.resume("toy-1", tmp_path, "inline")
    after = catalog.read_trials(entry)
    assert len(after) == 16
    assert after[:12] == before
    with pytest.raises(SpecError, match="exists in"):
        runner.run(toys.search(), tmp_path, "inline")
