"""Runs Ray's cluster launcher on a checked cluster file, with the token in its environment."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import yaml

from frontier_search.cluster import account, token
from frontier_search.cluster.file import ClusterFile
from frontier_search.errors import SearchError, SpecError
from frontier_search.files import write_whole
from frontier_search.spec import name_problem
from frontier_search.storage.locations import Locations

RAY = (sys.executable, "-m", "ray.scripts.scripts")

log = logging.getLogger(__name__)


def environment(cluster: ClusterFile) -> dict[str, str]:
    """Returns the environment of a process that talks to the cluster.

    Raises:
        SpecError: there is no token, or others may read it.
    """
    token.read(cluster.token)
    settings = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(cluster.token),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_UP_enable_autoscaler_v2": "1",
    }
    return dict(os.environ) | settings


def ray(cluster: ClusterFile, *command: str) -> None:
    """Runs ``ray COMMAND`` and shows what it prints.

    Raises:
        SpecError: there is no token.
        SearchError: the command ended with an exit code other than 0.
    """
    code = subprocess.run([*RAY, *command], env=environment(cluster), check=False).returncode
    if code:
        raise SearchError(f"`ray {' '.join(command)}` ended with exit code {code}.")


def up(cluster: ClusterFile) -> None:
    """Starts the head node, or updates it. Workers start when cohorts wait for them.

    Ray's cached configuration is not used, because it may be out of date.

    Raises:
        SpecError: there is no token, or something that the file names is not in the AWS account.
        SearchError: Ray's launcher failed.
    """
    token.read(cluster.token)
    if cluster.on_aws:
        account.require(cluster)
    ray(cluster, "up", "--yes", "--no-config-cache", str(cluster.path))


def down(cluster: ClusterFile) -> None:
    """Ends every node.

    SSH hosts keep running, without Ray. It ends on the head node at once, and on workers when
    they have missed the head node for a minute.
    """
    # Ray's own `down` runs plain `ray stop`, which fails where Ray is in a virtual environment.
    # The file's start commands hold a command that works.
    commands = map(str, cluster.full["head_start_ray_commands"])
    stop = next((command for command in commands if "ray stop" in command), "ray stop")
    if stop != "ray stop":
        try:
            ray(cluster, "exec", str(cluster.path), stop)
        except SearchError as error:  # a lost head node must not keep the workers from ending
            log.warning("Ray was not stopped on the head node: %s", error)
    ray(cluster, "down", "--yes", str(cluster.path))


def status(cluster: ClusterFile) -> None:
    """Prints the nodes and what waits for them, as the head node sees it."""
    # the same environment and token as in the command that started Ray on the head node
    settings, _, _ = _head_start_command(cluster).partition("ray start")
    ray(cluster, "exec", str(cluster.path), f"{settings}ray status")


def fetch(cluster: ClusterFile, name: str, home: Path) -> None:
    """Copies a search's folder from the home on the head node to ``home`` on this machine.

    The mirror is not copied, because it can be made again from the storage.

    Raises:
        SpecError: no search can have this name, or the file does not say where searches are kept
            on the head node.
        SearchError: the folder could not be copied.
    """
    problem = name_problem(name)
    remote_home = re.search(r"FRONTIER_SEARCH_HOME=([^\s;]+)", _head_start_command(cluster))
    if problem or not remote_home:
        raise SpecError(
            problem
            or f"{cluster.path}: the head node's start command sets no FRONTIER_SEARCH_HOME, "
            f"so {name!r} cannot be found; add it to the `export` of head_start_ray_commands."
        )
    local = home / name
    local.mkdir(parents=True, exist_ok=True)
    try:
        ray(cluster, "rsync-down", str(cluster.path), f"{remote_home[1]}/{name}/", f"{local}/")
    except SearchError as error:
        with suppress(OSError):
            local.rmdir()  # fails, and changes nothing, if an earlier fetch has filled it
        raise SearchError(
            f"{name!r} was not fetched: {error} Does it exist? "
            f"`frontier-search list --cluster {cluster.path}`"
        ) from error
    if (local / "journal.log").exists():
        locations = Locations.of(home)
        write_whole(local / "place.yaml", yaml.safe_dump(locations.to_spec(home)).encode())


def _head_start_command(cluster: ClusterFile) -> str:
    """Returns the command that starts Ray on the head node. A checked file has exactly one."""
    commands = map(str, cluster.full["head_start_ray_commands"])
    return next(command for command in commands if "ray start" in command)
