"""cluster/onprem.yaml on three hosts of the lab: every command, and searches that lose hosts.

A search that loses workers or the head node equals its twin.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.lab.hosts import Host
from tests.cluster.lab.question import ENDED, NAME, TRAINING_S, differences, finished
from tests.cluster.lab.site import Site
from tests.cluster.lab.user import CLUSTER, HOME, User
from tests.support.processes import until

STOPPING_S, NOTICED_S = 240.0, 60.0


def runs_ray(host: Host) -> bool:
    return host.run("pgrep", "raylet|gcs_server").returncode == 0


def test_a_cluster_starts_reports_its_status_and_ends(site: Site) -> None:
    """Goes through what every command needs: the check of the file, SSH, the token, the tunnel."""
    user = User(site.laptop, site.file)
    assert "made" in user.cluster("init")
    assert "no mistake found" in user.cluster("check")
    user.cluster("up")
    assert runs_ray(site.head)
    assert "1 head" in user.cluster("status")
    assert user.sessions() == []
    assert "was not fetched" in user.run(
        "fetch", NAME, "--cluster", CLUSTER, "--home", f"{HOME}/runs", code=1
    )
    assert list(site.fetched.iterdir()) == []
    user.cluster("down")
    assert not runs_ray(site.head)
    assert "no tunnel to the head" in user.run("list", "--cluster", CLUSTER, code=1)
    assert site.laptop.run("pgrep", "-f", "ssh -tt").returncode == 1  # no tunnel is still open


@pytest.mark.slow
def test_killing_one_host_and_unplugging_another_change_no_trial(
    site: Site, tmp_path: Path
) -> None:
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
        user.run("logs", NAME, "--cluster", CLUSTER).count("was lost with its machine in stack")
        >= 2
    )
    user.run("fetch", NAME, "--cluster", CLUSTER, "--home", f"{HOME}/runs")
    assert "val loss" in user.run("frontier", NAME, "--home", f"{HOME}/runs")
    assert differences(site.fetched) == []
    unplugged.plug_in()
    user.cluster("down")
    until(
        lambda: not any(map(runs_ray, (site.head, *site.workers))),
        STOPPING_S,
        "Ray has ended on all hosts",
        1.0,
    )


@pytest.mark.slow
def test_a_lost_head_node_loses_no_finished_cohort(site: Site, tmp_path: Path) -> None:
    user = User(site.laptop, site.file)
    user.cluster("init")
    user.cluster("up")
    user.submit()
    log = tmp_path / "following"
    following = user.start_following(log)
    until(
        lambda: site.training() >= 2 and finished(site.runs),
        TRAINING_S,
        "one cohort has ended and two train",
    )
    site.head.kill()
    before = finished(site.runs)
    assert following.wait(NOTICED_S) == 1
    assert "Traceback" not in log.read_text()
    assert "Submit it again" in log.read_text()
    site.head.boot()  # with an empty disk; only the shared folder is kept
    user.cluster("up")
    user.submit()
    assert ENDED in user.attach()
    after = finished(site.runs)
    assert {number: after[number] for number in before} == before
    assert differences(site.runs) == []
