"""Rules of cluster files: nothing open to strangers, versions pinned, nothing paid without use.

A rule is a function that takes a plan and yields a sentence for each mistake. It sees what the
user wrote and what ``ray up`` makes of it, Ray's defaults included. Many of Ray's defaults for AWS
break a rule (ray/autoscaler/aws/defaults.yaml and _private/aws/config.py of Ray 2.60).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from typing import Any

from frontier_search.cluster.plan import Plan, mapping

# Ray notices after 65 s that a host has vanished. Idle workers must not be ended before that.
MIN_IDLE_MINUTES = 5
# the largest range of addresses that one customer of an internet provider has
WIDEST_IPV4_PREFIX, WIDEST_IPV6_PREFIX = 16, 48
AUTOSCALING = "--autoscaling-config=~/ray_bootstrap_config.yaml"
SECRET = re.compile(
    r"RAY_AUTH_TOKEN=|\bAKIA[0-9A-Z]{16}\b|aws_secret_access_key|AWS_SECRET_ACCESS_KEY=",
    re.IGNORECASE,
)

Rule = Callable[[Plan], Iterator[str]]


def problems(written: Mapping[str, Any], full: Mapping[str, Any]) -> list[str]:
    """Returns a sentence for everything in a file that breaks a rule."""
    plan = Plan(written, full)
    return [sentence for rule in RULES for sentence in rule(plan)]


# ---- nothing is open to strangers --------------------------------------------------------------


def token_at_every_start(plan: Plan) -> Iterator[str]:
    for role in ("head", "worker"):
        key, starts = f"{role}_start_ray_commands", plan.ray_starts(role)
        if len(starts) != 1:
            yield f"{key}: it has {len(starts)} `ray start` commands; give exactly one."
        for command in starts:
            if "RAY_AUTH_MODE=token" not in command.partition("ray start")[0]:
                yield (
                    f"{key}: `ray start` without RAY_AUTH_MODE=token obeys anyone who can reach "
                    "its ports; set it before `ray start`."
                )
            if "RAY_AUTH_TOKEN_PATH=" not in command:
                yield (
                    f"{key}: name the token's file with RAY_AUTH_TOKEN_PATH=; "
                    "without it, Ray makes one that others may read."
                )


def loopback_only(plan: Plan) -> Iterator[str]:
    for command in plan.ray_starts("head"):
        if "--dashboard-host=127.0.0.1" not in command:
            yield (
                "head_start_ray_commands: `ray start` needs --dashboard-host=127.0.0.1; anyone "
                "who can reach the dashboard can run code. Tunnels reach it on loopback."
            )
    for key, command in plan.all_commands():
        if re.search(r"0\.0\.0\.0|\[::\]", command):
            yield (
                f"{key}: something listens on all addresses ({command.strip()[:60]!r}); "
                "let it listen on 127.0.0.1."
            )
    for options in ("run_options", "head_run_options", "worker_run_options"):
        for option in mapping(plan.full.get("docker")).get(options) or ():
            if re.match(r"(-p|--publish|--privileged)\b", str(option)):
                yield f"docker.{options}: {option!r} opens the container; leave it out."


def no_secrets_inside(plan: Plan) -> Iterator[str]:
    if SECRET.search(str(plan.written)):
        yield (
            "the file contains a secret, and `ray up` copies the file to the head node; "
            "mount a file instead (`frontier-search cluster init`)."
        )


def ssh_from_named_addresses(plan: Plan) -> Iterator[str]:
    if not plan.on_aws:
        return
    group = mapping(plan.provider.get("security_group"))
    configs = plan.node_configs.values()
    if not group.get("GroupName") and any(not config.get("SecurityGroupIds") for config in configs):
        yield (
            "provider.security_group.GroupName is missing: the group that Ray makes opens SSH "
            "to 0.0.0.0/0. Name the one that cluster/aws/bootstrap makes."
        )
    for permission in group.get("IpPermissions") or ():
        for key, address in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
            for entry in mapping(permission).get(key) or ():
                cidr = mapping(entry).get(address)
                if _is_wide(str(cidr)):
                    yield (
                        f"provider.security_group opens a port to {cidr}; "
                        "name the addresses that may come in."
                    )


def least_privilege(plan: Plan) -> Iterator[str]:
    for name, config in plan.aws_configs.items():
        if "IamInstanceProfile" not in config:
            yield (
                f"{name}.node_config.IamInstanceProfile is missing: Ray would give the head node "
                "full access to EC2 and S3, and workers none. Name those of cluster/aws/bootstrap."
            )


def imds_v2(plan: Plan) -> Iterator[str]:
    for name, config in plan.aws_configs.items():
        if mapping(config.get("MetadataOptions")).get("HttpTokens") != "required":
            yield (
                f"{name}.node_config.MetadataOptions.HttpTokens must be `required`: with version "
                "1, any request made from the instance can read the keys of its role."
            )


def encrypted_disks(plan: Plan) -> Iterator[str]:
    for name, config in plan.aws_configs.items():
        devices = config.get("BlockDeviceMappings") or ()
        disks = [mapping(mapping(device).get("Ebs")) for device in devices]
        if not disks or not all(disk.get("Encrypted") is True for disk in disks):
            yield f"{name}.node_config.BlockDeviceMappings: every disk needs `Encrypted: true`."
        if not all(disk.get("DeleteOnTermination", True) is True for disk in disks):
            yield (
                f"{name}.node_config.BlockDeviceMappings: every disk needs "
                "`DeleteOnTermination: true`, or it outlives the cluster and costs money."
            )


# ---- versions are pinned -----------------------------------------------------------------------


def no_nightly_wheel(plan: Plan) -> Iterator[str]:
    for key, command in plan.all_commands():
        if "ray-wheels" in command or re.search(r"\bray\S*\.dev\d", command):
            is_default = key not in plan.written
            default = " It is Ray's default: write setup_commands of your own."
            yield (
                f"{key} installs a nightly wheel of Ray; pin a release."
                f"{default if is_default else ''}"
            )
            return  # Ray copies the same command to the head node and the workers


def pinned_image(plan: Plan) -> Iterator[str]:
    version = metadata.version("ray")
    for image in plan.images():
        if version not in image and "@sha256:" not in image:
            yield (
                f"docker image {image!r} is not pinned to Ray {version}, "
                "which is installed here; both must be the same."
            )
    for name, config in plan.aws_configs.items():
        if "ImageId" not in config:
            yield (
                f"{name}.node_config.ImageId is missing; name one. Ray's default is a machine "
                "image of Ubuntu 18.04, out of support since 2023."
            )


# ---- nothing is paid without use ---------------------------------------------------------------


def head_trains_no_cohort(plan: Plan) -> Iterator[str]:
    name = plan.head_type
    head = plan.node_types.get(name, {})
    if head.get("max_workers") != 0:
        yield f"{name}.max_workers must be 0, or the autoscaler starts head nodes as workers."
    if mapping(head.get("resources")).get("CPU") != 0:
        yield (
            f"{name}.resources must say `CPU: 0`, "
            "or cohorts are trained on the head node, beside the driver."
        )
    market = mapping(mapping(plan.node_configs.get(name)).get("InstanceMarketOptions"))
    if market.get("MarketType") == "spot":
        yield (
            f"{name} is a spot instance, and the search would stop when AWS reclaims it; "
            "leave out its InstanceMarketOptions."
        )


def autoscaler_is_on(plan: Plan) -> Iterator[str]:
    for command in plan.ray_starts("head"):
        if AUTOSCALING not in command:
            yield (
                f"head_start_ray_commands: without {AUTOSCALING} "
                "no worker is ever started or stopped; add it."
            )
    minutes = plan.full.get("idle_timeout_minutes", MIN_IDLE_MINUTES)
    if not isinstance(minutes, int | float) or minutes < MIN_IDLE_MINUTES:
        yield (
            f"idle_timeout_minutes = {minutes}; give at least {MIN_IDLE_MINUTES}, or workers are "
            "ended while lost ones still count as alive."
        )


def stopped_instances_are_not_kept(plan: Plan) -> Iterator[str]:
    if plan.on_aws and plan.provider.get("cache_stopped_nodes") is not False:
        yield (
            "provider.cache_stopped_nodes must be false, "
            "or Ray stops instances instead of ending them, and their disks cost money."
        )


RULES: tuple[Rule, ...] = (
    token_at_every_start,
    loopback_only,
    no_secrets_inside,
    ssh_from_named_addresses,
    least_privilege,
    imds_v2,
    encrypted_disks,
    no_nightly_wheel,
    pinned_image,
    head_trains_no_cohort,
    autoscaler_is_on,
    stopped_instances_are_not_kept,
)


def _is_wide(cidr: str) -> bool:
    """Whether a range of addresses is wider than any one customer of a provider has."""
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return True
    widest = WIDEST_IPV4_PREFIX if network.version == 4 else WIDEST_IPV6_PREFIX
    return network.prefixlen < widest
