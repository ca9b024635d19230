"""The head is lost in the midst of a search; up again and submitted again under its name it goes on, with nothing lost or trained twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from frontier_search import launch, library
from frontier_search.search import Search
from tests.cluster.lab import ROOT
from tests.cluster.lab.sites import Site
from tests.cluster.lab.user import User, substituted
from tests.cluster.test_onprem import SMALL, SPEC, WORKERS_S, training
from tests.faults.comparing import disagreements, stuck
from tests.faults.processes import until

NOTICED_S = 60.0
pytestmark = [pytest.mark.slow]


def test_a_lost_head_loses_no_cohort(site: Site, tmp_path: Path) -> None:
    user = User(site.laptop, substituted(ROOT / "cluster" / "onprem.yaml", SMALL), SPEC)
    user.cluster("init")
    user.cluster("up")
    user.submit()
    until(lambda: training(site) >= 2 and finished(site), WORKERS_S, "one cohort has ended and two are trained")
    log = tmp_path / "following"
    following = user.start_following(log)
    until(lambda: "trials x" in log.read_text(), NOTICED_S, "it follows")
    site.head.kill()
    before = finished(site)
    assert following.wait(NOTICED_S) == 1
    assert "Traceback" not in log.read_text()
    assert "Submit it again" in log.read_text()
    site.head.boot()  # with an empty disk: all that is left is the shared folder
    user.cluster("up")
    user.submit()
    assert "18/18 trials" in user.attach()
    after = finished(site)
    assert {number: after[number] for number in before} == before  # the worker and the seconds too
    launch.run(Search.from_spec(SPEC), tmp_path / "twin", "inline")
    twin = library.read_trials(library.find("far-1", tmp_path / "twin"))
    entry = library.find("far-1", site.runs)
    assert stuck(entry, mirror=False) + disagreements(entry, twin, mirror=False) == []


def finished(site: Site) -> dict[int, dict[str, object]]:
    """The trials that have ended, as the storage has them."""
    if not list(site.runs.glob("far-1/place.yaml")):
        return {}
    return {trial.number: trial.to_json() for trial in library.read_trials(library.find("far-1", site.runs)) if trial.state.finished}
