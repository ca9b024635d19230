"""Checks that an AWS account has what a cluster file names.

``cluster/aws/bootstrap`` makes these things. They are checked before a cluster starts, because Ray
would create a missing security group with SSH open to everybody, and would notice a missing
profile only when the head node is running and costs money.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from frontier_search.cluster.file import ClusterFile
from frontier_search.errors import SpecError

CLIENT_LIMITS = {  # with boto3's defaults, a call without a network takes minutes
    "connect_timeout": 5,
    "read_timeout": 20,
    "retries": {"max_attempts": 2},
}
NOT_ALLOWED_CODES = frozenset(("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"))

log = logging.getLogger(__name__)


def require(cluster: ClusterFile) -> None:
    """Asks EC2 and IAM whether the security group and the profiles of a cluster file exist.

    Keys that may not ask are only warned about: starting instances takes other rights.

    Raises:
        SpecError: something does not exist, there are no keys, or AWS does not answer.
    """
    import boto3  # installed with the extra `cluster`
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    region, config = cluster.full["provider"].get("region"), Config(**CLIENT_LIMITS)
    missing = []
    for service, kind, name in required_parts(cluster):
        try:
            if not _exists(boto3.client(service, region, config=config), kind, name):
                missing.append(f"{kind} {name}")
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in NOT_ALLOWED_CODES:
                raise _cannot_ask(cluster, error) from error
            log.warning(
                "these keys may not ask whether the %s %s exists (%s); continuing anyway",
                kind,
                name,
                code,
            )
        except BotoCoreError as error:
            raise _cannot_ask(cluster, error) from error
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise SpecError(
            f"{cluster.path}: {', '.join(missing)} {verb} not in this AWS account "
            f"(a group is looked up in {region}); make everything that the file names with "
            "`cluster/aws/bootstrap --ssh-from YOUR.ADDRESS/32` (or `--ssm`), once per account."
        )


def required_parts(cluster: ClusterFile) -> Iterator[tuple[str, str, str]]:
    """Yields what must exist in the account, as (AWS service, kind, name)."""
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
        by_name = [{"Name": "group-name", "Values": [name]}]
        return bool(client.describe_security_groups(Filters=by_name)["SecurityGroups"])
    try:
        profile = client.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
        return bool(profile["Roles"])  # a profile without a role gives no rights
    except client.exceptions.NoSuchEntityException:
        return False


def _cannot_ask(cluster: ClusterFile, error: Exception) -> SpecError:
    reason = " ".join(str(error).split()).rstrip(".")
    return SpecError(
        f"{cluster.path}: AWS cannot be asked whether what the file names exists: {reason}. "
        "Give keys of the account in AWS's own variables or profile, and check the network."
    )
