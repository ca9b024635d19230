"""cluster/gpu.yaml through Ray's own AWS provider, against EC2 as moto plays it: from no worker to two, one reclaimed, and back to none."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.lab import ROOT
from tests.cluster.lab.question import ENDED, NAME, TRAINING_S, differences, training
from tests.cluster.lab.sites import Cloud
from tests.cluster.lab.user import CLUSTER, HOME, User
from tests.faults.processes import until

LEAVING_S = 180.0
IDLE_MINUTES = 0.4
pytestmark = [pytest.mark.slow]


def in_the_lab(file: dict[str, Any]) -> str:
    """gpu.yaml with what the lab forces: no Docker, nothing installed, workers of one CPU, and an end of idle ones that a test can await."""
    file["docker"] = {}
    assert "pip install" in file["setup_commands"].pop(1)
    file["available_node_types"]["gpu_spot"]["resources"]["CPU"] = 1
    sooner = (
        rf"sed -i -E 's/(idle_timeout_minutes\W+)10/\1{IDLE_MINUTES}/' ~/ray_bootstrap_config.yaml"  # the file itself must say 5 or more
    )
    file["head_start_ray_commands"].insert(0, sooner)
    return yaml.safe_dump(file)


def test_spot_workers_come_one_is_reclaimed_and_none_is_left(cloud: Cloud, tmp_path: Path) -> None:
    user = User(cloud.laptop, in_the_lab(yaml.safe_load((ROOT / "cluster" / "gpu.yaml").read_text())))
    made = cloud.laptop.run(sys.executable, ROOT / "cluster" / "aws" / "bootstrap", "--ssh-from", "203.0.113.7/32")
    assert made.returncode == 0, made.stdout
    user.cluster("init")
    user.cluster("up")
    (head,) = cloud.region.instances()
    assert (head["InstanceType"], cloud.region.spot()) == ("m7i.xlarge", [])
    user.submit()
    until(lambda: training(cloud.exchange) >= 2, TRAINING_S, "two workers train")
    workers = cloud.region.spot()
    assert [worker["InstanceType"] for worker in workers] == ["g5.xlarge"] * 2  # of the first type there was none
    cloud.region.reclaim(workers[0])
    assert ENDED in user.attach()
    until(lambda: cloud.region.instances() == [head], LEAVING_S, "idle workers are ended", 1.0)
    assert {one["InstanceType"] for one in cloud.region.instances("terminated")} == {"g5.xlarge", "g6.xlarge"}
    user.says("fetch", NAME, "--cluster", CLUSTER, "--home", f"{HOME}/runs")
    assert differences(cloud.fetched, tmp_path) == []
    user.cluster("down")
    assert cloud.region.instances() == []
