"""A warm start from its names to the trials that it changes."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from frontier_search import Search, Session, SpecError
from frontier_search.reports.live import LiveView
from frontier_search.reports.progress import progress
from frontier_search.storage import catalog
from tests.support import fakes, toys

SPACE = {"hidden": {"choice": [2, 4, 8]}, "learning_rate": {"float": [1e-3, 0.1], "log": True}}
WARM = {
    "sampler": "known_size",
    "families": {"dense": SPACE, "no_recurrence": SPACE},
    "trials": 32,
    "cohort": 4,
    "race": "none",
}


def search(**changes: object) -> Search:
    return toys.search(**WARM | changes)


def session(entry: catalog.Entry) -> Session:
    return Session(entry.search, entry.open_storage(writable=True))


def played(home: Path, **changes: object) -> catalog.Entry:
    entry = catalog.define(search(**changes), home)
    fakes.play(session(entry))
    return entry


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a search on a data set and one on another."""
    home = tmp_path_factory.mktemp("home")
    played(home, name="old", sampler="random")
    played(home, name="far", sampler="random", dataset="tests.support.toys:REGRESSION")
    return home


@pytest.fixture
def copied(home: Path, tmp_path: Path) -> Path:
    shutil.copytree(home, tmp_path / "home")
    return tmp_path / "home"


def test_outcomes_are_those_of_complete_trials(copied: Path) -> None:
    warm = catalog.define(search(name="new", warm_start="old"), copied).search.warm_start[0]
    complete = [t for t in catalog.read_trials(catalog.find("old", copied)) if t.objectives]
    assert (warm.searches, warm.by) == (("old",), "losses")
    assert dict(zip(map(repr, warm.candidates), warm.losses, strict=True)) == {
        repr(t.candidate): pytest.approx(t.objectives["loss"]) for t in complete
    }


def test_a_data_set_stands_for_all_searches_of_it(copied: Path) -> None:
    asked = search(name="new", warm_start=["tests.support.toys:REGRESSION", "old"])
    by_rank, by_loss = catalog.define(asked, copied).search.warm_start
    assert (by_rank.searches, by_rank.by) == (("far",), "ranks")
    assert (by_loss.searches, by_loss.by) == (("old",), "losses")


def test_a_warm_search_is_read_back_and_asks_something_else(copied: Path) -> None:
    defined = catalog.define(search(name="new", warm_start=["old", "far"]), copied).search
    assert Search.from_spec(defined.to_spec()) == defined
    assert catalog.find("new", copied).search == defined
    cold = replace(defined, warm_start=())
    one = replace(defined, warm_start=defined.warm_start[:1])
    assert len({each.fingerprint() for each in (defined, cold, one)}) == 3
    assert search(warm_start="old").fingerprint() != search().fingerprint()


@pytest.mark.parametrize("budget", ["balanced", "free"])
def test_it_gives_the_same_trials_when_the_other_has_grown_or_gone(
    budget: str, copied: Path
) -> None:
    names = ["old", "far"]
    asked = search(name="new", warm_start=names, families_budget=budget)
    entry = catalog.define(asked, copied)
    whole = fakes.play(session(entry))
    cold = fakes.play(session(catalog.define(search(name="c", families_budget=budget), copied)))
    assert whole != cold
    again = catalog.define(replace(entry.search, name="again"), copied)
    catalog.extend(catalog.find("old", copied), 40)
    fakes.play(session(catalog.find("old", copied)))
    shutil.rmtree(copied / "far")
    order, live = random.Random(1), session(again)
    while not live.finished:  # a new session after each cohort, and cohorts told in any order
        flying = fakes.ask_all(live)
        cohort = order.choice(flying)
        live.tell(cohort, fakes.train_all(live, cohort))
        live = session(catalog.find("again", copied))
    assert [trial.candidate for trial in live.trials] == whole


def test_a_warm_start_that_misleads_is_ignored_and_the_search_says_so(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (warm,) = catalog.define(search(name="new", warm_start="old"), copied).search.warm_start
    reversed_losses = tuple(1 / loss for loss in warm.losses)
    asked = search(name="misled", warm_start=[replace(warm, losses=reversed_losses).to_spec()])
    entry = catalog.define(asked, copied)
    live = session(entry)
    assert live.ignored_warm_starts == []
    with LiveView(entry.search, "resume") as view:
        while not live.finished:
            for cohort in fakes.ask_all(live):
                live.tell(cohort, fakes.train_all(live, cohort))
            view.observe(live)
    (said,) = live.ignored_warm_starts
    assert said.startswith("warm start old ignored: it ranks the trials here with a correlation")
    assert capsys.readouterr().err.count(said) == 1
    assert session(entry).ignored_warm_starts == [said]
    assert progress(entry)["ignored"] == said
    friendly = catalog.find("new", copied)
    fakes.play(session(friendly))
    assert progress(friendly)["ignored"] is None


def test_run_with_the_same_names_resumes_it(copied: Path) -> None:
    asked = search(name="new", warm_start="old")
    defined = catalog.define(asked, copied)
    catalog.extend(catalog.find("old", copied), 40)
    fakes.play(session(catalog.find("old", copied)))
    assert catalog.find_or_define(asked, copied).search == defined.search
    with pytest.raises(SpecError, match="asks something else"):
        catalog.find_or_define(search(name="new", warm_start="far"), copied)
    with pytest.raises(SpecError, match="asks something else"):
        catalog.find_or_define(search(name="new"), copied)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"warm_start": "ol"}, "unknown search or data set 'ol'. Did you mean 'old'"),
        ({"warm_start": "old", "sampler": "tpe"}, "needs the sampler known_size.*sampler is tpe"),
        ({"warm_start": ["old", "old"]}, "names 'old' twice"),
        ({"warm_start": 3}, "warm_start = 3; name earlier searches"),
        ({"warm_start": [{"given": "old"}]}, "name earlier searches"),
        (
            {"warm_start": "old", "families": {"low_rank": None}},
            "none is of the families and within the spaces",
        ),
        (
            {
                "warm_start": "old",
                "families": {"dense": {**SPACE, "learning_rate": 0.5}},
            },
            "none is of the families and within the spaces",
        ),
    ],
)
def test_a_mistake_is_a_sentence(changes: dict[str, object], words: str, home: Path) -> None:
    with pytest.raises(SpecError, match=words):
        catalog.define(search(name="new", **changes), home)
    assert not (home / "new").exists()


def test_listed_candidates_learn_from_nothing() -> None:
    spec = {**toys.SPEC, "candidates": "grid", "warm_start": "old"}
    spec = {key: spec[key] for key in spec if key not in ("trials", "sampler")}
    spec["families"] = {"dense": {"hidden": {"choice": [2, 4]}, "learning_rate": 0.01}}
    with pytest.raises(SpecError, match="candidates are listed"):
        Search.from_spec(spec)


def test_an_empty_home_warms_nothing(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no search yet"):
        catalog.define(search(warm_start="old"), tmp_path)
