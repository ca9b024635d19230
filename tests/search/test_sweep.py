"""A sweep: searches as one resumable whole, the form of its file, and mistakes in it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from frontier_search import runner
from frontier_search.cli.main import group
from frontier_search.errors import SearchError, SpecError
from frontier_search.search.sweep import Sweep
from frontier_search.storage import catalog, sweep_catalog
from frontier_search.storage.catalog import Entry
from frontier_search.storage.locations import Locations
from tests.conftest import THEIR_WARNINGS

FAMILIES = {
    "dense": {"hidden": {"choice": [2, 4, 8]}, "learning_rate": 0.01},
    "kronecker": {
        "hidden": {"choice": [2, 4, 8]},
        "steps": 2,
        "spectral_radius": 0.9,
        "graph_noise": 0.0,
        "learning_rate": 0.01,
    },
}

SPEC: dict[str, Any] = {
    "name": "mini",
    "defaults": {"seeds": 2, "epochs": 2, "families": FAMILIES, "candidates": "grid"},
    "searches": {
        "moons": {},
        "small-iris": {"dataset": "iris", "families": {"dense": FAMILIES["dense"]}},
    },
}


class Observing:
    """Counts the sessions' steps, and stops the sweep after some."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.names: list[str] = []
        self.stop_at = stop_at

    def __call__(self, entry: Entry) -> Observing:
        if self.stop_at == len(self.names):
            raise SearchError("stopped here")
        self.names.append(entry.search.name)
        return self

    def __enter__(self) -> tuple[()]:
        return ()

    def __exit__(self, *error: object) -> None:
        return None


def outcome(home: Path) -> list[Any]:
    entry = sweep_catalog.find("mini", home)
    assert entry is not None
    trials = [
        trial
        for each in entry.entries().values()
        for one in each
        for trial in catalog.read_trials(one)
    ]
    return [(trial.uid, trial.candidate, trial.objectives) for trial in trials]


def test_a_sweep_is_read_back_and_runs_every_search(tmp_path: Path) -> None:
    sweep = Sweep.from_spec(SPEC)
    assert Sweep.from_spec(sweep.to_spec()) == sweep
    entry = sweep_catalog.define(sweep, tmp_path)
    runner.sweep(entry, "inline", None, Observing())
    assert sweep_catalog.find("mini", tmp_path) == entry
    assert [len(each) for each in entry.entries().values()] == [1, 1]
    assert len(outcome(tmp_path)) == 6 + 3


def test_every_search_of_a_sweep_has_its_archive_at_the_sweeps_location(tmp_path: Path) -> None:
    entry = sweep_catalog.define(
        Sweep.from_spec(SPEC),
        tmp_path / "home",
        Locations.of(tmp_path / "home", outcomes=str(tmp_path / "shared")),
    )
    runner.sweep(entry, "inline", None, Observing())
    assert sweep_catalog.find("mini", tmp_path / "home") == entry
    shared = {path.parent.name for path in (tmp_path / "shared").glob("*/told")}
    assert shared == {search.name for _, search in entry.sweep.searches}
    lost = sweep_catalog.define(
        Sweep.from_spec(SPEC),
        tmp_path / "new",
        Locations.of(tmp_path / "new", outcomes=str(tmp_path / "shared")),
    )
    runner.sweep(lost, "inline", None, Observing())
    workers = [
        [trial.outcome for one in group for trial in catalog.read_trials(one)]
        for each in (entry, lost)
        for group in each.entries().values()
    ]
    assert workers[: len(workers) // 2] == workers[len(workers) // 2 :]


def test_an_interrupted_sweep_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    runner.sweep(sweep_catalog.define(Sweep.from_spec(SPEC), whole), "inline", None, Observing())
    entry = sweep_catalog.define(Sweep.from_spec(SPEC), cut)
    with pytest.raises(SearchError, match="stopped here"):
        runner.sweep(entry, "inline", None, Observing(stop_at=1))
    assert len(outcome(cut)) == 6
    runner.sweep(sweep_catalog.define(Sweep.from_spec(SPEC), cut), "inline", None, Observing())
    assert outcome(cut) == outcome(whole)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"searches": None}, "`searches` is a list of datasets"),
        ({"searches": ["moons", "mons"]}, "mons: unknown dataset 'mons'. Did you mean 'moons'?"),
        ({"name": "a b"}, "cannot name a folder"),
        ({"claims": "nowhere"}, "cannot read the claims 'nowhere'"),
        ({"until_settled": True}, "needs `claims` to settle"),
        ({"searches": {}}, "`searches` is empty; list one dataset or more."),
        (
            {"searches": ["moons", "moons"]},
            "'moons' is listed twice under `searches`; list it once.",
        ),
        (
            {"searches": {"moons": 5}},
            "moons: 5 is no mapping of settings; write e.g. `moons: {trials: 50}`",
        ),
        ({"searches": {"moons": ["trials"]}}, "moons: ['trials'] is no mapping of settings"),
        (
            {"searches": {"moons": {"name": "x"}}},
            "moons: `name` has no effect; the search is called mini-moons.",
        ),
        ({"serches": []}, "unknown key 'serches'. Did you mean 'searches'?"),
    ],
)
def test_mistakes_in_a_sweep_are_sentences(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(SpecError) as error:
        Sweep.from_spec(SPEC | changes)
    assert problem in str(error.value)


def test_a_sweep_given_to_run_is_sent_to_sweep() -> None:
    ran = CliRunner().invoke(group, ["run", "published.yaml", "--dry-run"])
    assert isinstance(ran.exception, SpecError)
    assert str(ran.exception) == (
        "published.yaml holds many searches; run them with `frontier-search sweep published.yaml`."
    )


def test_names_are_not_shared(tmp_path: Path) -> None:
    entry = sweep_catalog.define(Sweep.from_spec(SPEC), tmp_path)
    other = Sweep.from_spec(SPEC | {"searches": ["iris"]})
    with pytest.raises(SpecError, match="another sweep named 'mini'"):
        sweep_catalog.define(other, tmp_path)
    runner.sweep(entry, "inline", None, Observing())
    with pytest.raises(
        SpecError, match="'mini' is a sweep; name one of its searches: mini-moons, mini-small-iris"
    ):
        catalog.find("mini", tmp_path)


@pytest.mark.filterwarnings(*THEIR_WARNINGS)
def test_status_and_sync_take_a_sweep(tmp_path: Path) -> None:
    runner.sweep(sweep_catalog.define(Sweep.from_spec(SPEC), tmp_path), "inline", None, Observing())
    shown = CliRunner().invoke(
        group, ["status", "mini", "--home", str(tmp_path), "--format", "json"]
    )
    assert [(each["search"], each["complete"]) for each in json.loads(shown.stdout)] == [
        ("mini-moons", 6),
        ("mini-small-iris", 3),
    ]
    synced = [
        CliRunner().invoke(group, ["sync", "mini", "--home", str(tmp_path)]) for _ in range(2)
    ]
    assert [each.exception for each in synced] == [None, None]
    assert [re.findall(r"(\S+): (\d+) runs", each.output) for each in synced] == [
        [("mini-moons", "7"), ("mini-small-iris", "4")],
        [("mini-moons", "0"), ("mini-small-iris", "0")],
    ]


def test_the_fair_sweep_of_the_pages_gives_every_family_the_same_rates_and_budgets() -> None:
    page = (Path(__file__).parents[2] / "docs/sweeps.md").read_text()
    written = re.search(r"```yaml\n(name: fair\n.*?)```", page, re.DOTALL)
    assert written is not None
    for _, search in Sweep.from_spec(yaml.safe_load(written[1])).searches:
        assert search.reported == (15, 30, 60, 120)
        assert search.epochs == 120
        rates: dict[str, Counter[object]] = {}
        for candidate in search.candidates:
            rate = candidate.hyperparameters["learning_rate"]
            rates.setdefault(candidate.family, Counter())[rate] += 1
        assert set(rates) == {"dense", "no_recurrence", "kronecker"}
        expected = dict.fromkeys((0.001, 0.003, 0.01, 0.03, 0.1), 5)  # at five widths each
        assert all(found == expected for found in rates.values())
