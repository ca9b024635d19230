"""cluster/gpu.yaml through Ray's own AWS provider, on EC2 and S3 as moto simulates them.

One cluster goes from no worker to two, loses one and goes back to none. Another one loses its head
node with the disk.
"""

from __future__ import annotations

import sys

import pytest

from tests.cluster.lab import ROOT
from tests.cluster.lab.cloud import Cloud
from tests.cluster.lab.question import ENDED, NAME, TRAINING_S, differences, finished
from tests.cluster.lab.user import CLUSTER, HOME, User
from tests.support.processes import until

ENDING_S = 180.0
pytestmark = pytest.mark.slow


def begin(cloud: Cloud) -> User:
    """Runs bootstrap and `up`, submits the search, and waits until two cohorts are trained."""
    user = User(cloud.laptop, cloud.file)
    made = cloud.laptop.run(
        sys.executable, ROOT / "cluster" / "aws" / "bootstrap", "--ssh-from", "203.0.113.7/32"
    )
    assert made.returncode == 0, made.stdout
    user.cluster("init")
    user.cluster("up")
    assert [one["InstanceType"] for one in cloud.region.instances()] == ["m7i.xlarge"]
    user.submit()
    until(lambda: cloud.training() >= 2, TRAINING_S, "two workers train")
    return user


def end(cloud: Cloud, user: User) -> None:
    """Fetches the search, compares it with its twin, and checks that `down` ends every instance."""
    user.run("fetch", NAME, "--cluster", CLUSTER, "--home", f"{HOME}/runs")
    cloud.bring_models()
    assert differences(cloud.fetched) == []
    user.cluster("down")
    assert cloud.region.instances() == []


def test_spot_workers_start_one_is_reclaimed_and_idle_ones_end(cloud: Cloud) -> None:
    user = begin(cloud)
    workers = cloud.region.spot()
    # the first type had no capacity
    assert [worker["InstanceType"] for worker in workers] == ["g5.xlarge"] * 2
    cloud.region.reclaim(workers[0])
    assert ENDED in user.attach()
    until(lambda: not cloud.region.spot(), ENDING_S, "idle workers are ended", 1.0)
    assert {one["InstanceType"] for one in cloud.region.instances("terminated")} == {
        "g5.xlarge",
        "g6.xlarge",
    }
    assert len(cloud.region.instances()) == 1
    end(cloud, user)


def test_a_head_node_lost_with_its_disk_loses_no_finished_cohort(cloud: Cloud) -> None:
    user = begin(cloud)
    until(lambda: len(cloud.recorded()) >= 2, TRAINING_S, "two cohorts have ended")
    (head,) = (one for one in cloud.region.instances() if one["InstanceType"] == "m7i.xlarge")
    runs = cloud.region.hosts[head["InstanceId"]].path("/home/ray/frontier/runs")
    before = finished(runs)
    cloud.region.reclaim(head)
    until(lambda: head["InstanceId"] not in cloud.region.hosts, ENDING_S, "the head node ends")
    recorded = cloud.recorded()
    user.cluster("up")
    user.submit()
    assert ENDED in user.attach()
    # not trained again, and not even written again
    assert {key: at for key, at in cloud.recorded().items() if key in recorded} == recorded
    end(cloud, user)
    after = finished(cloud.fetched)
    assert {n: (row["worker"], row["seconds"]) for n, row in before.items()} == {
        n: (after[n]["worker"], after[n]["seconds"]) for n in before
    }
