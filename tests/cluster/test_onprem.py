"""cluster/onprem.yaml on three hosts: a search is submitted and followed, one host is killed and one unplugged, and nothing changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from frontier_search import launch, library
from frontier_search.search import Search
from tests.cluster.lab import ROOT
from tests.cluster.lab.hosts import Host
from tests.cluster.lab.sites import Site
from tests.cluster.lab.user import CLUSTER, HOME, User, substituted
from tests.faults.comparing import disagreements, stuck
from tests.faults.processes import until

SPEC = {"name": "far-1", "dataset": "iris", "families": ["dense"], "trials": 18, "cohort": 3, "in_flight": 3, "seeds": 3, "epochs": 1200}
SMALL = {"{CPU: 4}": "{CPU: 1}"}  # of the whole file, what the lab changes: a worker for each cohort
WORKERS_S, LEAVING_S = 180.0, 120.0
pytestmark = [pytest.mark.slow]


def raylets(host: Host) -> list[str]:
    return host.run("pgrep", "-x", "raylet").stdout.split()


def training(site: Site) -> int:
    """How many cohorts are in the midst of a stack, each on a worker of its own."""
    return len(list(site.runs.glob("far-1/outcomes/*/checkpoints/training")))


def test_a_host_killed_and_one_unplugged_change_nothing(site: Site, tmp_path: Path) -> None:
    user = User(site.laptop, substituted(ROOT / "cluster" / "onprem.yaml", SMALL), SPEC)
    assert "made" in user.cluster("init")
    assert "nothing against it" in user.cluster("check")
    user.cluster("up")
    assert "1 head" in user.cluster("status")
    assert "submitted far-1" in user.submit()
    log = tmp_path / "following"
    following = user.start_following(log)
    until(lambda: training(site) >= 2, WORKERS_S, "both workers train")
    user.press_ctrl_c(following, log)
    killed, unplugged = site.workers
    killed.kill()
    killed.boot()
    unplugged.unplug()
    assert [row["state"] for row in user.sessions()] == ["RUNNING"]
    assert "18/18 trials" in user.attach()
    assert [row["state"] for row in user.sessions()] == ["SUCCEEDED"]
    assert user.says("logs", "far-1", "--cluster", CLUSTER).count("is trained again") >= 2
    user.says("fetch", "far-1", "--cluster", CLUSTER, "--home", f"{HOME}/runs")
    assert "val loss" in user.says("frontier", "far-1", "--home", f"{HOME}/runs")
    launch.run(Search.from_spec(SPEC), tmp_path / "twin", "inline")
    twin = library.read_trials(library.find("far-1", tmp_path / "twin"))
    fetched = library.find("far-1", site.fetched)
    assert stuck(fetched, mirror=False) + disagreements(fetched, twin, mirror=False) == []
    unplugged.plug_in()
    user.cluster("down")
    until(lambda: not any(raylets(host) for host in (site.head, *site.workers)), LEAVING_S, "Ray leaves the hosts", 1.0)
