"""What ``cluster/aws/bootstrap`` makes in an AWS account: asked for before a cluster starts, because Ray makes what is missing of it by itself
(a security group that opens SSH to everybody), or fails when the head is there and paid for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from frontier_search.cluster.file import ClusterFile
from frontier_search.errors import SpecError

PATIENCE = {
    "connect_timeout": 5,
    "read_timeout": 20,
    "retries": {"max_attempts": 2},
}  # boto3's own makes it minutes without a network
REFUSED = frozenset(("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"))

log = logging.getLogger(__name__)


def require(cluster: ClusterFile) -> None:
    """Asks EC2 and IAM for the group and the profiles that a file names.

    Raises:
        SpecError: some of them are not there, no keys are, or AWS does not answer.
    """
    import boto3  # the launcher's own, in the extra `cluster`
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    region, config = cluster.full["provider"].get("region"), Config(**PATIENCE)
    missing = []
    for service, kind, name in named(cluster):
        try:
            if not _exists(boto3.client(service, region, config=config), kind, name):
                missing.append(f"{kind} {name}")
        except ClientError as error:
            if error.response["Error"]["Code"] not in REFUSED:
                raise _unanswered(cluster, error) from error
            log.warning(
                "these keys may not ask whether the %s %s is there (%s); going on",
                kind,
                name,
                error.response["Error"]["Code"],
            )
        except BotoCoreError as error:
            raise _unanswered(cluster, error) from error
    if missing:
        raise SpecError(
            f"{cluster.path}: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not in this AWS account (in {region}, for a group);"
            " make what the file names with `cluster/aws/bootstrap --ssh-from YOUR.ADDRESS/32` (or `--ssm`), once an account."
        )


def named(cluster: ClusterFile) -> Iterator[tuple[str, str, str]]:
    """What must exist: the service that knows it, what it is, and its name."""
    configs = [node["node_config"] for node in cluster.full["available_node_types"].values()]
    if not all(config.get("SecurityGroupIds") for config in configs):
        yield "ec2", "security group", str(cluster.full["provider"]["security_group"]["GroupName"])
    profiles = (config["IamInstanceProfile"] for config in configs)
    names = (
        str(profile.get("Name") or str(profile.get("Arn", "")).rpartition("/")[2])
        for profile in profiles
    )
    yield from (("iam", "instance profile", name) for name in dict.fromkeys(names))


def _exists(client: Any, kind: str, name: str) -> bool:
    if kind == "security group":
        return bool(
            client.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])[
                "SecurityGroups"
            ]
        )
    try:
        return bool(
            client.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]
        )  # without a role it gives no rights
    except client.exceptions.NoSuchEntityException:
        return False


def _unanswered(cluster: ClusterFile, error: Exception) -> SpecError:
    words = " ".join(str(error).split()).rstrip(".")
    return SpecError(
        f"{cluster.path}: AWS cannot be asked whether what the file names is there: {words}. Give keys of the account in AWS's own variables"
        " or profile, and a way to the network."
    )
