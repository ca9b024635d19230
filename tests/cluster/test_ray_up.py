"""cluster/gpu.yaml through Ray's own AWS provider, against EC2 and S3 as moto plays them: from no worker to two, one reclaimed, and back to
none; and a head that is lost with its disk."""

from __future__ import annotations

import sys

import pytest

from tests.cluster.lab import ROOT
from tests.cluster.lab.cloud import Cloud
from tests.cluster.lab.question import ENDED, NAME, TRAINING_S, differences, finished
from tests.cluster.lab.user import CLUSTER, HOME, User
from tests.support.processes import until

LEAVING_S = 180.0
pytestmark = pytest.mark.slow


def begin(cloud: Cloud) -> User:
    """The group, the profiles, the bucket, the token, the head, and a search of which two cohorts are trained."""
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
    """The search is brought to the laptop and equals its twin; nothing is paid for any more."""
    user.says("fetch", NAME, "--cluster", CLUSTER, "--home", f"{HOME}/runs")
    cloud.bring_models()
    assert differences(cloud.fetched) == []
    user.cluster("down")
    assert cloud.region.instances() == []


def test_spot_workers_come_one_is_reclaimed_and_none_is_left(cloud: Cloud) -> None:
    user = begin(cloud)
    workers = cloud.region.spot()
    assert [worker["InstanceType"] for worker in workers] == [
        "g5.xlarge"
    ] * 2  # of the first type there was none
    cloud.region.reclaim(workers[0])
    assert ENDED in user.attach()
    until(lambda: not cloud.region.spot(), LEAVING_S, "idle workers are ended", 1.0)
    assert {one["InstanceType"] for one in cloud.region.instances("terminated")} == {
        "g5.xlarge",
        "g6.xlarge",
    }
    assert len(cloud.region.instances()) == 1
    end(cloud, user)


def test_a_head_lost_with_its_disk_loses_no_cohort(cloud: Cloud) -> None:
    user = begin(cloud)
    until(lambda: len(cloud.told()) >= 2, TRAINING_S, "two cohorts have ended")
    (head,) = (one for one in cloud.region.instances() if one["InstanceType"] == "m7i.xlarge")
    runs = cloud.region.hosts[head["InstanceId"]].path("/home/ray/frontier/runs")
    before = finished(runs)
    cloud.region.reclaim(head)
    until(lambda: head["InstanceId"] not in cloud.region.hosts, LEAVING_S, "the head ends")
    told = cloud.told()
    user.cluster("up")
    user.submit()
    assert ENDED in user.attach()
    assert {
        key: at for key, at in cloud.told().items() if key in told
    } == told  # not trained again, and not even written
    end(cloud, user)
    after = finished(cloud.fetched)
    assert {n: (row["worker"], row["seconds"]) for n, row in before.items()} == {
        n: (after[n]["worker"], after[n]["seconds"]) for n in before
    }
