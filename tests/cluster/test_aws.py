"""cluster/aws/bootstrap and the provider of spot instances, against AWS as moto plays it in this process."""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

boto3 = pytest.importorskip("boto3", reason="boto3 is not installed (the extra `cluster`): AWS is NOT tested")
moto = pytest.importorskip("moto", reason="moto is not installed (the extra `dev`): AWS is NOT tested")

from ray.autoscaler._private.aws.node_provider import AWSNodeProvider  # noqa: E402
from ray.autoscaler.node_launch_exception import NodeLaunchException  # noqa: E402

from frontier_search.cluster.aws import SpotProvider, launch_tries  # noqa: E402

BOOTSTRAP = Path(__file__).parents[2] / "cluster" / "aws" / "bootstrap"
REGION = "us-west-2"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HOME", str(tmp_path))
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(key, "testing")
    with moto.mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        yield tmp_path


def bootstrap(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [str(BOOTSTRAP), *arguments])
    runpy.run_path(str(BOOTSTRAP), run_name="__main__")


def ingress() -> list[tuple[Any, ...]]:
    """(protocol, port, addresses, groups) of each rule of the group."""
    found = boto3.client("ec2", REGION).describe_security_groups(Filters=[{"Name": "group-name", "Values": ["frontier-search"]}])
    (group,) = found["SecurityGroups"]
    return sorted(
        (
            rule["IpProtocol"],
            rule.get("FromPort"),
            [entry["CidrIp"] for entry in rule["IpRanges"]],
            [pair["GroupId"] == group["GroupId"] for pair in rule["UserIdGroupPairs"]],
        )
        for rule in group["IpPermissions"]
    )


def test_bootstrap_makes_what_the_file_names_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        bootstrap(monkeypatch, "--ssh-from", "203.0.113.7/32")
    assert [rule[2:] for rule in ingress()] == [([], [True]), (["203.0.113.7/32"], [])]
    assert [rule[1] for rule in ingress() if rule[0] == "tcp"] == [22]
    bucket = (home / ".frontier-search" / "frontier-search" / "secrets" / "bucket").read_text()
    s3 = boto3.client("s3", REGION)
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    iam = boto3.client("iam")
    for role in ("frontier-search-head", "frontier-search-worker"):
        (attached,) = iam.get_instance_profile(InstanceProfileName=role)["InstanceProfile"]["Roles"]
        assert attached["RoleName"] == role
        policy = iam.get_role_policy(RoleName=role, PolicyName="frontier-search")["PolicyDocument"]
        actions = {action for statement in policy["Statement"] for action in statement["Action"]}
        assert not {action for action in actions if action.endswith(":*")}
        assert ("ec2:RunInstances" in actions) == (role == "frontier-search-head")
    assert "ec2" not in json.dumps(policy)  # the worker's


def test_bootstrap_takes_back_rules_and_everything(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap(monkeypatch, "--ssh-from", "203.0.113.7/32")
    bootstrap(monkeypatch, "--ssm")
    assert [rule[2:] for rule in ingress()] == [([], [True])]
    for _ in range(2):
        bootstrap(monkeypatch, "--remove")
    assert boto3.client("iam").list_instance_profiles()["InstanceProfiles"] == []
    assert boto3.client("s3", REGION).list_buckets()["Buckets"] == []


def test_bootstrap_opens_nothing_to_everybody(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit):
        bootstrap(monkeypatch, "--ssh-from", "0.0.0.0/0")


# ---- the next type when there is no capacity ---------------------------------------------------------------------------------------------

NODE: dict[str, Any] = {
    "InstanceType": "g6.xlarge",
    "FallbackInstanceTypes": ["g5.xlarge"],
    "OnDemandFallback": True,
    "InstanceMarketOptions": {"MarketType": "spot"},
}


class Refusing:
    """EC2 that has no capacity for the first so many requests."""

    def __init__(self, refusals: int, category: str = "InsufficientInstanceCapacity") -> None:
        self.refusals, self.category, self.asked = refusals, category, list[tuple[str, bool]]()

    def create(self, provider: object, config: dict[str, Any], tags: object, count: int) -> str:
        assert not {"FallbackInstanceTypes", "OnDemandFallback"} & set(config)  # EC2 does not know them
        self.asked.append((config["InstanceType"], "InstanceMarketOptions" in config))
        if len(self.asked) <= self.refusals:
            raise NodeLaunchException(self.category, "no", None)
        return "made"


ORDER = [("g6.xlarge", True), ("g5.xlarge", True), ("g6.xlarge", False)]


@pytest.mark.parametrize("refusals", [0, 1, 2])
def test_the_next_type_is_tried_and_at_last_the_full_price(refusals: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Refusing(refusals)
    monkeypatch.setattr(AWSNodeProvider, "_create_node", lambda self, *arguments: ec2.create(self, *arguments))
    provider = SpotProvider.__new__(SpotProvider)
    assert provider._create_node(NODE, {}, 1) == "made"
    assert ec2.asked == ORDER[: refusals + 1]


@pytest.mark.parametrize(("refusals", "category", "asked"), [(3, "InsufficientInstanceCapacity", 3), (1, "UnauthorizedOperation", 1)])
def test_a_refusal_for_good_is_passed_on(refusals: int, category: str, asked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Refusing(refusals, category)
    monkeypatch.setattr(AWSNodeProvider, "_create_node", lambda self, *arguments: ec2.create(self, *arguments))
    with pytest.raises(NodeLaunchException):
        SpotProvider.__new__(SpotProvider)._create_node(NODE, {}, 1)
    assert ec2.asked == ORDER[:asked]


def test_without_a_fallback_nothing_else_is_tried() -> None:
    plain = {"InstanceType": "g6.xlarge", "InstanceMarketOptions": {"MarketType": "spot"}}
    assert launch_tries(plain) == [plain]
