"""Cluster files: ours are safe, and every unsafe default or edit is refused with the reason."""

from __future__ import annotations

import copy
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import ray.autoscaler
import yaml

from frontier_search.cluster import rules
from frontier_search.cluster.file import ClusterFile
from frontier_search.cluster.plan import Plan
from frontier_search.errors import SpecError

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "cluster").glob("*.yaml"))
GPU = yaml.safe_load((ROOT / "cluster" / "gpu.yaml").read_text())
CHECK_S = 2.0

Edit = Callable[[dict[str, Any]], object]


def test_the_code_reads_every_variable_that_a_file_sets() -> None:
    named = {
        name
        for path in (ROOT / "cluster").rglob("*")
        if path.is_file()
        for name in re.findall(r"FRONTIER_SEARCH_\w+", path.read_text())
    }
    code = "".join(path.read_text() for path in (ROOT / "frontier_search").rglob("*.py"))
    assert named == {"FRONTIER_SEARCH_HOME", "FRONTIER_SEARCH_OUTCOMES"}
    assert [name for name in sorted(named) if f'"{name}"' not in code] == []


def problems(tmp_path: Path, edit: Edit, shipped: dict[str, Any] = GPU) -> list[str]:
    """Returns what is reported about one of our files after an edit."""
    edited = copy.deepcopy(shipped)
    edit(edited)
    path = tmp_path / "edited.yaml"
    path.write_text(yaml.safe_dump(edited))
    try:
        ClusterFile.read(path)
    except SpecError as error:
        return [problem.removeprefix(f"{path}: ") for problem in error.problems]
    return []


def edit_node(name: str, change: Callable[[dict[str, Any]], object]) -> Edit:
    """Returns an edit of the node_config of a node type."""
    return lambda file: change(file["available_node_types"][name]["node_config"])


def edit_command(key: str, old: str, new: str) -> Edit:
    """Returns an edit that replaces text in the commands under a key."""

    def edit(file: dict[str, Any]) -> None:
        file[key] = [line.replace(old, new) for line in file[key]]

    return edit


def as_aws(*left_out: str) -> Edit:
    """Returns an edit to Ray's own AWS provider, whose defaults replace the keys left out."""

    def edit(file: dict[str, Any]) -> None:
        del file["provider"]["module"]
        file["provider"]["type"] = "aws"
        for key in left_out:
            del file[key]

    return edit


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_our_file_is_safe(path: Path) -> None:
    assert ClusterFile.read(path).name


def test_the_file_without_inbound_ports_differs_in_nothing_else() -> None:
    variant = yaml.safe_load((ROOT / "cluster" / "gpu-ssm.yaml").read_text())
    assert variant["provider"].pop("use_internal_ips") is True
    assert {
        variant["auth"].pop(key) is not None
        for key in ("ssh_proxy_use_node_id", "ssh_proxy_command")
    } == {True}
    assert variant == GPU


UNSAFE: dict[str, tuple[Edit, str]] = {
    "no token on the head": (
        edit_command("head_start_ray_commands", "RAY_AUTH_MODE=token", ""),
        "without RAY_AUTH_MODE=token",
    ),
    "no token on a worker": (
        edit_command("worker_start_ray_commands", "RAY_AUTH_MODE=token", ""),
        "without RAY_AUTH_MODE=token",
    ),
    "a token that others may read": (
        edit_command("head_start_ray_commands", "RAY_AUTH_TOKEN_PATH=", "X="),
        "name the token's file",
    ),
    "dashboard on all addresses": (
        edit_command("head_start_ray_commands", "host=127.0.0.1", "host=0.0.0.0"),
        "listens on all addresses",
    ),
    "Ray's address of the dashboard": (
        edit_command("head_start_ray_commands", "--dashboard-host=127.0.0.1", ""),
        "needs --dashboard-host",
    ),
    "no autoscaler": (
        edit_command("head_start_ray_commands", "--autoscaling-config", "--x"),
        "no worker is ever started or stopped",
    ),
    "Ray's start commands": (
        as_aws("head_start_ray_commands", "worker_start_ray_commands"),
        "without RAY_AUTH_MODE=token",
    ),
    "Ray's nightly wheel": (as_aws("setup_commands"), "nightly wheel"),
    "Ray's machine image": (
        edit_node("gpu_spot", lambda config: config.pop("ImageId")),
        "Ubuntu 18.04",
    ),
    "Ray's profile": (
        edit_node("head", lambda config: config.pop("IamInstanceProfile")),
        "full access to EC2 and S3",
    ),
    "Ray's group": (lambda file: file["provider"].pop("security_group"), "opens SSH to 0.0.0.0/0"),
    "SSH from everywhere": (
        lambda file: file["provider"]["security_group"].update(
            IpPermissions=[{"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        ),
        "opens a port to 0.0.0.0/0",
    ),
    "SSH from half of all addresses": (
        lambda file: file["provider"]["security_group"].update(
            IpPermissions=[{"Ipv6Ranges": [{"CidrIpv6": "8000::/1"}]}]
        ),
        "opens a port to 8000::/1",
    ),
    "stopped instances are kept": (
        lambda file: file["provider"].pop("cache_stopped_nodes"),
        "cache_stopped_nodes",
    ),
    "the first version of IMDS": (
        edit_node("head", lambda config: config.pop("MetadataOptions")),
        "HttpTokens",
    ),
    "a disk that is not encrypted": (
        edit_node(
            "head", lambda config: config["BlockDeviceMappings"][0]["Ebs"].update(Encrypted=False)
        ),
        "Encrypted",
    ),
    "a disk that outlives its instance": (
        edit_node(
            "head",
            lambda config: config["BlockDeviceMappings"][0]["Ebs"].update(
                DeleteOnTermination=False
            ),
        ),
        "DeleteOnTermination",
    ),
    "a head node on a spot instance": (
        edit_node(
            "head", lambda config: config.update(InstanceMarketOptions={"MarketType": "spot"})
        ),
        "spot instance",
    ),
    "cohorts on the head node": (
        lambda file: file["available_node_types"]["head"].update(resources={}),
        "CPU: 0",
    ),
    "head nodes as workers": (
        lambda file: file["available_node_types"]["head"].update(max_workers=2),
        "max_workers must be 0",
    ),
    "another version of Ray": (
        lambda file: file["docker"].update(image="rayproject/ray:latest-gpu"),
        "not pinned to Ray",
    ),
    "an open container": (
        lambda file: file["docker"]["run_options"].append("-p 8265:8265"),
        "opens the container",
    ),
    "idle workers ended too soon": (lambda file: file.update(idle_timeout_minutes=1), "at least 5"),
    "a secret inside": (
        edit_command("setup_commands", "chmod 700", "export RAY_AUTH_TOKEN=abc; chmod 700"),
        "the file contains a secret",
    ),
}


@pytest.mark.parametrize("mistake", list(UNSAFE))
def test_an_unsafe_file_is_refused_with_the_reason(mistake: str, tmp_path: Path) -> None:
    edit, reason = UNSAFE[mistake]
    found = problems(tmp_path, edit)
    assert any(reason in problem for problem in found), found


def test_every_rule_has_a_case() -> None:
    """With Ray's own defaults and the cases above, each rule finds at least one mistake."""
    broken = set()
    for edit, _ in UNSAFE.values():
        edited = copy.deepcopy(GPU)
        edit(edited)
        defaults = yaml.safe_load(
            (Path(ray.autoscaler.__file__).parent / "aws" / "defaults.yaml").read_text()
        )
        full = (defaults if edited["provider"]["type"] == "aws" else {}) | edited
        broken |= {rule for rule in rules.RULES if list(rule(Plan(edited, full)))}
    assert [rule.__name__ for rule in rules.RULES if rule not in broken] == []


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    def edit(file: dict[str, Any]) -> None:
        file["idle_timeout_minutes"] = 1
        file["provider"].pop("security_group")
        file["docker"]["image"] = "rayproject/ray:nightly"

    assert len(problems(tmp_path, edit)) == 3


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda file: file.update(min_workers=1), "Ray no longer has `min_workers`"),
        (
            lambda file: file["available_node_types"]["gpu_spot"].pop("resources"),
            "'resources' is a required property",
        ),
        (
            lambda file: file["available_node_types"]["gpu_spot"]["resources"].update(CPU=0.5),
            "0.5 is not of type 'integer'",
        ),
        (lambda file: file.update(head_node_type="haed"), "head_node_type"),
    ],
)
def test_what_ray_would_refuse_is_reported_too(edit: Edit, reason: str, tmp_path: Path) -> None:
    assert any(reason in problem for problem in problems(tmp_path, edit))


def test_a_check_takes_less_than_two_seconds() -> None:
    """Measures processor time, so that other processes of this machine do not count."""
    before = os.times()
    subprocess.run(
        [
            sys.executable,
            "-m",
            "frontier_search",
            "cluster",
            "check",
            ROOT / "cluster" / "gpu.yaml",
        ],
        check=True,
        cwd=ROOT,
    )
    after = os.times()
    assert (
        after.children_user + after.children_system - before.children_user - before.children_system
        < CHECK_S
    )
