"""cluster/onprem.yaml on three hosts: its head comes and goes; a search loses a host, then another, or the head, and equals its twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.lab.hosts import Host
from tests.cluster.lab.question import ENDED, NAME, TRAINING_S, differences, finished
from tests.cluster.lab.site import Site
from tests.cluster.lab.user import CLUSTER, HOME, User
from tests.support.processes import until

LEAVING_S, NOTICED_S = 240.0, 60.0


def ray_is_on(host: Host) -> bool:
    return host.run("pgrep", "raylet|gcs_server").returncode == 0


def test_a_head_comes_says_how_it_is_and_leaves(site: Site) -> None:
    """The way of every command: the file's check, SSH, the token, the tunnel."""
    user = User(site.laptop, site.file)
    assert "made" in user.cluster("init")
    assert "nothing against it" in user.cluster("check")
    user.cluster("up")
    assert ray_is_on(site.head)
    assert "1 head" in user.cluster("status")
    assert user.sessions() == []
    assert "was not fetched" in user.says(
        "fetch", NAME, "--cluster", CLUSTER, "--home", f"{HOME}/runs", code=1
    )
    assert list(site.fetched.iterdir()) == []
    user.cluster("down")
    assert not ray_is_on(site.head)
    assert "no tunnel to the head" in user.says("list", "--cluster", CLUSTER, code=1)
    assert (
        site.laptop.run("pgrep", "-f", "ssh -tt").returncode == 1
    )  # no tunnel outlives its command


@pytest.mark.slow
def test_a_host_killed_and_one_unplugged_change_nothing(site: Site, tmp_path: Path) -> None:
    user = User(site.laptop, site.file)
    user.cluster("init")
    user.cluster("up")
    assert f"submitted {NAME}" in user.submit()
    log = tmp_path / "following"
    following = user.start_following(log)
    until(lambda: site.training() >= 2, TRAINING_S, "both workers train")
    user.press_ctrl_c(following, log)
    killed, unplugged = site.workers
    killed.kill()
    killed.boot()
    unplugged.unplug()
    assert [row["state"] for row in user.sessions()] == ["RUNNING"]
    assert ENDED in user.attach()
    assert [row["state"] for row in user.sessions()] == ["SUCCEEDED"]
    assert (
        user.says("logs", NAME, "--cluster", CLUSTER).count("was lost with its machine in stack")
        >= 2
    )
    user.says("fetch", NAME, "--cluster", CLUSTER, "--home", f"{HOME}/runs")
    assert "val loss" in user.says("frontier", NAME, "--home", f"{HOME}/runs")
    assert differences(site.fetched) == []
    unplugged.plug_in()
    user.cluster("down")
    until(
        lambda: not any(map(ray_is_on, (site.head, *site.workers))),
        LEAVING_S,
        "Ray leaves the hosts",
        1.0,
    )


@pytest.mark.slow
def test_a_lost_head_loses_no_cohort(site: Site, tmp_path: Path) -> None:
    user = User(site.laptop, site.file)
    user.cluster("init")
    user.cluster("up")
    user.submit()
    log = tmp_path / "following"
    following = user.start_following(log)
    until(
        lambda: site.training() >= 2 and finished(site.runs),
        TRAINING_S,
        "one cohort has ended and two are trained",
    )
    site.head.kill()
    before = finished(site.runs)
    assert following.wait(NOTICED_S) == 1
    assert "Traceback" not in log.read_text()
    assert "Submit it again" in log.read_text()
    site.head.boot()  # with an empty disk: all that is left is the shared folder
    user.cluster("up")
    user.submit()
    assert ENDED in user.attach()
    after = finished(site.runs)
    assert {number: after[number] for number in before} == before
    assert differences(site.runs) == []
