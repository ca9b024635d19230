"""cluster/aws/bootstrap, and the check before `cluster up`, on moto.

moto simulates AWS in this process.
"""

from __future__ import annotations

import copy
import json
import os
import runpy
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

boto3 = pytest.importorskip(
    "boto3", reason="boto3 is not installed (the extra `cluster`): AWS is NOT tested"
)
moto = pytest.importorskip(
    "moto", reason="moto is not installed (the extra `dev`): AWS is NOT tested"
)


from moto.iam import models as iam_models  # noqa: E402

from frontier_search.cluster import launcher, token  # noqa: E402
from frontier_search.cluster.file import ClusterFile  # noqa: E402
from frontier_search.errors import SpecError  # noqa: E402

BOOTSTRAP = Path(__file__).parents[2] / "cluster" / "aws" / "bootstrap"
REGION = "us-west-2"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module", autouse=True)
def _small_account() -> Iterator[None]:
    """Leaves out the machine images and most of AWS's 1,500 policies.

    Moto makes them again for every test and every region, which takes two seconds. Only what the
    script names is kept, so a policy that AWS does not have is still missing.
    """
    policies = json.loads(iam_models.aws_managed_policies_data)
    named = {name: each for name, each in policies.items() if name in BOOTSTRAP.read_text()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        patch.setattr(iam_models, "aws_managed_policies_data", json.dumps(named))
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user's home folder, and an empty AWS account."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(key, "testing")
    with moto.mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        yield tmp_path


def bootstrap(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [str(BOOTSTRAP), *arguments])
    runpy.run_path(str(BOOTSTRAP), run_name="__main__")


def ingress() -> list[tuple[Any, ...]]:
    """Returns (protocol, port, addresses, groups) of each rule of the group.

    An element of groups is True if it is the group itself.
    """
    found = boto3.client("ec2", REGION).describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["frontier-search"]}]
    )
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


def test_bootstrap_makes_everything_that_the_file_names_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    assert "ec2" not in json.dumps(policy)  # the last policy is that of the workers


def test_bootstrap_removes_rules_and_everything_else(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap(monkeypatch, "--ssh-from", "203.0.113.7/32")
    bootstrap(monkeypatch, "--ssm")
    assert [rule[2:] for rule in ingress()] == [([], [True])]
    for _ in range(2):
        bootstrap(monkeypatch, "--remove")
    assert boto3.client("iam").list_instance_profiles()["InstanceProfiles"] == []
    assert boto3.client("s3", REGION).list_buckets()["Buckets"] == []


def test_bootstrap_refuses_to_open_ssh_to_everybody(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit):
        bootstrap(monkeypatch, "--ssh-from", "0.0.0.0/0")


# ---- the check before `cluster up` -------------------------------------------------------------

FILES = ("gpu.yaml", "gpu-ssm.yaml")
PARTS = (
    "security group frontier-search",
    "instance profile frontier-search-worker",
    "instance profile frontier-search-head",
)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The commands that would have been run with `ray`."""
    commands: list[tuple[str, ...]] = []
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it caches keys
    monkeypatch.setattr(launcher, "ray", lambda cluster, *command: commands.append(command))
    return commands


def cluster(name: str = "gpu.yaml", **changes: Any) -> ClusterFile:
    """Returns a file of the project with its token made and its node_configs changed."""
    read = ClusterFile.read(BOOTSTRAP.parents[1] / name)
    token.make(read.token)
    full = copy.deepcopy(dict(read.full))
    for node in full["available_node_types"].values():
        node["node_config"] |= changes
    return replace(read, full=full)


@pytest.mark.parametrize("name", FILES)
def test_a_cluster_starts_after_bootstrap(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch, started: list[tuple[str, ...]]
) -> None:
    bootstrap(monkeypatch, "--ssm")
    launcher.up(cluster(name))
    assert [command[0] for command in started] == ["up"]


@pytest.mark.parametrize("name", FILES)
def test_without_bootstrap_nothing_is_started(
    name: str, home: Path, started: list[tuple[str, ...]]
) -> None:
    with pytest.raises(SpecError) as caught:
        launcher.up(cluster(name))
    (problem,) = caught.value.problems
    assert (
        "security group frontier-search, instance profile frontier-search-head, "
        "instance profile frontier-search-worker are not in this AWS account"
    ) in problem
    assert "cluster/aws/bootstrap --ssh-from YOUR.ADDRESS/32" in problem
    assert started == []
    # AWS was asked, and nothing was made
    assert boto3.client("ec2", REGION).describe_security_groups(GroupNames=["default"])
    assert len(boto3.client("iam").list_instance_profiles()["InstanceProfiles"]) == 0


@pytest.mark.parametrize("part", PARTS)
def test_only_the_missing_part_is_named(
    part: str, home: Path, monkeypatch: pytest.MonkeyPatch, started: list[tuple[str, ...]]
) -> None:
    bootstrap(monkeypatch, "--ssm")
    name, ec2, iam = part.split()[-1], boto3.client("ec2", REGION), boto3.client("iam")
    if "group" in part:
        ec2.delete_security_group(GroupName=name)
    else:  # a profile that has lost its role gives no rights
        iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
    with pytest.raises(SpecError, match=f"gpu.yaml: {part} is not in this AWS account"):
        launcher.up(cluster())
    if "profile" in part:
        iam.delete_instance_profile(InstanceProfileName=name)
        with pytest.raises(SpecError, match=f"gpu.yaml: {part} is not in this AWS account"):
            launcher.up(cluster())
    assert started == []


def test_a_group_and_profiles_of_the_users_own_are_accepted(
    home: Path, monkeypatch: pytest.MonkeyPatch, started: list[tuple[str, ...]]
) -> None:
    bootstrap(monkeypatch, "--ssm")
    boto3.client("ec2", REGION).delete_security_group(GroupName="frontier-search")
    iam = boto3.client("iam")
    profile = iam.get_instance_profile(InstanceProfileName="frontier-search-head")
    arn = profile["InstanceProfile"]["Arn"]
    launcher.up(cluster(SecurityGroupIds=["sg-0123"], IamInstanceProfile={"Arn": arn}))
    assert len(started) == 1


def test_keys_that_may_not_ask_only_cause_a_warning(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    started: list[tuple[str, ...]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Starting instances needs other rights than asking IAM; Ray reports if those are missing."""
    bootstrap(monkeypatch, "--ssm")
    only_ec2 = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"},
    }
    iam = boto3.client("iam")
    iam.create_user(UserName="somebody")
    iam.put_user_policy(
        UserName="somebody", PolicyName="starts", PolicyDocument=json.dumps(only_ec2)
    )
    key = iam.create_access_key(UserName="somebody")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    file = cluster()
    moto.core.set_initial_no_auth_action_count(0)(launcher.up)(file)
    assert len(started) == 1
    assert (
        "may not ask whether the instance profile frontier-search-head exists (AccessDenied)"
        in caplog.text
    )


def test_missing_keys_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[tuple[str, ...]]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for key in [key for key in os.environ if key.startswith("AWS_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    reason = "gpu.yaml: AWS cannot be asked .*Unable to locate credentials. "
    with pytest.raises(SpecError, match=f"{reason}Give keys of the account in AWS's own"):
        launcher.up(cluster())
    assert started == []


def test_a_missing_network_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[tuple[str, ...]]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    for key, value in settings.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    reason = "AWS cannot be asked .*Could not connect to the endpoint URL"
    with pytest.raises(SpecError, match=f"{reason}.* and check the network"):
        launcher.up(cluster())
    assert started == []


def test_without_a_token_aws_is_not_asked(home: Path, started: list[tuple[str, ...]]) -> None:
    with pytest.raises(SpecError, match="cluster init"):
        launcher.up(ClusterFile.read(BOOTSTRAP.parents[1] / "gpu.yaml"))
