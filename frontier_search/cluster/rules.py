"""What a cluster file must keep so that nothing of it is open to strangers, nothing runs on after it is needed, and versions are pinned.

Every rule is a function of what the user wrote and of what ``ray up`` makes of it, Ray's defaults included, and yields sentences. Many of
the defaults for AWS break one (ray/autoscaler/aws/defaults.yaml and _private/aws/config.py of Ray 2.60).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

NOTICE_MINUTES = 5  # a host that vanished without a word is noticed after 65 s; idle ones must not be given up before
START = re.compile(r"\bray\s+start\b")
SECRET = re.compile(
    r"RAY_AUTH_TOKEN=|\bAKIA[0-9A-Z]{16}\b|aws_secret_access_key|AWS_SECRET_ACCESS_KEY=",
    re.IGNORECASE,
)
COMMANDS = ("initialization_commands", "setup_commands", "head_setup_commands", "worker_setup_commands",
            "head_start_ray_commands", "worker_start_ray_commands")  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """A cluster file as written, and in full."""

    written: Mapping[str, Any]
    full: Mapping[str, Any]

    @property
    def provider(self) -> Mapping[str, Any]:
        return _mapping(self.full.get("provider"))

    @property
    def on_aws(self) -> bool:
        return self.provider.get("type") == "aws" or "frontier_search.cluster.aws" in str(
            self.provider.get("module")
        )

    @property
    def head(self) -> str:
        return str(self.full.get("head_node_type"))

    @property
    def node_types(self) -> dict[str, Mapping[str, Any]]:
        return {
            str(name): _mapping(node)
            for name, node in _mapping(self.full.get("available_node_types")).items()
        }

    @property
    def node_configs(self) -> dict[str, Mapping[str, Any]]:
        """Node type -> what is asked of the cloud for it."""
        return {name: _mapping(node.get("node_config")) for name, node in self.node_types.items()}

    @property
    def instances(self) -> dict[str, Mapping[str, Any]]:
        """The same where the cloud is AWS, and nothing elsewhere."""
        return self.node_configs if self.on_aws else {}

    def commands(self, key: str) -> list[str]:
        listed = self.full.get(key)
        return [str(command) for command in listed] if isinstance(listed, list) else []

    def starts(self, who: str) -> list[str]:
        """The commands that start Ray on the head or on a worker."""
        return [
            command
            for command in self.commands(f"{who}_start_ray_commands")
            if START.search(command)
        ]

    def all_commands(self) -> Iterator[tuple[str, str]]:
        """(key, command), each node type's own included."""
        for key in COMMANDS:
            yield from ((key, command) for command in self.commands(key))
        for name, node in self.node_types.items():
            for key in ("initialization_commands", "worker_setup_commands"):
                yield from ((f"{name}.{key}", str(command)) for command in node.get(key) or ())

    def images(self) -> Iterator[str]:
        for docker in (
            self.full.get("docker"),
            *(node.get("docker") for node in self.node_types.values()),
        ):
            yield from (
                str(image)
                for key, image in _mapping(docker).items()
                if key in ("image", "head_image", "worker_image") and image
            )


Rule = Callable[[Plan], Iterator[str]]


def problems(written: Mapping[str, Any], full: Mapping[str, Any]) -> list[str]:
    """Every rule that a file breaks."""
    plan = Plan(written, full)
    return [sentence for rule in RULES for sentence in rule(plan)]


# ---- open to whom ------------------------------------------------------------------------------------------------------------------------


def token_at_every_start(plan: Plan) -> Iterator[str]:
    for who in ("head", "worker"):
        starts = plan.starts(who)
        if len(starts) != 1:
            yield f"{who}_start_ray_commands: one `ray start` is needed, {len(starts)} are there."
        for command in starts:
            if "RAY_AUTH_MODE=token" not in command.partition("ray start")[0]:
                yield f"{who}_start_ray_commands: `ray start` without RAY_AUTH_MODE=token obeys whoever reaches its ports."
            if "RAY_AUTH_TOKEN_PATH=" not in command:
                yield f"{who}_start_ray_commands: name the token's file with RAY_AUTH_TOKEN_PATH=; without, Ray makes one that others may read."


def loopback_only(plan: Plan) -> Iterator[str]:
    for command in plan.starts("head"):
        if "--dashboard-host=127.0.0.1" not in command:
            yield (
                "head_start_ray_commands: `ray start` needs --dashboard-host=127.0.0.1; who reaches the dashboard runs code. "
                "Tunnels reach it on loopback."
            )
    for key, command in plan.all_commands():
        if re.search(r"0\.0\.0\.0|\[::\]", command):
            yield f"{key}: something listens on all addresses ({command.strip()[:60]!r}); let it listen on 127.0.0.1."
    for options in ("run_options", "head_run_options", "worker_run_options"):
        for option in _mapping(plan.full.get("docker")).get(options) or ():
            if re.match(r"(-p|--publish|--privileged)\b", str(option)):
                yield f"docker.{options}: {option!r} opens the container; leave it out."


def no_secrets_inside(plan: Plan) -> Iterator[str]:
    if SECRET.search(str(plan.written)):
        yield "a secret stands in the file, and `ray up` copies the file to the head; mount a file instead (`frontier-search cluster init`)."


def ssh_from_named_addresses(plan: Plan) -> Iterator[str]:
    if not plan.on_aws:
        return
    group = _mapping(plan.provider.get("security_group"))
    own = [name for name, config in plan.node_configs.items() if not config.get("SecurityGroupIds")]
    if own and not group.get("GroupName"):
        yield (
            "provider.security_group.GroupName is missing: the group that Ray makes opens SSH to 0.0.0.0/0. "
            "Name the one that cluster/aws/bootstrap makes."
        )
    for permission in group.get("IpPermissions") or ():
        for key, address in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
            for entry in _mapping(permission).get(key) or ():
                if _is_wide(str(_mapping(entry).get(address))):
                    yield f"provider.security_group opens a port to {_mapping(entry).get(address)}; name the addresses that may come in."


def least_privilege(plan: Plan) -> Iterator[str]:
    for name, config in plan.instances.items():
        if "IamInstanceProfile" not in config:
            yield (
                f"{name}.node_config.IamInstanceProfile is missing: Ray would give the head full access to EC2 and S3, "
                "and workers none. Name those of cluster/aws/bootstrap."
            )


def imds_v2(plan: Plan) -> Iterator[str]:
    for name, config in plan.instances.items():
        if _mapping(config.get("MetadataOptions")).get("HttpTokens") != "required":
            yield (
                f"{name}.node_config.MetadataOptions.HttpTokens must be `required`: "
                "with version 1 any request made from the instance gets at its role's keys."
            )


def encrypted_disks(plan: Plan) -> Iterator[str]:
    for name, config in plan.instances.items():
        disks = [
            _mapping(_mapping(disk).get("Ebs")) for disk in config.get("BlockDeviceMappings") or ()
        ]
        if not disks or not all(disk.get("Encrypted") is True for disk in disks):
            yield f"{name}.node_config.BlockDeviceMappings: every disk needs `Encrypted: true`."
        if not all(disk.get("DeleteOnTermination", True) is True for disk in disks):
            yield f"{name}.node_config.BlockDeviceMappings: `DeleteOnTermination: true`, or the disks outlive the cluster and are paid for."


# ---- pinned ------------------------------------------------------------------------------------------------------------------------------


def no_nightly_wheel(plan: Plan) -> Iterator[str]:
    for key, command in plan.all_commands():
        if "ray-wheels" in command or re.search(r"\bray\S*\.dev\d", command):
            default = (
                ""
                if key in plan.written
                else " It is Ray's default: write setup_commands of your own."
            )
            yield f"{key} installs a nightly wheel of Ray; pin a release.{default}"
            return  # Ray copies the same command to the head and the workers


def pinned_image(plan: Plan) -> Iterator[str]:
    version = metadata.version("ray")
    for image in plan.images():
        if version not in image and "@sha256:" not in image:
            yield f"docker image {image!r} is not pinned to Ray {version}, which is installed here; both must be the same."
    for name, config in plan.instances.items():
        if "ImageId" not in config:
            yield f"{name}.node_config.ImageId is missing: Ray's default is a machine image of Ubuntu 18.04, out of support since 2023."


# ---- what is paid for --------------------------------------------------------------------------------------------------------------------


def head_carries_no_cohort(plan: Plan) -> Iterator[str]:
    head = plan.node_types.get(plan.head, {})
    if head.get("max_workers") != 0:
        yield f"{plan.head}.max_workers must be 0, or the autoscaler starts heads as workers."
    if _mapping(head.get("resources")).get("CPU") != 0:
        yield f"{plan.head}.resources must say `CPU: 0`, or cohorts land on the head, beside the driver."
    if (
        _mapping(_mapping(plan.node_configs.get(plan.head)).get("InstanceMarketOptions")).get(
            "MarketType"
        )
        == "spot"
    ):
        yield f"{plan.head} is a spot instance: the search would stop when it is reclaimed."


def autoscaler(plan: Plan) -> Iterator[str]:
    for command in plan.starts("head"):
        if "--autoscaling-config=~/ray_bootstrap_config.yaml" not in command:
            yield "head_start_ray_commands: without --autoscaling-config=~/ray_bootstrap_config.yaml no worker is ever started, or stopped."
    minutes = plan.full.get("idle_timeout_minutes", NOTICE_MINUTES)
    if not isinstance(minutes, int | float) or minutes < NOTICE_MINUTES:
        yield f"idle_timeout_minutes = {minutes}; at least {NOTICE_MINUTES}, or workers are given up while others are still counted as alive."


def nothing_outlives_it(plan: Plan) -> Iterator[str]:
    if plan.on_aws and plan.provider.get("cache_stopped_nodes") is not False:
        yield "provider.cache_stopped_nodes must be false: Ray stops instances instead of ending them, and their disks are paid for."


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
    head_carries_no_cohort,
    autoscaler,
    nothing_outlives_it,
)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _is_wide(cidr: str) -> bool:
    """Whether a range holds more than a provider's customer has: /16 of IPv4, /48 of IPv6."""
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return True
    return network.prefixlen < (16 if network.version == 4 else 48)
